package mailer

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"vireilla/internal/crash"
)

var (
	errNoSTARTTLS  = errors.New("the relay offers no STARTTLS")
	errNoLogin     = errors.New("the relay offers neither PLAIN nor LOGIN")
	errNotLoopback = errors.New("the relay is not on loopback")
	errInjected    = errors.New("the relay sent more before TLS than it was asked for")
)

// block is how many bytes of a message are written within one Limits.Block.
const block = 64 << 10

// dot ends a message.
const dot = ".\r\n"

// connection is one connection to the relay. One goroutine uses it at a time; only abort may be called from another.
type connection struct {
	limits     Limits
	raw        net.Conn
	smtp       *smtp.Client
	answers    *wholeLines
	pipelining bool // the relay offers PIPELINING (RFC 2920)
	phase      string
	phaseTimer *time.Timer // aborts the connection when a phase takes too long
	aborted    atomic.Pointer[string]
	idleTimer  *time.Timer // closes the connection after Config.Idle without a letter
	text       []byte      // the last message; its memory is used for the next one
}

func newConnection(raw net.Conn, limits Limits) *connection {
	conn := &connection{limits: limits, raw: &cappedConn{Conn: raw, left: maxAnswer}}
	conn.phaseTimer = time.AfterFunc(limits.Greeting, func() { conn.abort(ReasonTimeout) })
	return conn
}

// enter begins a phase. A timer limits it, not a deadline on the socket: the library and TLS renew deadlines with every
// read, so that a relay that sends one byte a second would never time out.
func (conn *connection) enter(phase string, limit time.Duration) {
	conn.phase = phase
	conn.phaseTimer.Reset(limit)
}

// abort closes the connection while another goroutine may wait on it. The first reason is kept.
func (conn *connection) abort(reason string) {
	conn.aborted.CompareAndSwap(nil, &reason)
	_ = conn.raw.Close()
}

// close closes the connection without QUIT. In the middle of a message the library would end the message with its final
// dot before any command, even QUIT, and the relay would accept half a letter.
func (conn *connection) close() {
	conn.phaseTimer.Stop()
	_ = conn.raw.Close()
}

// quit sends QUIT and does not wait for the answer, which would change nothing.
func (conn *connection) quit() {
	conn.phaseTimer.Reset(time.Second)
	_, _ = conn.smtp.Text.Cmd("QUIT")
	conn.close()
}

// outcome returns the outcome of a letter whose conversation ended with err in the present phase.
func (conn *connection) outcome(err error) Outcome {
	aborted := ""
	if reason := conn.aborted.Load(); reason != nil {
		aborted = *reason
	}
	return outcomeOf(conn.phase, err, aborted)
}

// open brings a fresh connection to the point where MAIL may come.
func (conn *connection) open(c Config, config *tls.Config) error {
	socket := conn.raw
	if c.Security == ImplicitTLS {
		conn.enter(PhaseTLS, conn.limits.Greeting)
		secure := tls.Client(socket, config)
		if err := secure.Handshake(); err != nil {
			return err
		}
		socket = secure
	}
	conn.enter(PhaseGreeting, conn.limits.Greeting)
	var err error
	if conn.smtp, err = smtp.NewClient(socket, c.Host); err != nil {
		return err
	}
	if conn.aborted.Load() != nil {
		return io.ErrUnexpectedEOF // the library accepts half a greeting
	}
	conn.readWholeLines()
	conn.smtp.SkipSMTPUTF8(true)
	conn.enter(PhaseHello, conn.limits.Command)
	if err := conn.smtp.Hello(c.Hello); err != nil {
		return err
	}
	if c.Security == STARTTLS {
		conn.enter(PhaseSTARTTLS, conn.limits.Command)
		if offered, _ := conn.smtp.Extension("STARTTLS"); !offered {
			return errNoSTARTTLS
		}
		if err := conn.smtp.StartTLS(conn.strictTLS(config)); err != nil {
			return err
		}
		conn.readWholeLines()
	}
	conn.pipelining, _ = conn.smtp.Extension("PIPELINING")
	if c.User == "" {
		return nil
	}
	conn.enter(PhaseAuth, conn.limits.Command)
	return conn.login(c)
}

// strictTLS returns config with a handshake that fails when unread plain text is left. Somebody on the way could have
// inserted it, so that it is taken for an answer under TLS (CVE-2011-0411).
func (conn *connection) strictTLS(config *tls.Config) *tls.Config {
	config = config.Clone()
	before, answers := conn.smtp.Text.R, conn.answers.inner
	config.VerifyConnection = func(tls.ConnectionState) error {
		if before.Buffered()+answers.Buffered() > 0 {
			return errInjected
		}
		return nil
	}
	return config
}

// readWholeLines makes the library's reader strict. After STARTTLS the library has a new reader, which needs it again.
func (conn *connection) readWholeLines() {
	conn.answers = &wholeLines{inner: conn.smtp.Text.R}
	conn.smtp.Text.R = bufio.NewReader(conn.answers)
}

// login sends no password without TLS, except to loopback: the library's mechanisms refuse to.
func (conn *connection) login(c Config) error {
	_, offered := conn.smtp.Extension("AUTH")
	for mechanism := range strings.FieldsSeq(offered) {
		switch strings.ToUpper(mechanism) {
		case "PLAIN":
			return conn.smtp.Auth(smtp.PlainAuth("", c.User, c.Password, c.Host, false))
		case "LOGIN":
			return conn.smtp.Auth(smtp.LoginAuth(c.User, c.Password, c.Host, false))
		}
	}
	return errNoLogin
}

// send hands one message to the relay. When ctx ends before the final dot, it aborts the connection at once. After the
// dot only the answer shows what happened, so send waits for it.
func (conn *connection) send(ctx context.Context, m message) Outcome {
	release := context.AfterFunc(ctx, func() { conn.abort(ReasonCancelled) })
	defer release()

	if err := conn.sendEnvelope(m); err != nil {
		return conn.outcome(err)
	}
	conn.text = dotStuffed(conn.text[:0], m.raw)
	rest := conn.text
	for ; len(rest) > block; rest = rest[block:] {
		conn.enter(PhaseBody, conn.limits.Block)
		if err := conn.write(rest[:block]); err != nil {
			return conn.outcome(err)
		}
	}
	if !release() {
		conn.abort(ReasonCancelled)
		return conn.outcome(ctx.Err())
	}
	crash.Here("half", func() { _ = conn.write(rest[:len(rest)/2]) })
	crash.Here("before-dot", func() { _ = conn.write(rest[:len(rest)-len(dot)]) })
	// If this fails, the last bytes never left, and the relay cannot have seen the end of the message.
	conn.enter(PhaseBody, conn.limits.Block)
	if err := conn.write(rest); err != nil {
		return conn.outcome(err)
	}
	crash.Here("after-dot")
	conn.enter(PhaseDot, conn.limits.Dot)
	code, text, err := conn.smtp.Text.ReadResponse(250)
	if err != nil {
		return conn.outcome(err)
	}
	crash.Here("after-250")
	return Outcome{Result: Sent, Code: code, Enhanced: enhanced(code, text), Phase: PhaseDot}
}

// sendEnvelope sends MAIL, RCPT and DATA, in one write when the relay offers PIPELINING (RFC 2920), and reads an answer
// to each. It stops at the first refusal, and the connection is not used again. Without the final dot the relay
// delivers nothing, whatever it answers to the rest.
//
// It and send do without the library's methods, which wait for every answer, copy the message byte by byte, and ignore
// an error when they write the dot.
func (conn *connection) sendEnvelope(m message) error {
	steps := []struct {
		phase string
		limit time.Duration
		text  string
		code  int
	}{
		{PhaseMail, conn.limits.Command, "MAIL FROM:" + m.from + "\r\n", 250},
		{PhaseRcpt, conn.limits.Command, "RCPT TO:" + m.to + "\r\n", 25},
		{PhaseData, conn.limits.Data, "DATA\r\n", 354},
	}
	if conn.pipelining {
		steps[0].text += steps[1].text + steps[2].text
		steps[1].text, steps[2].text = "", ""
	}
	for _, step := range steps {
		conn.enter(step.phase, step.limit)
		if err := conn.write([]byte(step.text)); err != nil {
			return err
		}
		if _, _, err := conn.smtp.Text.ReadResponse(step.code); err != nil {
			return err
		}
		crash.Here(step.phase)
	}
	if conn.answers.inner.Buffered() > 0 {
		return errTooLong // it would be taken for the answer to the final dot
	}
	return nil
}

// dotStuffed appends a message in the form of RFC 5321 section 4.5.2: each dot at the beginning of a line is doubled,
// and a line with a single dot ends the message. Lines end in CRLF already.
func dotStuffed(wire, raw []byte) []byte {
	lineDot := []byte("\n.")
	for at := bytes.Index(raw, lineDot); at >= 0; at = bytes.Index(raw, lineDot) {
		wire = append(append(wire, raw[:at]...), "\n.."...)
		raw = raw[at+len(lineDot):]
	}
	wire = append(wire, raw...)
	if !bytes.HasSuffix(wire, []byte("\r\n")) {
		wire = append(wire, "\r\n"...)
	}
	return append(wire, dot...)
}

func (conn *connection) write(b []byte) error {
	if _, err := conn.smtp.Text.W.Write(b); err != nil {
		return err
	}
	return conn.smtp.Text.W.Flush()
}

// reusable reports, after a letter was sent, whether the connection can take another. A relay that has sent more than
// one answer, such as 421 after the 250, is about to close it.
func (conn *connection) reusable() bool {
	return conn.phaseTimer.Stop() && conn.aborted.Load() == nil && conn.answers.inner.Buffered() == 0
}
