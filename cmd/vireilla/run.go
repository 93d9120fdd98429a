package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/mailer"
	"vireilla/internal/notice"
	"vireilla/internal/queue"
	"vireilla/workers"
)

type runCmd struct {
	At     string `help:"The day; today without it." placeholder:"DAY"`
	Format string `help:"text or json." default:"text" enum:"text,json"`
	Yes    bool   `help:"Write to people; without this, only say what would be sent."`
}

// dayReport is what a day came to.
type dayReport struct {
	At       calendar.Day   `json:"at"`
	Imported map[string]int `json:"imported"`
	Planned  map[string]int `json:"planned"`
	Outbox   map[string]int `json:"outbox"`
	Inbox    *inboxCount    `json:"inbox,omitempty"`
	Seconds  daySeconds     `json:"seconds"`
	left     int            // letters that are due when the day ends
	stopped  bool           // by the kill switch
}

type inboxCount struct {
	Accepted     int `json:"accepted"`
	DistinctKeys int `json:"distinct_keys"`
}

type daySeconds struct {
	Import float64 `json:"import"`
	Plan   float64 `json:"plan"`
	Send   float64 `json:"send"`
}

// Help is the longer text of `run --help`.
func (*runCmd) Help() string {
	return "For catching up, for trying out, and for people with their own cron instead of serve. The clock jumps through the day, from midnight to midnight: what the whole day brings goes " +
		"out at once, also what serve would send in hours to come. Of today, the letters of the afternoon go out now; the sending hours are those of the day that is run, so start it when " +
		"people may be written to. What is out already stays out, and what is no longer true or of use is not sent.\n\nA letter that the relay puts off has one try; serve tries it again " +
		"from a minute later on, and so does the next run. The exit code is 1 while letters of the day are not out, held ones excepted."
}

func (c *runCmd) Run(env *environment) error {
	p, _, err := env.policy()
	if err != nil {
		return err
	}
	day, err := env.parseDay(c.At, p)
	if err != nil {
		return err
	}
	if !c.Yes {
		fmt.Fprintf(env.err, "nothing is sent without --yes; this is what %s would bring\n", day)
		return (&planCmd{At: day.String(), Format: c.Format}).Run(env)
	}
	cfg, err := env.config()
	if err != nil {
		return err
	}
	if err := errors.Join(isThere(cfg.Database), cfg.needsMail()); err != nil {
		return err
	}
	redis, closeQueue, err := queue.Configured(cfg.Redis)
	if err != nil {
		return err
	}
	own := "run-" + rand.Text()[:8] // a queue that nobody else looks at
	o := options{database: cfg.Database, smtp: cfg.SMTP, from: cfg.From, rate: cfg.Rate, redis: redis, ticks: own, letters: own}
	report, err := env.runOnce(o, day, true)
	if err := errors.Join(err, closeQueue()); err != nil {
		return err
	}
	if err := report.show(env, c.Format); err != nil {
		return err
	}
	return report.notOut()
}

// notOut is an error when the day is over and letters are due that did not go out: whoever runs days by cron must hear
// of it.
func (r *dayReport) notOut() error {
	switch {
	case r.left > 0 && r.stopped:
		return fmt.Errorf("%d letters are not out, because letters are stopped: vireilla outbox start lets them go", r.left)
	case r.left > 0:
		return fmt.Errorf("%d letters are not out: vireilla outbox list --day %s tells why, and serve, or the next run, tries again what is still of use", r.left, r.At)
	}
	return nil
}

func (c config) needsMail() error {
	if c.SMTP == "" || c.From == "" {
		return fmt.Errorf("SMTP_URL and MAIL_FROM say through which relay and as whom letters go out; set both (vireilla demo needs neither)")
	}
	if err := mailer.CheckFrom(c.From); err != nil {
		return fromFault(err)
	}
	return nil
}

// fromFault names the variable where the mailer speaks of a letter.
func fromFault(err error) error {
	return errors.New("MAIL_FROM " + strings.TrimPrefix(err.Error(), "letter: from "))
}

// databaseTimeout bounds what is still written when a run was interrupted.
const databaseTimeout = 3 * time.Second

// runOnce runs one day's timetable in an app of its own, and with clear removes its queues afterwards.
func (env *environment) runOnce(o options, day calendar.Day, clear bool) (report dayReport, err error) {
	var clock atomic.Pointer[time.Time]
	set := func(t time.Time) { clock.Store(&t) }
	o.silent, o.clock = true, func() time.Time { return *clock.Load() }
	a, err := env.build(o)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if clear {
		defer func() {
			if err := a.Queue.Clear(env.ctx); err != nil {
				a.Log.Warn("the queue of this run could not be removed from Redis", "queue", o.ticks)
			}
		}()
	}
	midnight := (day + 1).At(0, 0, a.Policy.Location)
	set(day.At(0, 0, a.Policy.Location))
	if err := a.mayWrite(env.ctx); err != nil {
		return report, err
	}
	a.Workers.Ticks = noLedger{}
	// A letter that is put off is tried once in the time that jumps. The rest of the real day is there for others.
	a.Workers.Deliver.NotOver = func() time.Time { return midnight }
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(env.ctx), databaseTimeout)
		defer cancel()
		err = errors.Join(err, a.Store.Hasten(ctx, now().Add(time.Minute)))
	}()
	runner := &workers.Day{Policy: a.Policy, Clock: a.Clock, Set: set, Wall: now, Queue: a.Queue, Outbox: a.Store, DeliverTasks: deliveries,
		Trace: a.Workers.Trace, Log: a.Log}
	if err := a.runDay(env.ctx, runner, day); err != nil {
		return report, err
	}
	if report, err = a.report(env.ctx, day); err != nil {
		return report, err
	}
	if report.left, err = a.Store.Due(env.ctx, midnight); err != nil {
		return report, err
	}
	if report.stopped, err = a.Store.KillSwitch(env.ctx); err != nil {
		return report, err
	}
	report.Seconds.Plan, report.Seconds.Send = round(runner.Planning), round(runner.Sending)
	return report, nil
}

var errQueueDown = errors.New("run the day: the queue cannot be used; what is not out yet goes out with the next run")

// runDay runs a day, and gives it up when the queue goes down.
func (a *app) runDay(ctx context.Context, runner *workers.Day, day calendar.Day) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel(nil)
	a.Queue.Health.Changed = func() { cancel(errQueueDown) }
	a.Queue.Health.Probe(ctx)
	if a.Queue.Health.Down() {
		return errQueueDown
	}
	watching.Go(func() { a.Queue.Health.Run(ctx) })
	ended := make(chan error, 64)
	runner.Ended = ended
	stop, err := a.work(workers.Watched(a.Workers, ended), 5*time.Millisecond)
	if err != nil {
		return err
	}
	err = runner.Run(ctx, day)
	stop()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// noLedger is for days whose ticks are not recorded.
type noLedger struct{}

func (noLedger) TickOpen(context.Context, string, time.Time) (bool, error)    { return true, nil }
func (noLedger) TickDone(context.Context, time.Time, string, time.Time) error { return nil }

// report counts what was planned for a day and what became of it.
func (a *app) report(ctx context.Context, day calendar.Day) (dayReport, error) {
	r := dayReport{At: day, Planned: map[string]int{}, Outbox: map[string]int{"sent": 0, "failed": 0}}
	tally, err := a.Store.Tally(ctx, day)
	if err != nil {
		return r, err
	}
	for letter, states := range tally {
		for state, n := range states {
			r.Planned[letter] += n
			r.Outbox[string(state)] += n
		}
	}
	seekers, coaches, err := a.Store.Counts(ctx)
	r.Imported = map[string]int{"seekers": seekers, "coaches": coaches}
	return r, err
}

func (r *dayReport) show(env *environment, format string) error {
	if format == "json" {
		return env.json(r)
	}
	fmt.Fprintf(env.out, "%s %s: %d job seekers, %d coaches\n\n", r.At.Weekday(), r.At, r.Imported["seekers"], r.Imported["coaches"])
	t := env.table("planned", "letters")
	for _, letter := range slices.Sorted(maps.Keys(r.Planned)) {
		t.row(letter, fmt.Sprint(r.Planned[letter]))
	}
	if err := t.flush(); err != nil {
		return err
	}
	fmt.Fprintln(env.out)
	t = env.table("became", "letters")
	for _, state := range notice.States() {
		if n, ok := r.Outbox[string(state)]; ok {
			t.row(string(state), fmt.Sprint(n))
		}
	}
	if err := t.flush(); err != nil {
		return err
	}
	if r.Inbox != nil {
		fmt.Fprintf(env.out, "\nThe mail server accepted %d letters, %d different ones.\n", r.Inbox.Accepted, r.Inbox.DistinctKeys)
	}
	if n := r.Outbox["held"]; n > 0 {
		fmt.Fprintf(env.out, "\n%d letters are held. vireilla outbox list --state held shows them; vireilla outbox release RUN lets a run go out.\n", n)
	}
	if n := r.Outbox["sending"]; n > 0 {
		fmt.Fprintf(env.out, "\n%d letters were under way when an earlier run was stopped. A quarter of an hour after that a run or serve calls them unsure; vireilla outbox retry sends one again.\n", n)
	}
	_, err := fmt.Fprintf(env.out, "\nimport %.1f s, plan %.1f s, send %.1f s\n", r.Seconds.Import, r.Seconds.Plan, r.Seconds.Send)
	return err
}
