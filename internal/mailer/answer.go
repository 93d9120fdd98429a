package mailer

import (
	"bufio"
	"errors"
	"net"
)

var errEndless = errors.New("the relay says more than an answer holds")

// maxAnswer bounds what the relay may say, in bytes on the wire, before it is spoken to again: the library
// reads any number of lines of any length into memory. A TLS handshake with a long chain of certificates fits.
const maxAnswer = 64 << 10

// wire is the socket with that bound.
type wire struct {
	net.Conn
	left int
}

func (w *wire) Write(p []byte) (int, error) {
	w.left = maxAnswer
	return w.Conn.Write(p)
}

func (w *wire) Read(p []byte) (int, error) {
	if w.left <= 0 {
		return 0, errEndless
	}
	n, err := w.Conn.Read(p[:min(len(p), w.left)])
	w.left -= n
	return n, err
}

// wholeLines passes on an answer line by line, and nothing of a line without its end. The library would
// take what was heard before the connection broke for the whole line: half a "250" for a delivery.
type wholeLines struct {
	inner *bufio.Reader
	line  []byte // what is left of the present line
}

func (w *wholeLines) Read(p []byte) (int, error) {
	if len(w.line) == 0 {
		line, err := w.inner.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return 0, errEndless
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
