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
	"runtime/debug"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"vireilla/internal/crash"
	"vireilla/internal/journal"
	"vireilla/internal/mailer"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/internal/store"
	"vireilla/internal/web"
	"vireilla/templates"
	"vireilla/workers"
)

// now is the only clock: everything else is handed the time.
func now() time.Time { return crash.Clock(time.Now()) }

// app is what every command is given.
type environment struct {
	*commands
	ctx      context.Context
	out, err io.Writer
	named    map[string]bool // options that stand on the command line
}

func (env *environment) log() *slog.Logger {
	level := slog.LevelWarn
	if env.LogLevel != "" {
		_ = level.UnmarshalText([]byte(env.LogLevel)) // kong knows the words
	}
	options := &slog.HandlerOptions{Level: level}
	if isTerminal(env.err) {
		return slog.New(slog.NewTextHandler(env.err, options))
	}
	options.ReplaceAttr = func(_ []string, attr slog.Attr) slog.Attr {
		if attr.Value.Kind() == slog.KindDuration { // as text: a bare number would not tell its unit
			attr.Value = slog.StringValue(attr.Value.Duration().Round(time.Microsecond).String())
		}
		return attr
	}
	return slog.New(slog.NewJSONHandler(env.err, options))
}

// policy reads the policy in force, and a fingerprint of it.
func (env *environment) policy() (*policy.Policy, string, error) {
	text := policy.DefaultFile()
	if env.Policy != "" {
		var err error
		if text, err = os.ReadFile(env.Policy); err != nil {
			return nil, "", fmt.Errorf("policy: %w", err)
		}
	}
	p, faults := policy.Parse(text)
	if len(faults) > 0 {
		for _, f := range faults {
			fmt.Fprintf(env.err, "%s:%s\n", env.Policy, f)
		}
		return nil, "", errSilent
	}
	sum := sha256.Sum256(text)
	return p, p.Version + "/" + hex.EncodeToString(sum[:6]), nil
}

// mostSkew is how far the clocks of copies of the program may lie apart.
const mostSkew = 30 * time.Second

func sameTime(ctx context.Context, s *store.DB, clock func() time.Time) error {
	skew, err := s.Skew(ctx, clock)
	if err == nil && skew.Abs() > mostSkew {
		err = fmt.Errorf("the clock of this machine is %s off the database's: set both by NTP, then start again", skew.Abs().Round(time.Second))
	}
	return err
}

// house is the program put together: the parts, and how they meet.
type app struct {
	Store    *store.DB
	Policy   *policy.Policy
	PolicyID string
	Clock    func() time.Time
	Letters  *templates.Set
	Relay    *mailer.Relay
	Enqueue  *workers.Enqueuer
	Compare  *workers.Compare
	Health   *workers.QueueHealth
	Poller   *workers.Poller
	Workers  *workers.Workers
	Meters   *web.Meters
	Log      *slog.Logger

	redis asynq.RedisConnOpt
	queue redis.UniversalClient // for what asynq leaves undone
	stop  context.CancelFunc    // no further letter is begun
	close []func() error
}

// parts is what a house is built of.
type options struct {
	database, smtp, from string
	redis                asynq.RedisConnOpt
	ticks, letters       string // queues
	clock                func() time.Time
	quiet                bool // steps do not ring: whoever runs the day does
	rate                 int  // letters a minute, 0 for no limit
}

// How many lines to the relay are kept, and how many tasks bring letters side by side: while some speak with the relay, others read, render and record. Relays count the lines of
// each client, and four take more letters than any of them forwards.
const (
	connections = 4
	deliveries  = 16
)

// underWay is how long tasks may go on when the program stops, lastWord how long that and telling Redis may take.
const (
	shutdownTimeout = 20 * time.Second
	stopTimeout     = shutdownTimeout + 2*time.Second
)

// leaveRoom lets the heap grow to five times what lives in it, as long as that is little. A worker's live heap is a few megabytes, which the collector would go through a hundred
// times a second while letters go out; when a register of a million is planned, it is forty. GOGC and GOMEMLIMIT say otherwise.
func leaveRoom() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(64 << 20)
	}
}

func (env *environment) build(p options) (a *app, err error) {
	leaveRoom()
	a = &app{Clock: p.clock, Log: env.log(), redis: p.redis}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if a.Policy, a.PolicyID, err = env.policy(); err != nil {
		return a, err
	}
	a.Meters = newMeters(a.Policy.Timetable)
	if a.Letters, err = loadLetters(env.Data); err != nil {
		return a, err
	}
	relay, err := mailer.ParseURL(p.smtp)
	if err != nil {
		return a, err
	}
	relay.Connections = connections
	if a.Store, err = env.openStore(p.database); err != nil {
		return a, err
	}
	a.close = append(a.close, a.Store.Close)
	if err := sameTime(env.ctx, a.Store, time.Now); err != nil {
		return a, err
	}
	sends, err := journal.Open(env.Data, now())
	if err != nil {
		return a, err
	}
	a.close = append(a.close, sends.Close)
	a.Compare = &workers.Compare{Clock: a.Clock, Journal: sends, Outbox: a.Store, Log: a.Log}
	a.Relay = mailer.New(relay)
	a.close = append(a.close, func() error { a.Relay.Close(); return nil })
	if a.queue, err = openQueue(env.ctx, p.redis); err != nil {
		return a, err
	}
	a.close = append(a.close, a.queue.Close)
	client := asynq.NewClient(p.redis)
	inspector := asynq.NewInspector(p.redis)
	a.close = append(a.close, client.Close, inspector.Close)
	a.Health = &workers.QueueHealth{Try: try(a.queue, p.ticks, p.letters), Interval: lookEvery, Log: a.Log}
	a.Enqueue = &workers.Enqueuer{Client: client, Inspector: inspector, TickQueue: p.ticks, LetterQueue: p.letters, Watch: a.Health, Clock: a.Clock}

	stopping, stop := context.WithCancel(env.ctx) // at once, whatever is closed before
	a.stop = stop
	ring, bells := a.Enqueue.Letters, deliveries
	openTicks := func(ctx context.Context, before time.Time, each func(string, time.Time) error) error {
		ticks, err := a.Store.OpenTicks(ctx, before)
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
	scan := &workers.Scan{Policy: a.Policy, PolicyID: a.PolicyID, Agenda: a.Store, Facts: a.Store, Bookings: a.Store, Outbox: a.Store, Enqueue: ring, Log: a.Log}
	if a.Store.Shared() && !p.quiet {
		scan.Help = a.Enqueue.Help
	}
	breaker := &mailer.Breaker{}
	a.Workers = &workers.Workers{
		Clock: a.Clock, Policy: a.Policy, Scan: scan, Ledger: a.Store, Measure: a.Meters.Step, Log: a.Log,
		Deliver: &workers.Deliver{
			Clock: a.Clock, Wall: now, Policy: a.Policy, Outbox: a.Store, Facts: a.Store, Journal: sends, Compare: a.Compare,
			SendingBlocked: workers.NewKillSwitch(a.Store.SendingBlocked, store.BlockedMaxAge, now).On,
			Refresh:        scan.Refresh, Letters: a.Letters, From: p.from, Pace: workers.PerMinute(p.rate), Stop: stopping, Log: a.Log,
			Record: &workers.Recorder{Clock: a.Clock, Outbox: counted{a.Store, a.Meters}, Journal: sends, Log: a.Log},
			Send: func(ctx context.Context, m workers.Mail) notice.Outcome {
				o := a.Relay.Send(ctx, mailer.Letter(m))
				said := outcome(breaker.Note(a.Clock(), m.To, o))
				a.Meters.Answered(said)
				return said
			},
		},
		Sweep: &workers.Sweep{Policy: a.Policy, Outbox: a.Store, Enqueue: a.Enqueue, DeliverTasks: bells, OpenTicks: openTicks, Log: a.Log},
	}
	trace, flush, err := tracing(env.ctx, a.Log)
	if err != nil {
		return a, err
	}
	a.close = append(a.close, func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(env.ctx), time.Second)
		defer cancel()
		_ = flush(ctx) // a collector that is away is no reason to fail
		return nil
	})
	a.Enqueue.Trace, scan.Trace, a.Workers.Trace, a.Workers.Deliver.Trace, a.Workers.Deliver.Record.Trace = trace, trace, trace, trace, trace
	a.Health.OnUp = func(ctx context.Context) error { return a.Workers.Sweep.Back(ctx, a.Clock()) }
	a.Poller = &workers.Poller{Watch: a.Health, Clock: a.Clock, Ticks: openTicks, Do: a.Workers, Concurrency: deliveries, Interval: time.Minute, Log: a.Log}
	return a, nil
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
		return ownLetters()
	}
	return templates.Load(os.DirFS(overlay))
}

// ownLetters reads the letters that the program brings along, once: nobody changes them.
var ownLetters = sync.OnceValues(func() (*templates.Set, error) { return templates.Load(nil) })

// work starts taking tasks; the function it gives stops: no letter is begun any more, what is under way ends.
func (a *app) work(handler asynq.Handler, queues map[string]int, look time.Duration) (func(), error) {
	hands := make(chan struct{}, deliveries+2)
	server := asynq.NewServer(a.redis, asynq.Config{
		Queues: queues, Concurrency: cap(hands), TaskCheckInterval: look, DelayedTaskCheckInterval: time.Second, ShutdownTimeout: shutdownTimeout,
		LogLevel: asynq.FatalLevel, RetryDelayFunc: func(n int, _ error, _ *asynq.Task) time.Duration { return time.Duration(n+1) * 10 * time.Second },
	})
	if err := server.Start(asynq.HandlerFunc(func(ctx context.Context, task *asynq.Task) error {
		hands <- struct{}{}
		defer func() { <-hands }()
		return handler.ProcessTask(ctx, task)
	})); err != nil {
		return nil, fmt.Errorf("workers: %w", err)
	}
	return func() {
		a.stop()
		late := time.After(stopTimeout)
		ended := make(chan struct{})
		go func() {
			server.Shutdown()
			close(ended)
		}()
		select {
		case <-ended:
		case <-late: // it says good-bye to a Redis that does not answer
			return
		}
		for range cap(hands) { // a task whose time was over is given up by the queue, and still writes down what became of its letters
			select {
			case hands <- struct{}{}:
			case <-late: // it waits for a relay that does not answer
				return
			}
		}
	}, nil
}

// Close closes what was opened, the last first.
func (a *app) Close() (err error) {
	if a.stop != nil {
		a.stop()
	}
	for i := len(a.close) - 1; i >= 0; i-- {
		err = errors.Join(err, a.close[i]())
	}
	return err
}
