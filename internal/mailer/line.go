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
	errInjected    = errors.New("more was said before TLS than was asked")
)

// block is how much of a message goes out under one Limits.Block.
const block = 64 << 10

// dot ends a message.
const dot = ".\r\n"

// line is one connection to the relay. One goroutine speaks on it at a time; only cut may come from another.
type line struct {
	limits     Limits
	raw        net.Conn
	smtp       *smtp.Client
	answers    *wholeLines
	pipelining bool // the relay takes several commands at once
	phase      string
	watch      *time.Timer // cuts the line when a phase takes too long
	broken     atomic.Pointer[string]
	rest       *time.Timer // ends the line when it was kept too long
	text       []byte      // the last message, whose place the next one takes
}

func newLine(raw net.Conn, limits Limits) *line {
	l := &line{limits: limits, raw: &wire{Conn: raw, left: maxAnswer}}
	l.watch = time.AfterFunc(limits.Greeting, func() { l.cut(ReasonTimeout) })
	return l
}

// enter begins a phase. A timer and not a deadline on the socket bounds it, because the library and TLS
// renew deadlines with every read, and one byte a second would then never end.
func (l *line) enter(phase string, limit time.Duration) {
	l.phase = phase
	l.watch.Reset(limit)
}

// cut closes the connection under whoever waits on it. The first reason stays.
func (l *line) cut(reason string) {
	l.broken.CompareAndSwap(nil, &reason)
	_ = l.raw.Close()
}

// drop closes the connection without a word: in the middle of a message any word, even QUIT, would let the
// library end the message with its final dot, and half a letter would be accepted.
func (l *line) drop() {
	l.watch.Stop()
	_ = l.raw.Close()
}

// leave says QUIT and does not wait for the answer, which could change nothing.
func (l *line) leave() {
	l.watch.Reset(time.Second)
	_, _ = l.smtp.Text.Cmd("QUIT")
	l.drop()
}

// ended is the outcome of a letter whose conversation ended with err in the present phase.
func (l *line) ended(err error) Outcome {
	cut := ""
	if reason := l.broken.Load(); reason != nil {
		cut = *reason
	}
	return verdict(l.phase, err, cut)
}

// open brings a fresh connection to the point where MAIL may come.
func (l *line) open(c Config, config *tls.Config) error {
	conn := l.raw
	if c.Security == ImplicitTLS {
		l.enter(PhaseTLS, l.limits.Greeting)
		secure := tls.Client(conn, config)
		if err := secure.Handshake(); err != nil {
			return err
		}
		conn = secure
	}
	l.enter(PhaseGreeting, l.limits.Greeting)
	var err error
	if l.smtp, err = smtp.NewClient(conn, c.Host); err != nil {
		return err
	}
	if l.broken.Load() != nil {
		return io.ErrUnexpectedEOF // the library takes half a greeting
	}
	l.hearWholeLines()
	l.smtp.SkipSMTPUTF8(true)
	l.enter(PhaseHello, l.limits.Command)
	if err := l.smtp.Hello(c.Hello); err != nil {
		return err
	}
	if c.Security == STARTTLS {
		l.enter(PhaseSTARTTLS, l.limits.Command)
		if offered, _ := l.smtp.Extension("STARTTLS"); !offered {
			return errNoSTARTTLS
		}
		if err := l.smtp.StartTLS(l.sealed(config)); err != nil {
			return err
		}
		l.hearWholeLines()
	}
	l.pipelining, _ = l.smtp.Extension("PIPELINING")
	if c.User == "" {
		return nil
	}
	l.enter(PhaseAuth, l.limits.Command)
	return l.login(c)
}

// sealed is config with a handshake that fails when there is anything left of what was said before it: somebody on the way could have written it, for it to be
// taken for what the relay says under TLS (CVE-2011-0411).
func (l *line) sealed(config *tls.Config) *tls.Config {
	config = config.Clone()
	before, answers := l.smtp.Text.R, l.answers.inner
	config.VerifyConnection = func(tls.ConnectionState) error {
		if before.Buffered()+answers.Buffered() > 0 {
			return errInjected
		}
		return nil
	}
	return config
}

// hearWholeLines makes the library's reader strict. It has to be done again when TLS has given it another.
func (l *line) hearWholeLines() {
	l.answers = &wholeLines{inner: l.smtp.Text.R}
	l.smtp.Text.R = bufio.NewReader(l.answers)
}

// login sends no password without TLS: the library's mechanisms refuse to, except to loopback.
func (l *line) login(c Config) error {
	_, offered := l.smtp.Extension("AUTH")
	for mechanism := range strings.FieldsSeq(offered) {
		switch strings.ToUpper(mechanism) {
		case "PLAIN":
			return l.smtp.Auth(smtp.PlainAuth("", c.User, c.Password, c.Host, false))
		case "LOGIN":
			return l.smtp.Auth(smtp.LoginAuth(c.User, c.Password, c.Host, false))
		}
	}
	return errNoLogin
}

// carry hands one message to the relay. When ctx ends, the line is cut at once, up to the final dot: from
// there on only the answer can tell what happened, so it is awaited.
func (l *line) carry(ctx context.Context, m message) Outcome {
	release := context.AfterFunc(ctx, func() { l.cut(ReasonCancelled) })
	defer release()

	if err := l.announce(m); err != nil {
		return l.ended(err)
	}
	l.text = dotted(l.text[:0], m.raw)
	rest := l.text
	for ; len(rest) > block; rest = rest[block:] {
		l.enter(PhaseBody, l.limits.Block)
		if err := l.write(rest[:block]); err != nil {
			return l.ended(err)
		}
	}
	if !release() {
		l.cut(ReasonCancelled)
		return l.ended(ctx.Err())
	}
	crash.Here("half", func() { _ = l.write(rest[:len(rest)/2]) })
	crash.Here("before-dot", func() { _ = l.write(rest[:len(rest)-len(dot)]) })
	// If this fails, the last bytes never left, and the relay cannot have seen the end of the message.
	l.enter(PhaseBody, l.limits.Block)
	if err := l.write(rest); err != nil {
		return l.ended(err)
	}
	crash.Here("after-dot")
	l.enter(PhaseDot, l.limits.Dot)
	code, text, err := l.smtp.Text.ReadResponse(250)
	if err != nil {
		return l.ended(err)
	}
	crash.Here("after-250")
	return Outcome{Result: Sent, Code: code, Enhanced: enhanced(code, text), Phase: PhaseDot}
}

// announce says the envelope and DATA, in one breath when the relay offers PIPELINING (RFC 2920), and hears an
// answer to each. It stops at the first no, and the line is not used again: what the relay makes of the rest
// is nothing without the final dot.
//
// This and the message are not said by the library's methods: they wait for every answer, go through the
// message byte by byte, and swallow the error of writing the dot.
func (l *line) announce(m message) error {
	steps := []struct {
		phase string
		limit time.Duration
		said  string
		code  int
	}{
		{PhaseMail, l.limits.Command, "MAIL FROM:" + m.from + "\r\n", 250},
		{PhaseRcpt, l.limits.Command, "RCPT TO:" + m.to + "\r\n", 25},
		{PhaseData, l.limits.Data, "DATA\r\n", 354},
	}
	if l.pipelining {
		steps[0].said += steps[1].said + steps[2].said
		steps[1].said, steps[2].said = "", ""
	}
	for _, step := range steps {
		l.enter(step.phase, step.limit)
		if err := l.write([]byte(step.said)); err != nil {
			return err
		}
		if _, _, err := l.smtp.Text.ReadResponse(step.code); err != nil {
			return err
		}
		crash.Here(step.phase)
	}
	if l.answers.inner.Buffered() > 0 {
		return errEndless // an answer to the final dot, before it was said, would be taken for a delivery
	}
	return nil
}

// dotted appends a message as it is on the wire: no line of its own begins with a single dot, and the last one does (RFC 5321
// section 4.5.2). Lines end in CRLF already.
func dotted(wire, raw []byte) []byte {
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

func (l *line) write(b []byte) error {
	if _, err := l.smtp.Text.W.Write(b); err != nil {
		return err
	}
	return l.smtp.Text.W.Flush()
}

// reusable says, after a letter was sent, whether the line can carry another. A relay that has already said
// more than was asked, as 421 behind the 250, is about to leave.
func (l *line) reusable() bool {
	return l.watch.Stop() && l.broken.Load() == nil && l.answers.inner.Buffered() == 0
}
