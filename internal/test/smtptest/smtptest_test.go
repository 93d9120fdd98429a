package smtptest

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/smtp"
	"net/textproto"
	"strings"
	"testing"
	"time"
)

// say sends a command and returns the code of the answer, or 0 when there was none that can be read.
func say(t *testing.T, c *textproto.Conn, line string) int {
	t.Helper()
	if line != "" {
		if err := c.PrintfLine("%s", line); err != nil {
			return 0
		}
	}
	code, _, err := c.ReadResponse(0)
	var bad *textproto.Error
	if err != nil && !errors.As(err, &bad) {
		return 0
	}
	return code
}

func dial(t *testing.T, s *Server) *textproto.Conn {
	t.Helper()
	c, err := textproto.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// talk sends one message and returns the codes that it received, up to the first that is not 2yz or 3yz.
func talk(t *testing.T, s *Server) string {
	t.Helper()
	c := dial(t, s)
	heard := ""
	for _, line := range []string{
		"", "EHLO me", "MAIL FROM:<a@example.org> BODY=8BITMIME", "RCPT TO:<b@example.org>", "DATA",
		"Message-ID: <m-1@example.org>\r\n\r\n..dot\r\n.", "RSET", "QUIT",
	} {
		code := say(t, c, line)
		heard += fmt.Sprint(code, " ")
		if code < 200 || code >= 400 {
			break
		}
	}
	return strings.TrimSpace(heard)
}

func TestAcceptedMessageIsLogged(t *testing.T) {
	s := Start(t)
	if got := talk(t, s); got != "220 250 250 250 354 250 250 221" {
		t.Fatalf("heard %s", got)
	}
	log := s.Accepted()
	if len(log) != 1 {
		t.Fatalf("%d messages accepted, want 1", len(log))
	}
	m := log[0]
	if m.Seq != 1 || m.From != "a@example.org" || len(m.To) != 1 || m.To[0] != "b@example.org" || m.MessageID != "m-1@example.org" {
		t.Errorf("logged %+v", m)
	}
	if want := "Message-ID: <m-1@example.org>\r\n\r\n.dot\r\n"; string(m.Data) != want || m.Size != len(want) {
		t.Errorf("logged %q, want %q", m.Data, want)
	}
	if seen := s.Seen(); seen["connect"] != 1 || seen["MAIL"] != 1 || seen["QUIT"] != 1 || seen["AUTH"] != 0 {
		t.Errorf("seen %v", seen)
	}
}

func TestEveryPhaseShowsItsMood(t *testing.T) {
	for _, test := range []struct {
		phase Phase
		mood  Mood
		heard string
		taken int
	}{
		{Greeting, ReplyAndDrop("554 no"), "554", 0},
		{Hello, Reply("421 later"), "220 421", 0},
		{Mail, RST(), "220 250 0", 0},
		{Rcpt, Reply("550 5.1.1 nobody"), "220 250 250 550", 0},
		{Data, Garbage(), "220 250 250 250 0", 0},
		{Body, Drop(), "220 250 250 250 354 0", 0},
		{Body, Reply("452 full"), "220 250 250 250 354 452", 0},
		{Dot, Reply("451 later"), "220 250 250 250 354 451", 0},
		{Dot, Drop().Taking(), "220 250 250 250 354 0", 1},
		{Dot, ReplyAndDrop("250 taken"), "220 250 250 250 354 250 0", 1},
		{Dot, Slow("250 taken", time.Microsecond), "220 250 250 250 354 250 250 221", 1},
		{Dot, LongLine("250"), "220 250 250 250 354 250 250 221", 1},
		{Rset, Reply("421 bye"), "220 250 250 250 354 250 421", 1},
		{Quit, Drop(), "220 250 250 250 354 250 250 0", 1},
	} {
		t.Run(string(test.phase), func(t *testing.T) {
			s := Start(t)
			s.Set(test.phase, test.mood)
			if got := talk(t, s); got != test.heard {
				t.Errorf("heard %s, want %s", got, test.heard)
			}
			if got := len(s.Accepted()); got != test.taken {
				t.Errorf("%d accepted, want %d", got, test.taken)
			}
		})
	}
}

func TestMoodsFollowOneAnotherAndEndWell(t *testing.T) {
	s := Start(t)
	s.Set(Mail, Well().Once(), Reply("421 enough").Times(2))
	for _, want := range []string{"221", "421", "421", "221"} {
		if got := talk(t, s); !strings.HasSuffix(got, want) {
			t.Errorf("heard %s, want its end %s", got, want)
		}
	}
}

func TestSilenceEndsWithTheServer(t *testing.T) {
	s := Start(t)
	s.Set(Greeting, Silence())
	c := dial(t, s)
	done := make(chan error, 1)
	go func() {
		_, err := c.ReadLine()
		done <- err
	}()
	// Whether Close comes before or after the greeting was due, the client reads only the end of the connection.
	s.Close()
	if err := <-done; err == nil {
		t.Error("a silent server spoke")
	}
}

func TestTLSAndLogin(t *testing.T) {
	s := Start(t, WithSTARTTLS(), WithLogin("user", "secret"))
	if got := talk(t, s); got != "220 250 530" {
		t.Errorf("without login: heard %s", got)
	}
	c, err := smtp.Dial(s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.StartTLS(&tls.Config{ServerName: "127.0.0.1", RootCAs: s.Roots()}); err != nil {
		t.Fatal(err)
	}
	if err := c.Auth(smtp.PlainAuth("", "user", "secret", "127.0.0.1")); err != nil {
		t.Fatal(err)
	}
	if err := c.Mail("a@example.org"); err != nil {
		t.Fatal(err)
	}
	if err := c.Rcpt("b@example.org"); err != nil {
		t.Fatal(err)
	}
	w, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	// One line longer than the server's buffer, whose second half begins with a dot.
	_, _ = io.WriteString(w, strings.Repeat("a", 64<<10)+".\r\n")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if log := s.Accepted(); len(log) != 1 || log[0].Size != 64<<10+3 {
		t.Errorf("accepted %d", len(log))
	}
	if !strings.HasPrefix(s.URL(), "smtp://user:secret@127.0.0.1:") {
		t.Errorf("URL %s", s.URL())
	}
}
