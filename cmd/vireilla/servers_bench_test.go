package main

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"vireilla/internal/notice"
	"vireilla/internal/test/servertest"
	"vireilla/internal/test/smtptest"
	"vireilla/workers"
)

// on builds a house on real servers with n letters due.
func on(b *testing.B, server string, n int) *app {
	redis, err := asynq.ParseRedisURI(servertest.Redis(b))
	if err != nil {
		b.Fatal(err)
	}
	return outboxOf(b, server, servertest.Postgres(b), redis, n)
}

// allOut enqueues deliveries and waits until no letter is due.
func (a *app) allOut(b *testing.B) {
	ended := make(chan error, 1024)
	stop, err := a.work(workers.Watched(a.Workers, ended), 10*time.Millisecond)
	if err != nil {
		b.Fatal(err)
	}
	defer stop()
	for due := 1; due > 0; {
		if err := a.Queue.DueLetters(b.Context(), deliveries); err != nil {
			b.Fatal(err)
		}
		for range deliveries {
			if err := <-ended; err != nil {
				b.Fatal(err)
			}
		}
		if due, err = a.Store.Due(b.Context(), a.Clock()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkServers measures letters a second from the outbox through a real Redis and PostgreSQL to smtp-sink;
// "smtp-source" is Postfix's own generator with as many connections to the same sink, which writes nothing and says
// always the same. Run it with -benchtime 100000x.
func BenchmarkServers(b *testing.B) {
	source, err := exec.LookPath("smtp-source")
	if err != nil {
		b.Skip("smtp-source is not on PATH (Debian: postfix)")
	}
	b.Run("outbox", func(b *testing.B) {
		server := sink(b)
		a := on(b, server, b.N)
		b.ResetTimer()
		a.allOut(b)
		b.StopTimer()
		if n, err := a.Store.Letters(b.Context(), notice.Filter{State: "sent"}); err != nil || len(n) != b.N {
			b.Fatalf("%d of %d letters sent, %v", len(n), b.N, err)
		}
		perSecond(b)
	})
	b.Run("smtp-source", func(b *testing.B) {
		server := sink(b)
		b.ResetTimer()
		out, err := exec.CommandContext(b.Context(), source, "-s", fmt.Sprint(connections), "-m", fmt.Sprint(b.N), "-l", "6000", "-d", "-f", "no-reply@example.org",
			"-t", "kanaria.somebody@example.org", "inet:"+server).CombinedOutput()
		b.StopTimer()
		if err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		perSecond(b)
	})
}

// BenchmarkRelease measures how long the released letters of a run wait for the server's 250, all being due at once.
// Run it with -benchtime 10000x.
func BenchmarkRelease(b *testing.B) {
	var waits []time.Duration
	server := smtptest.Start(b, smtptest.WithoutData())
	a := on(b, server.Addr(), b.N)
	begun := now()
	b.ResetTimer()
	a.allOut(b)
	b.StopTimer()
	for _, m := range server.Accepted() {
		waits = append(waits, m.At.Sub(begun))
	}
	slices.Sort(waits)
	if len(waits) != b.N {
		b.Fatalf("%d of %d accepted", len(waits), b.N)
	}
	b.ReportMetric(waits[len(waits)*95/100].Seconds(), "s/95%")
	b.ReportMetric(waits[len(waits)*999/1000].Seconds(), "s/99.9%")
}

// BenchmarkWorkers measures a day's letters with two and with eight workers on one PostgreSQL, to a relay that takes a
// while for each, as relays do. Run it with -benchtime 2000x.
func BenchmarkWorkers(b *testing.B) {
	for _, n := range []int{2, 8} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			server := smtptest.Start(b, smtptest.WithoutData())
			server.Set(smtptest.Dot, smtptest.Well().Calling(func() { <-time.After(5 * time.Millisecond) }))
			redis, err := asynq.ParseRedisURI(servertest.Redis(b))
			if err != nil {
				b.Fatal(err)
			}
			database := servertest.Postgres(b)
			houses := []*app{outboxOf(b, server.Addr(), database, redis, b.N)}
			for range n - 1 {
				houses = append(houses, another(b, server.Addr(), database, redis))
			}
			ended := make(chan error, 1024)
			for _, a := range houses {
				stop, err := a.work(workers.Watched(a.Workers, ended), 10*time.Millisecond)
				if err != nil {
					b.Fatal(err)
				}
				defer stop()
			}
			b.ResetTimer()
			if err := houses[0].Queue.DueLetters(b.Context(), n*deliveries); err != nil {
				b.Fatal(err)
			}
			for range n * deliveries {
				if err := <-ended; err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			if got := len(server.Accepted()); got != b.N {
				b.Fatalf("%d of %d accepted", got, b.N)
			}
			perSecond(b)
		})
	}
}

// another builds one more copy of the program on the same servers.
func another(b *testing.B, server, database string, redis asynq.RedisConnOpt) *app {
	env := &environment{ctx: b.Context(), out: b.Output(), err: b.Output(), commands: &commands{Data: b.TempDir(), LogLevel: "warn"}}
	a, err := env.build(options{database: database, smtp: "smtp+plain://" + server, from: "no-reply@example.org", redis: redis, ticks: "t", letters: "l",
		clock: func() time.Time { return time.Date(2024, 3, 4, 7, 0, 0, 0, time.UTC) }, silent: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := a.Close(); err != nil && !strings.Contains(err.Error(), "closed") {
			b.Error(err)
		}
	})
	return a
}
