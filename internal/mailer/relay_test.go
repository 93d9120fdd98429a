package mailer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"vireilla/internal/test/smtptest"
)

func TestManyLettersShareAFewConnections(t *testing.T) {
	s := smtptest.Start(t)
	r := connect(t, s, func(c *Config) { c.Connections = 3 })
	const letters = 60
	var all sync.WaitGroup
	for n := range letters {
		all.Go(func() {
			if o := r.Send(context.Background(), letter(n)); said(o) != "sent dot  250 2.0.0" {
				t.Errorf("letter %d: %s", n, said(o))
			}
		})
	}
	all.Wait()
	if n := s.Seen()["connect"]; n > 3 {
		t.Errorf("%d connections, want at most 3", n)
	}
	times := map[string]int{}
	for _, m := range s.Accepted() {
		times[m.MessageID]++
		number, _, _ := strings.Cut(strings.TrimPrefix(m.MessageID, "n-"), "@")
		if want := person(number); len(m.To) != 1 || m.To[0] != want || !bytes.Contains(m.Data, []byte("To: <"+want+">\r\n")) {
			t.Errorf("%s went to %v", m.MessageID, m.To)
		}
	}
	if len(times) != letters || len(s.Accepted()) != letters {
		t.Errorf("%d messages of %d letters accepted, want %d", len(s.Accepted()), len(times), letters)
	}
	r.Close()
	s.Close()
}

func TestOneAfterTheOtherUsesOneConnection(t *testing.T) {
	s := smtptest.Start(t, smtptest.WithTLS(), smtptest.WithLogin("user", "secret"))
	r := connect(t, s, nil)
	for n := range 5 {
		if o := r.Send(context.Background(), letter(n)); o.Result != Sent {
			t.Fatal(said(o))
		}
	}
	seen := s.Seen()
	if seen["connect"] != 1 || seen["AUTH"] != 1 || seen["RSET"]+seen["NOOP"] != 0 || seen["MAIL"] != 5 {
		t.Errorf("seen %v", seen)
	}
}

func TestKeptConnectionThatTheRelayLeftIsDialledAgainOnce(t *testing.T) {
	for name, leaves := range map[string]func(*smtptest.Server){
		"hung up before": func(s *smtptest.Server) { s.HangUp() },
		"drop at MAIL":   func(s *smtptest.Server) { s.Set(smtptest.Mail, smtptest.Drop().Once()) },
		"RST at MAIL":    func(s *smtptest.Server) { s.Set(smtptest.Mail, smtptest.RST().Once()) },
		"421 at MAIL":    func(s *smtptest.Server) { s.Set(smtptest.Mail, smtptest.ReplyAndDrop("421 enough").Once()) },
	} {
		t.Run(name, func(t *testing.T) {
			s := smtptest.Start(t)
			r := connect(t, s, nil)
			r.Send(context.Background(), letter(1))
			leaves(s)
			if o := r.Send(context.Background(), letter(2)); o.Result != Sent {
				t.Error(said(o))
			}
			if len(s.Accepted()) != 2 || s.Seen()["connect"] != 2 {
				t.Errorf("accepted %d, seen %v", len(s.Accepted()), s.Seen())
			}
		})
	}
	t.Run("and not twice", func(t *testing.T) {
		s := smtptest.Start(t)
		r := connect(t, s, nil)
		r.Send(context.Background(), letter(1))
		s.Set(smtptest.Mail, smtptest.Drop())
		if o := r.Send(context.Background(), letter(2)); said(o) != "deferred mail lost 0" {
			t.Error(said(o))
		}
		if n := s.Seen()["connect"]; n != 2 {
			t.Errorf("%d connections, want 2", n)
		}
	})
}

func TestLineIsNotUsedAgainAfterAnyError(t *testing.T) {
	s := smtptest.Start(t)
	r := connect(t, s, nil)
	s.Set(smtptest.Rcpt, smtptest.Reply("550 5.1.1 nobody").Once(), smtptest.Reply("451 later").Once())
	s.Set(smtptest.Dot, smtptest.Reply("452 full").Once(), smtptest.ReplyAndDrop("250 2.0.0 taken").Once())
	want := []Result{Failed, Deferred, Deferred, Sent, Sent}
	for n, w := range want {
		if o := r.Send(context.Background(), letter(n)); o.Result != w {
			t.Errorf("letter %d: %s, want %s", n, said(o), w)
		}
	}
	if n := s.Seen()["connect"]; n != len(want) {
		t.Errorf("%d connections, want %d", n, len(want))
	}
}

func TestLineOnWhichTheRelaySaidTooMuchIsNotUsedAgain(t *testing.T) {
	s := smtptest.Start(t)
	r := connect(t, s, nil)
	s.Set(smtptest.Dot, smtptest.Reply("250 2.0.0 taken\r\n250 2.0.0 taken").Once())
	for n := range 2 {
		if o := r.Send(context.Background(), letter(n)); o.Result != Sent {
			t.Errorf("letter %d: %s", n, said(o))
		}
	}
	if n := s.Seen()["connect"]; n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}

// elsewhere is a connection to a machine that is not loopback.
type elsewhere struct{ net.Conn }

func (elsewhere) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 25} }

func TestNameThatLeadsElsewhereIsNotLoopback(t *testing.T) {
	if isLoopback(elsewhere{}) {
		t.Error("192.0.2.1 taken for loopback")
	}
	if o := outcomeOf(PhaseConnect, errNotLoopback, ""); said(o) != "deferred connect relay 0" {
		t.Error(said(o))
	}
}

func TestRestedLineLeavesPolitely(t *testing.T) {
	s := smtptest.Start(t)
	left := make(chan struct{}, 2)
	s.Set(smtptest.Quit, smtptest.Well().Calling(func() { left <- struct{}{} }))
	r := connect(t, s, func(c *Config) { c.Idle = 1 })
	for n := range 2 {
		if o := r.Send(context.Background(), letter(n)); o.Result != Sent {
			t.Fatal(said(o))
		}
		<-left
	}
	if n := s.Seen()["connect"]; n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}

func TestEndOfContextStopsTheLetterBeforeTheDot(t *testing.T) {
	for _, phase := range []smtptest.Phase{
		smtptest.Greeting, smtptest.Hello, smtptest.STARTTLS, smtptest.Auth, smtptest.Mail, smtptest.Rcpt, smtptest.Data,
	} {
		s := smtptest.Start(t, smtptest.WithSTARTTLS(), smtptest.WithLogin("user", "secret"))
		r := connect(t, s, nil) // with the limits of the RFC, so only the context can end it
		ctx, cancel := context.WithCancel(context.Background())
		s.Set(phase, smtptest.Silence().Calling(cancel))
		o := r.Send(ctx, letter(1))
		if o.Phase == PhaseConnect && phase == smtptest.Greeting {
			o.Phase = PhaseGreeting // the server may be at its greeting before our side knows of the connection
		}
		if said(o) != fmt.Sprintf("deferred %s cancelled 0", phase) {
			t.Errorf("%s: %s", phase, said(o))
		}
		checkAccepted(t, s, Outcome{Result: Deferred})
	}
}

func TestEndOfContextAfterTheDotWaitsForTheAnswer(t *testing.T) {
	s := smtptest.Start(t)
	r := connect(t, s, nil)
	ctx, cancel := context.WithCancel(context.Background())
	s.Set(smtptest.Dot, smtptest.Well().Calling(cancel))
	if o := r.Send(ctx, letter(1)); o.Result != Sent {
		t.Error(said(o))
	}
	if o := r.Send(ctx, letter(2)); said(o) != "deferred connect cancelled 0" {
		t.Error(said(o))
	}
	if n := len(s.Accepted()); n != 1 {
		t.Errorf("accepted %d, want 1", n)
	}
}

func TestWaitingForAConnectionEndsWithTheContext(t *testing.T) {
	s := smtptest.Start(t)
	r := connect(t, s, func(c *Config) { c.Connections = 1 })
	second := make(chan Outcome)
	ctx, cancel := context.WithCancel(context.Background())
	s.Set(smtptest.Mail, smtptest.Well().Calling(func() {
		go func() { second <- r.Send(ctx, letter(2)) }()
		cancel()
		if o := <-second; said(o) != "deferred connect cancelled 0" {
			t.Error(said(o))
		}
	}))
	if o := r.Send(context.Background(), letter(1)); o.Result != Sent {
		t.Error(said(o))
	}
}

// waiting is a context that calls onWait when somebody waits for its end.
type waiting struct {
	context.Context
	onWait func()
}

func (w waiting) Done() <-chan struct{} {
	w.onWait()
	return w.Context.Done()
}

// A letter may be out of date when a connection becomes free.
func TestALetterThatWaitedForALineIsAskedForOnceMore(t *testing.T) {
	s := smtptest.Start(t)
	under, let := make(chan struct{}), make(chan struct{})
	s.Set(smtptest.Dot, smtptest.Well().Calling(func() { close(under); <-let }).Once())
	r := connect(t, s, func(c *Config) { c.Connections = 1 })
	first := make(chan Outcome)
	go func() { first <- r.Send(context.Background(), letter(1)) }()
	<-under
	late := letter(2)
	late.Still = func() bool { return false }
	if o := r.Send(waiting{context.Background(), sync.OnceFunc(func() { close(let) })}, late); said(o) != "deferred connect cancelled 0" {
		t.Error(said(o))
	}
	if o := <-first; o.Result != Sent || s.Seen()["MAIL"] != 1 {
		t.Errorf("%s, seen %v", said(o), s.Seen())
	}
}

func TestALetterIsAskedForOnceMoreWhenItsLineIsOpen(t *testing.T) {
	s := smtptest.Start(t)
	l := letter(1)
	asked := 0
	l.Still = func() bool { asked++; return asked < 2 }
	if o := connect(t, s, nil).Send(context.Background(), l); said(o) != "deferred connect cancelled 0" || s.Seen()["MAIL"] != 0 {
		t.Errorf("%s, seen %v", said(o), s.Seen())
	}
}

func TestClosedRelayDefers(t *testing.T) {
	s := smtptest.Start(t)
	r := connect(t, s, nil)
	// Closed while the letter is under way: that one is finished, and its line is not kept.
	left := make(chan struct{})
	s.Set(smtptest.Quit, smtptest.Well().Calling(func() { close(left) }))
	s.Set(smtptest.Rcpt, smtptest.Well().Calling(r.Close))
	if o := r.Send(context.Background(), letter(1)); o.Result != Sent {
		t.Error(said(o))
	}
	<-left
	if o := r.Send(context.Background(), letter(2)); said(o) != "deferred connect cancelled 0" {
		t.Error(said(o))
	}
}

func TestNobodyListeningDefers(t *testing.T) {
	s := smtptest.Start(t)
	r := connect(t, s, nil)
	s.Close()
	if o := r.Send(context.Background(), letter(1)); said(o) != "deferred connect unreachable 0" {
		t.Error(said(o))
	}
}

func TestLongLetterCutInTheMiddleIsDeferred(t *testing.T) {
	long := letter(1)
	// Longer than any socket buffer, so that the dot cannot have left.
	long.Text = strings.Repeat("Hei, tässä on pitkä kirje.\n", 1<<19)
	for name, test := range map[string]struct {
		mood smtptest.Mood
		want string
	}{
		"drop":    {smtptest.Drop(), "deferred body lost 0"},
		"rst":     {smtptest.RST(), "deferred body lost 0"},
		"silence": {smtptest.Silence(), "deferred body timeout 0"},
	} {
		t.Run(name, func(t *testing.T) {
			s := smtptest.Start(t)
			s.Set(smtptest.Body, test.mood)
			r := connect(t, s, func(c *Config) {
				if name == "silence" {
					c.Limits.Block = 300 * time.Millisecond
				}
			})
			if o := r.Send(context.Background(), long); said(o) != test.want {
				t.Errorf("%s, want %s", said(o), test.want)
			}
			checkAccepted(t, s, Outcome{Result: Deferred})
		})
	}
	t.Run("cancelled", func(t *testing.T) {
		s := smtptest.Start(t)
		r := connect(t, s, nil)
		ctx, cancel := context.WithCancel(context.Background())
		s.Set(smtptest.Body, smtptest.Silence().Calling(cancel))
		if o := r.Send(ctx, long); said(o) != "deferred body cancelled 0" {
			t.Error(said(o))
		}
	})
	t.Run("whole", func(t *testing.T) {
		s := smtptest.Start(t)
		r := connect(t, s, nil)
		if o := r.Send(context.Background(), long); o.Result != Sent {
			t.Error(said(o))
		}
	})
}

// halfDot closes the connection in the middle of the write that ends with the final dot.
type halfDot struct{ net.Conn }

func (c halfDot) Write(p []byte) (int, error) {
	if !bytes.HasSuffix(p, []byte("\r\n.\r\n")) {
		return c.Conn.Write(p)
	}
	n, err := c.Conn.Write(p[:len(p)-3])
	_ = c.Close()
	return n, errors.Join(err, errors.New("broken pipe"))
}

func TestDotThatDidNotLeaveIsNoDot(t *testing.T) {
	s := smtptest.Start(t)
	raw, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Security: Plain, Host: "127.0.0.1"}.withDefaults("worker.example")
	l := newConnection(halfDot{raw}, c.Limits)
	defer l.close()
	if err := l.open(c, nil); err != nil {
		t.Fatal(err)
	}
	m, err := compose(letter(1), &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	if o := l.send(context.Background(), m); said(o) != "deferred body lost 0" {
		t.Error(said(o))
	}
	checkAccepted(t, s, Outcome{Result: Deferred})
}
