package mailer

import (
	"bufio"
	"errors"
	"net"
)

var errTooLong = errors.New("the relay sends more than one answer can hold")

// maxAnswer is how many bytes the relay may send between two writes of ours. Without it the library reads any number of
// lines of any length into memory. A TLS handshake with a long chain of certificates fits.
const maxAnswer = 64 << 10

// cappedConn is the socket with that limit.
type cappedConn struct {
	net.Conn
	left int
}

func (w *cappedConn) Write(p []byte) (int, error) {
	w.left = maxAnswer
	return w.Conn.Write(p)
}

func (w *cappedConn) Read(p []byte) (int, error) {
	if w.left <= 0 {
		return 0, errTooLong
	}
	n, err := w.Conn.Read(p[:min(len(p), w.left)])
	w.left -= n
	return n, err
}

// wholeLines passes on an answer line by line, and never a line without its end. The library would take the beginning
// of a line, read before the connection broke, for the whole line: half a "250" for a delivery.
type wholeLines struct {
	inner *bufio.Reader
	line  []byte // what is left of the present line
}

func (w *wholeLines) Read(p []byte) (int, error) {
	if len(w.line) == 0 {
		line, err := w.inner.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return 0, errTooLong
		}
		if err != nil {
			return 0, err
		}
		w.line = line
	}
	n := copy(p, w.line)
	w.line = w.line[n:]
	return n, nil
}
