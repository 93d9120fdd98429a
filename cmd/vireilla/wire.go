package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/hibiken/asynq"

	"vireilla/internal/mailer"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/internal/store"
	"vireilla/templates"
	"vireilla/workers"
)

// now is the only clock: everything else is handed the time.
func now() time.Time { return time.Now() }

// app is what every command is given.
type app struct {
	*commands
	ctx      context.Context
	out, err io.Writer
}

func (a *app) log() *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(a.LogLevel)) // kong knows the words
	return slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: level}))
}

// policy reads the policy in force, and a fingerprint of it.
func (a *app) policy() (*policy.Policy, string, error) {
	text := policy.DefaultFile()
	if a.Policy != "" {
		var err error
		if text, err = os.ReadFile(a.Policy); err != nil {
			return nil, "", fmt.Errorf("policy: %w", err)
		}
	}
	p, faults := policy.Parse(text)
	if len(faults) > 0 {
		for _, f := range faults {
			fmt.Fprintf(a.err, "%s:%s\n", a.Policy, f)
		}
		return nil, "", errSilent
	}
	sum := sha256.Sum256(text)
	return p, p.Version + "/" + hex.EncodeToString(sum[:6]), nil
}

// store opens the database.
func (a *app) store() (*store.Store, error) {
	c, err := loadConfig(a.Data)
	if err != nil {
		return nil, err
	}
	return a.openStore(c.Database)
}

func (a *app) openStore(database string) (*store.Store, error) {
	if err := os.MkdirAll(a.Data, 0o700); err != nil {
		return nil, fmt.Errorf("--data: %w", err)
	}
	return store.Open(a.ctx, database)
}

// house is the program put together: the parts, and how they meet.
type house struct {
	Store    *store.Store
	Policy   *policy.Policy
	PolicyID string
	Clock    func() time.Time
	Letters  *templates.Set
	Relay    *mailer.Relay
	Bell     *workers.Bell
	Workers  *workers.Workers
	Log      *slog.Logger

	redis asynq.RedisConnOpt
	stop  context.CancelFunc // no further letter is begun
	close []func() error
}

// parts is what a house is built of.
type parts struct {
	database, smtp, from string
	redis                asynq.RedisConnOpt
	ticks, letters       string // queues
	clock                func() time.Time
	quiet                bool // steps do not ring: whoever runs the day does
}

// How many lines to the relay are kept, and how many tasks bring letters side by side: while some speak with the relay, others read, render and record.
const (
	connections = 4
	deliveries  = 8
)

func (a *app) build(p parts) (h *house, err error) {
	h = &house{Clock: p.clock, Log: a.log(), redis: p.redis}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.Close())
		}
	}()
	if h.Policy, h.PolicyID, err = a.policy(); err != nil {
		return h, err
	}
	if h.Letters, err = loadLetters(a.Data); err != nil {
		return h, err
	}
	relay, err := mailer.ParseURL(p.smtp)
	if err != nil {
		return h, fmt.Errorf("SMTP_URL: %w", err)
	}
	relay.Connections = connections
	if h.Store, err = a.openStore(p.database); err != nil {
		return h, err
	}
	h.close = append(h.close, h.Store.Close)
	h.Relay = mailer.New(relay)
	h.close = append(h.close, func() error { h.Relay.Close(); return nil })
	redis, err := openQueue(a.ctx, p.redis)
	if err != nil {
		return h, err
	}
	h.close = append(h.close, redis.Close)
	client := asynq.NewClient(p.redis)
	h.close = append(h.close, client.Close)
	h.Bell = &workers.Bell{Client: client, Ticks: p.ticks, Letters: p.letters}

	stopping, stop := context.WithCancel(context.WithoutCancel(a.ctx))
	h.stop = stop
	ring, bells := h.Bell.Ring, deliveries
	openTicks := func(ctx context.Context, before time.Time, each func(string, time.Time) error) error {
		ticks, err := h.Store.OpenTicks(ctx, before)
		for _, t := range ticks {
			err = errors.Join(err, each(t.Name, t.At))
		}
		return err
	}
	if p.quiet {
		bells = 0
		ring = func(context.Context, []int64) error { return nil }
		openTicks = func(context.Context, time.Time, func(string, time.Time) error) error { return nil }
	}
	scan := &workers.Scan{Policy: h.Policy, PolicyID: h.PolicyID, Agenda: h.Store, Facts: h.Store, Bookings: h.Store, Outbox: h.Store, Ring: ring, Log: h.Log}
	breaker := &mailer.Breaker{}
	h.Workers = &workers.Workers{
		Clock: h.Clock, Policy: h.Policy, Scan: scan, Ledger: h.Store, Log: h.Log,
		Deliver: &workers.Deliver{
			Clock: h.Clock, Wall: now, Policy: h.Policy, Outbox: h.Store, Facts: h.Store, Refresh: scan.Refresh, Letters: h.Letters, From: p.from, Stop: stopping, Log: h.Log,
			Record: &workers.Recorder{Clock: h.Clock, Outbox: h.Store, Log: h.Log},
			Send: func(ctx context.Context, m workers.Mail) notice.Outcome {
				o := h.Relay.Send(ctx, mailer.Letter(m))
				return outcome(breaker.Note(h.Clock(), m.To, o))
			},
		},
		Sweep: &workers.Sweep{Policy: h.Policy, Outbox: h.Store, Bell: h.Bell, Bells: bells, OpenTicks: openTicks, Publish: publish(redis, p.ticks, p.letters), Log: h.Log},
	}
	return h, nil
}

// outcome is what the mailer's answer means for a letter's state.
func outcome(o mailer.Outcome) notice.Outcome {
	result := map[mailer.Result]notice.Result{mailer.Sent: notice.Accepted, mailer.Deferred: notice.Later, mailer.Failed: notice.Never, mailer.Unsure: notice.Ambiguous}[o.Result]
	return notice.Outcome{Result: result, Code: o.Code, Why: o.Reason}
}

// loadLetters reads the letters, with the office's own files from templates/ in the data folder laid over them.
func loadLetters(data string) (*templates.Set, error) {
	overlay := filepath.Join(data, "templates")
	if _, err := os.Stat(overlay); err != nil {
		return templates.Load(nil)
	}
	return templates.Load(os.DirFS(overlay))
}

// work starts taking tasks; the function it gives stops: no letter is begun any more, what is under way ends.
func (h *house) work(handler asynq.Handler, queues map[string]int, look time.Duration) (func(), error) {
	server := asynq.NewServer(h.redis, asynq.Config{
		Queues: queues, Concurrency: deliveries + 2, TaskCheckInterval: look, DelayedTaskCheckInterval: time.Second, ShutdownTimeout: 20 * time.Second,
		LogLevel: asynq.FatalLevel, RetryDelayFunc: func(n int, _ error, _ *asynq.Task) time.Duration { return time.Duration(n+1) * 10 * time.Second },
	})
	if err := server.Start(handler); err != nil {
		return nil, fmt.Errorf("workers: %w", err)
	}
	return func() {
		h.stop()
		server.Shutdown()
	}, nil
}

// Close closes what was opened, the last first.
func (h *house) Close() (err error) {
	if h.stop != nil {
		h.stop()
	}
	for i := len(h.close) - 1; i >= 0; i-- {
		err = errors.Join(err, h.close[i]())
	}
	return err
}
