package mailer

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/wneessen/go-mail"

	"vireilla/internal/test/smtptest"
)

// lines is how many connections either side of BenchmarkSend keeps.
const lines = 4

// bulky is a letter of the usual size, some 8 kB on the wire.
func bulky(n int) Letter {
	l := letter(n)
	l.Text = strings.Repeat("ma 4.3.2024 klo 9.00  Työnhakukeskustelu, asiakas S-00012, määräaika 7.3.2024\n", 25)
	l.HTML = "<html lang=\"fi\"><body><table>\n" +
		strings.Repeat("<tr><td>ma 4.3.2024 klo 9.00</td><td>Työnhakukeskustelu</td><td>S-00012</td></tr>\n", 50) + "</table></body></html>\n"
	return l
}

// BenchmarkSend measures letters a second against a server that takes everything: "relay" is ours, "bare" the
// library's own way to send the same letter on as many kept connections, and no more.
func BenchmarkSend(b *testing.B) {
	b.Run("relay", func(b *testing.B) {
		s := smtptest.Start(b, smtptest.WithoutData())
		r := connect(b, s, func(c *Config) { c.Connections = lines })
		share(b, func(next func() (int, bool)) error {
			for n, more := next(); more; n, more = next() {
				if o := r.Send(context.Background(), bulky(n)); o.Result != Sent {
					return fmt.Errorf("letter %d: %s", n, said(o))
				}
			}
			return nil
		})
		expect(b, s)
	})
	b.Run("bare", func(b *testing.B) {
		s := smtptest.Start(b, smtptest.WithoutData())
		share(b, func(next func() (int, bool)) error { return bare(s, next) })
		expect(b, s)
	})
}

func bare(s *smtptest.Server, next func() (int, bool)) error {
	config, err := ParseURL(s.URL())
	if err != nil {
		return err
	}
	port := 0
	if _, err := fmt.Sscan(config.Port, &port); err != nil {
		return err
	}
	client, err := mail.NewClient(config.Host, mail.WithPort(port), mail.WithTLSPolicy(mail.NoTLS),
		mail.WithoutNoop(), mail.WithoutRset(), mail.WithoutSMTPUTF8(), mail.WithHELO("worker.example"))
	if err != nil {
		return err
	}
	conn, err := client.DialToSMTPClientWithContext(context.Background())
	if err != nil {
		return err
	}
	defer func() { _ = client.CloseWithSMTPClient(conn) }()
	for n, more := next(); more; n, more = next() {
		l := bulky(n)
		msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
		if err := msg.From(l.From); err != nil {
			return err
		}
		if err := msg.To(l.To); err != nil {
			return err
		}
		msg.Subject(l.Subject)
		msg.SetMessageIDWithValue(l.MessageID)
		msg.SetDateWithValue(l.Date)
		msg.SetGenHeader("Auto-Submitted", "auto-generated")
		msg.SetGenHeader("X-Auto-Response-Suppress", "All")
		msg.SetGenHeader("Content-Language", l.Language)
		msg.SetBodyString(mail.TypeTextPlain, l.Text)
		msg.AddAlternativeString(mail.TypeTextHTML, l.HTML)
		if err := client.SendWithSMTPClient(conn, msg); err != nil {
			return err
		}
	}
	return nil
}

// share runs work on as many goroutines as there are lines, and hands out b.N letters among them.
func share(b *testing.B, work func(next func() (int, bool)) error) {
	var count atomic.Int64
	next := func() (int, bool) {
		n := int(count.Add(1))
		return n, n <= b.N
	}
	b.ReportAllocs()
	b.ResetTimer()
	var all sync.WaitGroup
	for range lines {
		all.Go(func() {
			if err := work(next); err != nil {
				b.Error(err)
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "letters/s")
}

func expect(b *testing.B, s *smtptest.Server) {
	if got := len(s.Accepted()); got != b.N {
		b.Errorf("%d letters accepted, want %d", got, b.N)
	}
}

// BenchmarkCompose is the part of Send that is no network.
func BenchmarkCompose(b *testing.B) {
	l := bulky(1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := compose(l, &bytes.Buffer{}); err != nil {
			b.Fatal(err)
		}
	}
}
