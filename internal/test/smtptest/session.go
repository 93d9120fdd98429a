package smtptest

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"strings"
	"time"
)

// session is one connection. Its methods return false when the conversation is over.
type session struct {
	server *Server
	raw    net.Conn
	conn   net.Conn
	r      *bufio.Reader
	secure bool
	known  bool

	from    string
	to      []string
	started bool
	data    []byte
}

func newSession(s *Server, conn net.Conn) *session {
	return &session{server: s, raw: conn, conn: conn, r: bufio.NewReaderSize(conn, 64<<10)}
}

func (c *session) run() {
	if c.server.security == implicitTLS && !c.handshake() {
		return
	}
	if _, on := c.answer(Greeting, "220 smtptest"); !on {
		return
	}
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		c.server.note(verb, c.secure)
		if !c.command(strings.ToUpper(verb), rest) {
			return
		}
	}
}

func (c *session) command(verb, rest string) (on bool) {
	switch verb {
	case "EHLO", "HELO":
		_, on = c.answer(Hello, c.greeting(verb))
	case "STARTTLS":
		return c.startTLS()
	case "AUTH":
		return c.login(rest)
	case "MAIL":
		return c.mail(rest)
	case "RCPT":
		return c.rcpt(rest)
	case "DATA":
		return c.message()
	case "RSET":
		c.forget()
		_, on = c.answer(Rset, "250 forgotten")
	case "NOOP":
		on = c.say("250 well")
	case "QUIT":
		c.answer(Quit, "221 bye")
	default:
		on = c.say("502 unknown")
	}
	return on
}

func (c *session) greeting(verb string) string {
	if verb == "HELO" {
		return "250 smtptest"
	}
	lines := []string{"smtptest", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8"}
	if c.server.pipelining {
		lines = append(lines, "PIPELINING")
	}
	if c.server.security == startTLS && !c.secure {
		lines = append(lines, "STARTTLS")
	}
	if c.server.user != "" && (c.secure || c.server.security == plain) {
		lines = append(lines, "AUTH PLAIN")
	}
	last := len(lines) - 1
	return "250-" + strings.Join(lines[:last], "\r\n250-") + "\r\n250 " + lines[last]
}

func (c *session) startTLS() bool {
	if c.server.security != startTLS || c.secure {
		return c.say("502 5.5.1 not here")
	}
	code, on := c.answer(STARTTLS, "220 go on")
	if !on || code != '2' {
		return on
	}
	return c.handshake()
}

func (c *session) handshake() bool {
	conn := tls.Server(c.raw, c.server.config)
	if conn.Handshake() != nil {
		return false
	}
	c.conn, c.secure = conn, true
	c.r.Reset(conn)
	return true
}

func (c *session) login(rest string) bool {
	mechanism, initial, found := strings.Cut(rest, " ")
	if !strings.EqualFold(mechanism, "PLAIN") {
		return c.say("504 5.5.4 no such mechanism")
	}
	if !found {
		if !c.say("334 ") {
			return false
		}
		line, err := c.r.ReadString('\n')
		if err != nil {
			return false
		}
		initial = strings.TrimRight(line, "\r\n")
	}
	said, err := base64.StdEncoding.DecodeString(initial)
	if err != nil || string(said) != "\x00"+c.server.user+"\x00"+c.server.password {
		_, on := c.answer(Auth, "535 5.7.8 no")
		return on
	}
	code, on := c.answer(Auth, "235 2.7.0 welcome")
	c.known = code == '2'
	return on
}

func (c *session) mail(rest string) bool {
	if c.server.user != "" && !c.known {
		return c.say("530 5.7.0 who are you")
	}
	code, on := c.answer(Mail, "250 2.1.0 well")
	if code == '2' {
		c.forget()
		c.started, c.from = true, bracketed(rest)
	}
	return on
}

func (c *session) rcpt(rest string) bool {
	if !c.started {
		return c.say("503 5.5.1 MAIL first")
	}
	code, on := c.answer(Rcpt, "250 2.1.5 well")
	if code == '2' {
		c.to = append(c.to, bracketed(rest))
	}
	return on
}

func (c *session) message() bool {
	if len(c.to) == 0 {
		return c.say("503 5.5.1 RCPT first")
	}
	if code, on := c.answer(Data, "354 go on"); !on || code != '3' {
		return on
	}
	answered, on := c.body()
	if !on {
		return false
	}
	if answered {
		c.forget()
		return true
	}
	m := c.server.mood(Dot)
	if m.well || m.taking || strings.HasPrefix(m.text, "2") {
		c.server.accept(c.taken())
	}
	c.forget()
	_, on = c.play(m, "250 2.0.0 taken")
	return on
}

// body reads up to the final dot. It reports whether a mood has already answered in the middle of the message.
func (c *session) body() (answered, on bool) {
	c.data = c.data[:0]
	whole, first := true, true // whole: what was read before ended with a line's end
	for {
		piece, err := c.r.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return answered, false
		}
		if whole && len(piece) > 0 && piece[0] == '.' {
			if bytes.Equal(piece, []byte(".\r\n")) {
				return answered, true
			}
			piece = piece[1:]
		}
		whole = err == nil
		c.data = append(c.data, piece...)
		if first {
			first = false
			m := c.server.mood(Body)
			if m.well {
				m = Mood{call: m.call} // no answer is due in the middle
			}
			answered = m.text != ""
			if _, on := c.play(m, ""); !on {
				return answered, false
			}
		}
	}
}

func (c *session) taken() Message {
	m := Message{From: c.from, To: c.to, MessageID: messageID(c.data), Size: len(c.data)}
	if !c.server.dataless {
		m.Data = bytes.Clone(c.data)
	}
	return m
}

func (c *session) forget() { c.started, c.from, c.to = false, "", nil }

// answer does what the mood of the phase says, or sends good. code is the first digit of what it sent, or 0.
func (c *session) answer(phase Phase, good string) (code byte, on bool) {
	return c.play(c.server.mood(phase), good)
}

func (c *session) play(m Mood, good string) (code byte, on bool) {
	if m.call != nil {
		m.call()
	}
	if m.well {
		return good[0], c.say(good)
	}
	if m.text != "" {
		code = m.text[0]
		if !c.write(m.text, m.pause) {
			return code, false
		}
	}
	switch m.then {
	case hangUp:
		return code, false
	case reset:
		if tcp, ok := c.raw.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		return code, false
	case silent:
		<-c.server.stopped
		return code, false
	default:
		return code, true
	}
}

func (c *session) say(text string) bool { return c.write(text+"\r\n", 0) }

func (c *session) write(text string, pause time.Duration) bool {
	if pause == 0 {
		_, err := io.WriteString(c.conn, text)
		return err == nil
	}
	for i := range len(text) {
		if _, err := io.WriteString(c.conn, text[i:i+1]); err != nil {
			return false
		}
		select {
		case <-time.After(pause):
		case <-c.server.stopped:
			return false
		}
	}
	return true
}

// bracketed returns the address in "FROM:<a@example.org> BODY=8BITMIME".
func bracketed(rest string) string {
	_, rest, _ = strings.Cut(rest, "<")
	address, _, _ := strings.Cut(rest, ">")
	return address
}

func messageID(data []byte) string {
	for line := range bytes.Lines(data) {
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		if bytes.EqualFold(name, []byte("Message-ID")) {
			return string(bytes.Trim(value, " <>"))
		}
	}
	return ""
}
