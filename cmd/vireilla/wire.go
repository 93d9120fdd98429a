package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"vireilla/internal/crash"
	"vireilla/internal/journal"
	"vireilla/internal/mailer"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/internal/queue"
	"vireilla/internal/store"
	"vireilla/internal/web"
	"vireilla/templates"
	"vireilla/workers"
)

// now is the only clock: everything else is handed the time.
func now() time.Time { return crash.Clock(time.Now()) }

// environment is what every command is given.
type environment struct {
	*commands
	ctx      context.Context
	getenv   func(string) string
	out, err io.Writer
	named    map[string]bool // options that stand on the command line
}

func (env *environment) log() *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(cmp.Or(env.LogLevel, "warn"))) // kong knows the words
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

// policyText is the text of the policy in force.
func (env *environment) policyText() ([]byte, error) {
	if env.Policy == "" {
		return policy.DefaultFile(), nil
	}
	text, err := os.ReadFile(env.Policy)
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	return text, nil
}

// policy reads the policy in force, and a fingerprint of it.
func (env *environment) policy() (*policy.Policy, string, error) {
	text, err := env.policyText()
	if err != nil {
		return nil, "", err
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

// maxSkew is how far the clocks of two copies of the program may lie apart.
const maxSkew = 30 * time.Second

func sameTime(ctx context.Context, s *store.DB, clock func() time.Time) error {
	skew, err := s.Skew(ctx, clock)
	if err == nil && skew.Abs() > maxSkew {
		err = fmt.Errorf("the clock of this machine is %s off the database's: set both by NTP, then start again", skew.Abs().Round(time.Second))
	}
	return err
}

// app is the program put together: the parts, and how they meet.
type app struct {
	Store   *store.DB
	Policy  *policy.Policy
	Clock   func() time.Time
	Letters *templates.Set
	Relay   *mailer.Relay
	Queue   *queue.Queue
	Workers *workers.Workers
	Poller  *workers.Poller
	Meters  *web.Meters
	Log     *slog.Logger

	stop  context.CancelFunc // no further letter is begun
	close []func() error
}

// options are what an app is built from.
type options struct {
	database, smtp, from string
	redis                queue.Redis
	ticks, letters       string // queues
	clock                func() time.Time
	silent               bool // steps enqueue nothing: whoever runs the day does
	rate                 int  // letters a minute, 0 for no limit
}

// How many connections to the relay are kept, and how many tasks deliver letters side by side: while some wait for the
// relay, others read, render and record. Relays limit the connections of each client, and four take more letters than
// any relay forwards.
const (
	connections = 4
	deliveries  = 16
)

// tuneGC lets the heap grow to five times what lives in it, as long as that is little. A worker's live heap is a few
// megabytes, which the collector would go through a hundred times a second while letters go out; it is forty when a
// register of a million is planned. GOGC and GOMEMLIMIT overrule it.
func tuneGC() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(64 << 20)
	}
}

func (env *environment) build(o options) (a *app, err error) {
	tuneGC()
	a = &app{Clock: o.clock, Log: env.log()}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	var policyID string
	if a.Policy, policyID, err = env.policy(); err != nil {
		return a, err
	}
	if a.Letters, err = loadLetters(env.Data); err != nil {
		return a, err
	}
	relay, err := mailer.ParseURL(o.smtp)
	if err != nil {
		return a, err
	}
	relay.Connections = connections
	if a.Store, err = env.openStore(o.database); err != nil {
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
	a.Relay = mailer.New(relay)
	a.close = append(a.close, func() error { a.Relay.Close(); return nil })
	if a.Queue, err = queue.Open(env.ctx, queue.Options{Redis: o.redis, Ticks: o.ticks, Letters: o.letters, Log: a.Log}); err != nil {
		return a, err
	}
	a.close = append(a.close, a.Queue.Close)
	trace, flush, err := tracing(env.ctx, a.Log)
	if err != nil {
		return a, err
	}
	a.close = append(a.close, func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(env.ctx), time.Second)
		defer cancel()
		_ = flush(ctx) // a collector that is down is no reason to fail
		return nil
	})
	if trace != nil {
		a.Queue.Carry = trace.Carry
	}
	a.Meters = newMeters(a.Policy.Timetable)
	stopping, stop := context.WithCancel(env.ctx)
	a.stop = stop
	enqueue := workers.Enqueuer(a.Queue)
	if o.silent {
		enqueue = workers.Silent{}
	}
	a.Workers = workers.New(workers.Parts{
		Clock: a.Clock, Wall: now, Policy: a.Policy, PolicyID: policyID, Store: a.Store, Journal: sends, Enqueue: enqueue,
		DeliverTasks: deliveries, Shared: a.Store.Shared() && !o.silent, Letters: a.Letters, From: o.from, Send: a.sender(), PerMinute: o.rate, Stop: stopping,
		SwitchMaxAge: store.BlockedMaxAge, Recorded: a.Meters.Became, Measure: a.Meters.Step, Trace: trace, Log: a.Log,
	})
	a.Poller = &workers.Poller{Queue: a.Queue.Health, Clock: a.Clock, Store: a.Store, Do: a.Workers, Concurrency: deliveries,
		Interval: workers.PollInterval, Log: a.Log}
	a.Queue.Health.Changed = a.Poller.Poke
	return a, nil
}

// sender gives the function by which letters are sent, with the breaker that knows when the relay refuses everybody.
func (a *app) sender() func(context.Context, workers.Mail) notice.Outcome {
	breaker := &mailer.Breaker{}
	return func(ctx context.Context, m workers.Mail) notice.Outcome {
		o := outcome(breaker.Note(a.Clock(), m.To, a.Relay.Send(ctx, mailer.Letter(m))))
		a.Meters.Answered(o)
		return o
	}
}

// outcome is what the mailer's answer means for a letter's state.
func outcome(o mailer.Outcome) notice.Outcome {
	result := map[mailer.Result]notice.Result{
		mailer.Sent: notice.Accepted, mailer.Deferred: notice.Later, mailer.Failed: notice.Never, mailer.Unsure: notice.Ambiguous,
	}[o.Result]
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

// work starts taking tasks. stop lets no further letter begin and waits for what is under way.
func (a *app) work(handler queue.Handler, interval time.Duration) (stop func(), err error) {
	drain, err := a.Queue.Work(handler, deliveries+2, interval)
	if err != nil {
		return nil, err
	}
	return func() {
		a.stop()
		drain()
	}, nil
}

// runTimetable keeps the timetable until the context ends, and shows it on the monitor's page of schedulers.
func (a *app) runTimetable(ctx context.Context) {
	t := &workers.Timetable{Clock: a.Clock, Wall: now, Entries: a.Policy.Timetable, Owner: processName(), Ledger: a.Store, Put: a.Queue.Tick,
		Trace: a.Workers.Trace, Log: a.Log}
	stop := a.showEntries(t.OwnsLease)
	defer stop()
	t.Run(ctx)
}

// processName names this process: the machine and the process for people, and a word that no other process has.
func processName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	return fmt.Sprintf("%s/%d/%s", host, os.Getpid(), rand.Text()[:8])
}

// showEntries shows the timetable on the monitor while owns says so.
func (a *app) showEntries(owns func() bool) (stop func()) {
	var entries []queue.Entry
	for _, e := range a.Policy.Timetable {
		entries = append(entries, queue.Entry{Name: e.Name, Cron: e.Cron})
	}
	return a.Queue.ShowEntries(entries, a.Policy.Location, owns)
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
