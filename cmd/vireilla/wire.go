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
type app struct {
	*commands
	ctx      context.Context
	out, err io.Writer
	named    map[string]bool // options that stand on the command line
}

func (a *app) log() *slog.Logger {
	level := slog.LevelWarn
	if a.LogLevel != "" {
		_ = level.UnmarshalText([]byte(a.LogLevel)) // kong knows the words
	}
	options := &slog.HandlerOptions{Level: level}
	if isTerminal(a.err) {
		return slog.New(slog.NewTextHandler(a.err, options))
	}
	options.ReplaceAttr = func(_ []string, attr slog.Attr) slog.Attr {
		if attr.Value.Kind() == slog.KindDuration { // as text: a bare number would not tell its unit
			attr.Value = slog.StringValue(attr.Value.Duration().Round(time.Microsecond).String())
		}
		return attr
	}
	return slog.New(slog.NewJSONHandler(a.err, options))
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

// mostSkew is how far the clocks of copies of the program may lie apart.
const mostSkew = 30 * time.Second

func sameTime(ctx context.Context, s *store.Store, clock func() time.Time) error {
	skew, err := s.Skew(ctx, clock)
	if err == nil && skew.Abs() > mostSkew {
		err = fmt.Errorf("the clock of this machine is %s off the database's: set both by NTP, then start again", skew.Abs().Round(time.Second))
	}
	return err
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
	Compare  *workers.Compare
	Watch    *workers.Watch
	Rounds   *workers.Rounds
	Workers  *workers.Workers
	Meters   *web.Meters
	Log      *slog.Logger

	redis asynq.RedisConnOpt
	queue redis.UniversalClient // for what asynq leaves undone
	stop  context.CancelFunc    // no further letter is begun
	close []func() error
}

// parts is what a house is built of.
type parts struct {
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
	underWay = 20 * time.Second
	lastWord = underWay + 2*time.Second
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

func (a *app) build(p parts) (h *house, err error) {
	leaveRoom()
	h = &house{Clock: p.clock, Log: a.log(), redis: p.redis}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.Close())
		}
	}()
	if h.Policy, h.PolicyID, err = a.policy(); err != nil {
		return h, err
	}
	h.Meters = newMeters(h.Policy.Timetable)
	if h.Letters, err = loadLetters(a.Data); err != nil {
		return h, err
	}
	relay, err := mailer.ParseURL(p.smtp)
	if err != nil {
		return h, err
	}
	relay.Connections = connections
	if h.Store, err = a.openStore(p.database); err != nil {
		return h, err
	}
	h.close = append(h.close, h.Store.Close)
	if err := sameTime(a.ctx, h.Store, time.Now); err != nil {
		return h, err
	}
	sends, err := journal.Open(a.Data, now())
	if err != nil {
		return h, err
	}
	h.close = append(h.close, sends.Close)
	h.Compare = &workers.Compare{Clock: h.Clock, Journal: sends, Outbox: h.Store, Log: h.Log}
	h.Relay = mailer.New(relay)
	h.close = append(h.close, func() error { h.Relay.Close(); return nil })
	if h.queue, err = openQueue(a.ctx, p.redis); err != nil {
		return h, err
	}
	h.close = append(h.close, h.queue.Close)
	client := asynq.NewClient(p.redis)
	inspector := asynq.NewInspector(p.redis)
	h.close = append(h.close, client.Close, inspector.Close)
	h.Watch = &workers.Watch{Try: try(h.queue, p.ticks, p.letters), Pace: lookEvery, Log: h.Log}
	h.Bell = &workers.Bell{Client: client, Inspector: inspector, Ticks: p.ticks, Letters: p.letters, Watch: h.Watch, Clock: h.Clock}

	stopping, stop := context.WithCancel(a.ctx) // at once, whatever is closed before
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
	if h.Store.Shared() && !p.quiet {
		scan.Help = h.Bell.Help
	}
	breaker := &mailer.Breaker{}
	h.Workers = &workers.Workers{
		Clock: h.Clock, Policy: h.Policy, Scan: scan, Ledger: h.Store, Measure: h.Meters.Step, Log: h.Log,
		Deliver: &workers.Deliver{
			Clock: h.Clock, Wall: now, Policy: h.Policy, Outbox: h.Store, Facts: h.Store, Journal: sends, Compare: h.Compare,
			Halted:  workers.NewHalt(h.Store.Halted, store.HaltedFor, now).Halted,
			Refresh: scan.Refresh, Letters: h.Letters, From: p.from, Pace: workers.PerMinute(p.rate), Stop: stopping, Log: h.Log,
			Record: &workers.Recorder{Clock: h.Clock, Outbox: counted{h.Store, h.Meters}, Journal: sends, Log: h.Log},
			Send: func(ctx context.Context, m workers.Mail) notice.Outcome {
				o := h.Relay.Send(ctx, mailer.Letter(m))
				said := outcome(breaker.Note(h.Clock(), m.To, o))
				h.Meters.Answered(said)
				return said
			},
		},
		Sweep: &workers.Sweep{Policy: h.Policy, Outbox: h.Store, Bell: h.Bell, Bells: bells, OpenTicks: openTicks, Log: h.Log},
	}
	trace, flush, err := tracing(a.ctx, h.Log)
	if err != nil {
		return h, err
	}
	h.close = append(h.close, func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(a.ctx), time.Second)
		defer cancel()
		_ = flush(ctx) // a collector that is away is no reason to fail
		return nil
	})
	h.Bell.Trace, scan.Trace, h.Workers.Trace, h.Workers.Deliver.Trace, h.Workers.Deliver.Record.Trace = trace, trace, trace, trace, trace
	h.Watch.Back = func(ctx context.Context) error { return h.Workers.Sweep.Back(ctx, h.Clock()) }
	h.Rounds = &workers.Rounds{Watch: h.Watch, Clock: h.Clock, Ticks: openTicks, Do: h.Workers, Hands: deliveries, Pace: time.Minute, Log: h.Log}
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
		return ownLetters()
	}
	return templates.Load(os.DirFS(overlay))
}

// ownLetters reads the letters that the program brings along, once: nobody changes them.
var ownLetters = sync.OnceValues(func() (*templates.Set, error) { return templates.Load(nil) })

// work starts taking tasks; the function it gives stops: no letter is begun any more, what is under way ends.
func (h *house) work(handler asynq.Handler, queues map[string]int, look time.Duration) (func(), error) {
	hands := make(chan struct{}, deliveries+2)
	server := asynq.NewServer(h.redis, asynq.Config{
		Queues: queues, Concurrency: cap(hands), TaskCheckInterval: look, DelayedTaskCheckInterval: time.Second, ShutdownTimeout: underWay,
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
		h.stop()
		late := time.After(lastWord)
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
func (h *house) Close() (err error) {
	if h.stop != nil {
		h.stop()
	}
	for i := len(h.close) - 1; i >= 0; i-- {
		err = errors.Join(err, h.close[i]())
	}
	return err
}
