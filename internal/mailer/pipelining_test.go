package mailer

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"vireilla/internal/test/smtptest"
)

// counted counts the writes.
type counted struct {
	net.Conn
	writes atomic.Int64
}

func (c *counted) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

func TestALetterTakesTwoRoundTripsWithPipeliningAndFourWithout(t *testing.T) {
	for name, want := range map[string]int64{"pipelining": 2, "one by one": 4} {
		s := smtptest.Start(t, pipeliningOrNot[name])
		raw, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		conn := &counted{Conn: raw}
		c := Config{Security: Plain, Host: "127.0.0.1"}.withDefaults("worker.example")
		l := newConnection(conn, c.Limits)
		defer l.close()
		if err := l.open(c, nil); err != nil {
			t.Fatal(err)
		}
		for n := range 3 {
			m, err := compose(letter(n), &bytes.Buffer{})
			if err != nil {
				t.Fatal(err)
			}
			before := conn.writes.Load()
			if o := l.send(context.Background(), m); o.Result != Sent || !l.reusable() {
				t.Fatalf("%s: %s", name, said(o))
			}
			if got := conn.writes.Load() - before; got != want {
				t.Errorf("%s: %d writes a letter, want %d", name, got, want)
			}
		}
	}
}

func TestEndOfContextStopsAPipelinedLetterToo(t *testing.T) {
	for _, phase := range []smtptest.Phase{smtptest.Mail, smtptest.Rcpt, smtptest.Data} {
		s := smtptest.Start(t, smtptest.WithPipelining())
		r := connect(t, s, nil)
		ctx, cancel := context.WithCancel(context.Background())
		s.Set(phase, smtptest.Silence().Calling(cancel))
		if o := r.Send(ctx, letter(1)); o.Result != Deferred || o.Reason != ReasonCancelled {
			t.Errorf("%s: %s", phase, said(o))
		}
		checkAccepted(t, s, Outcome{Result: Deferred})
	}
}

// A relay may say 354 though it took no recipient (RFC 2920 section 3.1).
func TestARefusedRecipientIsNotFollowedByADot(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	heard := make(chan string, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			heard <- err.Error()
			return
		}
		defer conn.Close()
		r := bufio.NewReader(conn)
		_, _ = io.WriteString(conn, "220 relay\r\n")
		_, _ = r.ReadString('\n')
		_, _ = io.WriteString(conn, "250-relay\r\n250 PIPELINING\r\n")
		for line := ""; line != "DATA\r\n"; {
			if line, err = r.ReadString('\n'); err != nil {
				break
			}
		}
		_, _ = io.WriteString(conn, "250 well\r\n550 5.1.1 nobody\r\n354 go on\r\n")
		rest, _ := io.ReadAll(r)
		heard <- string(rest)
	}()
	c, err := ParseURL("smtp+plain://" + listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	r := New(c)
	defer r.Close()
	if o := r.Send(t.Context(), letter(1)); said(o) != "failed rcpt rejected 550 5.1.1" {
		t.Error(said(o))
	}
	if rest := <-heard; strings.Contains(rest, ".\r\n") || strings.Contains(rest, "Subject") {
		t.Errorf("said behind the 550: %q", rest)
	}
}
