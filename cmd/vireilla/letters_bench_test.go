package main

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/wneessen/go-mail"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/internal/queue"
	"vireilla/internal/store/storetest"
	"vireilla/internal/test/smtptest"
	"vireilla/workers"
)

// BenchmarkLetters measures letters a second from the outbox to a server that takes everything: claim, look at the
// recheck, render, send, record. "bare" sends the same letters, already written, in a loop of the library on as many
// kept connections to the same server: Postfix's smtp-sink where it is on PATH, else one in this process. Run it with
// -benchtime 20000x.
func BenchmarkLetters(b *testing.B) {
	tuneGC() // for the reference too
	var mails []workers.Mail
	b.Run("outbox", func(b *testing.B) {
		server := sink(b)
		redis, closeQueue, err := queue.Embedded()
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = closeQueue() })
		a := outboxOf(b, server, "sqlite:"+filepath.Join(b.TempDir(), "v.db"), redis, b.N)
		send, mu := a.Workers.Deliver.Send, sync.Mutex{}
		mails = nil
		a.Workers.Deliver.Send = func(ctx context.Context, m workers.Mail) notice.Outcome {
			mu.Lock()
			if len(mails) < 1000 { // all of them would be a heap that no worker has
				mails = append(mails, m)
			}
			mu.Unlock()
			return send(ctx, m)
		}
		b.ResetTimer()
		var all sync.WaitGroup
		for range deliveries {
			all.Go(func() {
				for {
					if err := a.Workers.Deliver.Run(context.Background(), nil); err != nil {
						b.Error(err)
					}
					if due, err := a.Store.Due(context.Background(), a.Clock()); err != nil || due == 0 {
						return
					}
				}
			})
		}
		all.Wait()
		b.StopTimer()
		if n, err := a.Store.Letters(b.Context(), notice.Filter{State: "sent"}); err != nil || len(n) != b.N {
			b.Fatalf("%d of %d letters sent, %v", len(n), b.N, err)
		}
		perSecond(b)
	})
	b.Run("bare", func(b *testing.B) {
		server := sink(b)
		var next atomic.Int64
		b.ResetTimer()
		var all sync.WaitGroup
		for range connections {
			all.Go(func() {
				if err := bareLoop(server, func() (workers.Mail, bool) {
					n := int(next.Add(1))
					return mails[n%len(mails)], n <= b.N
				}); err != nil {
					b.Error(err)
				}
			})
		}
		all.Wait()
		b.StopTimer()
		perSecond(b)
	})
}

func perSecond(b *testing.B) { b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "letters/s") }

// sink starts a mail server that takes everything and gives its address.
func sink(b *testing.B) string {
	path, err := exec.LookPath("smtp-sink")
	if err != nil {
		b.Log("no smtp-sink on PATH: the server runs in this process")
		return smtptest.Start(b, smtptest.WithoutData()).Addr()
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	address := free.Addr().String()
	_ = free.Close()
	server := exec.Command(path, "-u", "nobody", address, "100")
	if err := server.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	for range 500 {
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			return address
		}
		time.Sleep(10 * time.Millisecond)
	}
	b.Fatal("smtp-sink does not answer")
	return ""
}

// outboxOf builds a house on a database and a queue, whose outbox holds n appointment letters that are due.
func outboxOf(b *testing.B, server, database string, redis asynq.RedisConnOpt, n int) *app {
	env := &environment{ctx: b.Context(), out: b.Output(), err: b.Output(), commands: &commands{Data: b.TempDir(), LogLevel: "warn"}}
	at := time.Date(2024, 3, 4, 7, 0, 0, 0, time.UTC)
	a, err := env.build(options{database: database, smtp: "smtp+plain://" + server, from: "no-reply@example.org", redis: redis, ticks: "t", letters: "l", clock: func() time.Time { return at }, silent: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := a.Close(); err != nil {
			b.Error(err)
		}
	})
	feed, plan := storetest.Small(), notice.Plan{}
	feed["seekers.csv"], feed["appointments.csv"] = nil, nil
	start := at.Add(72 * time.Hour)
	for i := range n {
		s, ap := fmt.Sprintf("S-%06d", i), fmt.Sprintf("A-%06d", i)
		feed["seekers.csv"] = append(feed["seekers.csv"], map[string]any{"seeker_id": s, "first_name": "Aino-Kanaria", "email": fmt.Sprintf("kanaria.s%d@example.org", i), "email_tier": "neutral",
			"service_language": "fi", "municipality": "Lahti", "coach_id": "C-1", "job_search_started": "2024-01-08", "status": "unemployed"})
		feed["appointments.csv"] = append(feed["appointments.csv"], map[string]any{"appointment_id": ap, "seeker_id": s, "coach_id": "C-1", "kind": "job_search_discussion",
			"starts_at": start.UnixMilli(), "minutes": int64(45), "mode": "office", "state": "booked", "booked_at": at.Add(-240 * time.Hour).UnixMilli()})
		plan.Notices = append(plan.Notices, notice.Notice{Key: "appointment_reminder/" + ap + "/x/72h", Letter: notice.AppointmentReminder, To: s, Role: notice.ToSeeker,
			Subject: ap, Language: "fi", SendAt: at, Expires: start, Start: start})
	}
	delete(feed, "contacts.csv")
	if _, err := storetest.Import(b, a.Store, feed, true, true); err != nil {
		b.Fatal(err)
	}
	day := calendar.DayOf(at, a.Policy.Location)
	if err := a.Workers.Scan.Refresh(b.Context(), at); err != nil {
		b.Fatal(err)
	}
	if _, err := a.Store.Add(b.Context(), at, notice.Run{Kind: "appointments", Day: day, Guard: policy.Guard{Floor: n + 1, Times: 3, Runs: 10}}, plan); err != nil {
		b.Fatal(err)
	}
	return a
}

func bareLoop(server string, next func() (workers.Mail, bool)) error {
	var port int
	if _, err := fmt.Sscanf(server, "127.0.0.1:%d", &port); err != nil {
		return err
	}
	client, err := mail.NewClient("127.0.0.1", mail.WithPort(port), mail.WithTLSPolicy(mail.NoTLS), mail.WithoutNoop(), mail.WithoutRset(), mail.WithoutSMTPUTF8())
	if err != nil {
		return err
	}
	conn, err := client.DialToSMTPClientWithContext(context.Background())
	if err != nil {
		return err
	}
	defer func() { _ = client.CloseWithSMTPClient(conn) }()
	for m, more := next(); more; m, more = next() {
		msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
		if err := msg.From(m.From); err != nil {
			return err
		}
		if err := msg.To(m.To); err != nil {
			return err
		}
		msg.Subject(m.Subject)
		msg.SetMessageIDWithValue(m.MessageID)
		msg.SetDateWithValue(m.Date)
		msg.SetGenHeader("Auto-Submitted", "auto-generated")
		msg.SetBodyString(mail.TypeTextPlain, m.Text)
		msg.AddAlternativeString(mail.TypeTextHTML, m.HTML)
		if err := client.SendWithSMTPClient(conn, msg); err != nil {
			return err
		}
	}
	return nil
}
