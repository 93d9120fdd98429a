package workers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/hibiken/asynq"

	"vireilla/internal/calendar"
	"vireilla/internal/policy"
	"vireilla/internal/timetable"
)

// Day runs the timetable of one local day to its end, with a clock that jumps from one event to the next: for catching
// up, for trying out, for people with their own cron. The ticks come from the same Timetable as ever and go through the
// queue; Day waits for each.
type Day struct {
	Policy *policy.Policy
	Clock  func() time.Time
	Set    func(time.Time) // turns Clock
	Wall   func() time.Time
	Queue  interface {
		Tick(ctx context.Context, entry string, at time.Time) error
		DueLetters(ctx context.Context, n int) error
	}
	Ended  <-chan error // one message for each task that ended
	Outbox interface {
		Due(ctx context.Context, now time.Time) (int, error)
		NextDue(ctx context.Context) (time.Time, error)
		Hasten(ctx context.Context, now time.Time) error
		NextBooking(ctx context.Context) (at time.Time, found bool, err error)
	}
	DeliverTasks int
	Trace        *Trace
	Log          *slog.Logger

	Planning, Sending time.Duration // what the two took, by Wall
}

// Watched reports the end of every task of a handler.
func Watched(h asynq.Handler, ended chan<- error) asynq.Handler {
	return asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error {
		err := h.ProcessTask(ctx, t)
		ended <- err
		return err
	})
}

// Run goes through the day. Every entry that is due at an instant runs at it. No instant is visited for the
// appointments alone unless one wakes. Letters go out when they are due. Letters that an earlier run could not send are
// tried once more. What a killed run has left claimed becomes unsure when the claim has ended.
func (d *Day) Run(ctx context.Context, day calendar.Day) error {
	start, end := day.At(0, 0, d.Policy.Location), (day+1).At(0, 0, d.Policy.Location)
	if err := d.Outbox.Hasten(ctx, start); err != nil {
		return err
	}
	d.Set(start)
	if err := d.run(ctx, "sweep", start); err != nil {
		return err
	}
	var failed error
	clock := &Timetable{Clock: d.Clock, Wall: d.Wall, Entries: d.entries(), Owner: "day", Ledger: dayLedger{d.Clock, d.entries()},
		Trace: d.Trace, Log: d.Log,
		Put: func(ctx context.Context, entry string, at time.Time) error {
			if failed == nil {
				failed = d.run(ctx, entry, at)
			}
			return nil
		}}
	for at := start.Add(-time.Millisecond); ; {
		next, err := d.next(ctx, at, end)
		if err != nil || next.IsZero() {
			return err
		}
		at = next
		d.Set(at)
		if err := errors.Join(clock.Tick(ctx), failed); err != nil {
			return err
		}
		if err := d.deliver(ctx, at); err != nil {
			return err
		}
	}
}

// entries leaves out what Day does itself.
func (d *Day) entries() (entries []policy.Entry) {
	for _, e := range d.Policy.Timetable {
		if e.Name != "deliver" && e.Name != "sweep" {
			entries = append(entries, e)
		}
	}
	return entries
}

// next gives the first instant after `at` and before `end` at which something is due; the zero time for none.
func (d *Day) next(ctx context.Context, at, end time.Time) (next time.Time, err error) {
	consider := func(t time.Time) {
		if t.After(at) && t.Before(end) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for _, e := range d.entries() {
		if e.Name != "appointments" {
			consider(e.Spec.Next(at))
			continue
		}
		wake, found, err := d.Outbox.NextBooking(ctx)
		if err != nil {
			return next, err
		}
		if found {
			if wake = wake.Add(-time.Nanosecond); wake.Before(at) {
				wake = at
			}
			consider(e.Spec.Next(wake))
		}
	}
	due, err := d.Outbox.NextDue(ctx)
	consider(due)
	return next, err
}

// dayLedger records nothing: the ticks of the day are not the real clock's. It stands just before the clock, so that an
// entry is due at its exact instants alone: in what the clock jumped over, there was nothing to do.
type dayLedger struct {
	clock   func() time.Time
	entries []policy.Entry
}

func (dayLedger) TakeLease(context.Context, string, string, time.Duration) (int64, error) {
	return 1, nil
}

func (dayLedger) EndLease(context.Context, string, string) error { return nil }

func (l dayLedger) LastTicks(context.Context) (map[string]time.Time, error) {
	last := map[string]time.Time{}
	for _, e := range l.entries {
		last[e.Name] = l.clock().Add(-time.Millisecond)
	}
	return last, nil
}

func (dayLedger) RecordTicks(_ context.Context, _ string, _ int64, r timetable.Record) ([]time.Time, bool, error) {
	return r.Ticks, true, nil
}

// run enqueues a tick and waits until it is done.
func (d *Day) run(ctx context.Context, entry string, at time.Time) error {
	start := d.Wall()
	defer func() { d.Planning += d.Wall().Sub(start) }()
	if err := d.Queue.Tick(ctx, entry, at); err != nil {
		return err
	}
	return d.wait(ctx, 1)
}

// deliver sends what is due, until nothing is or nothing moves because the kill switch is on.
func (d *Day) deliver(ctx context.Context, at time.Time) error {
	start := d.Wall()
	defer func() { d.Sending += d.Wall().Sub(start) }()
	for before := -1; ; {
		due, err := d.Outbox.Due(ctx, at)
		if err != nil || due == 0 || due == before {
			return err
		}
		before = due
		n := min(d.DeliverTasks, due)
		if err := d.Queue.DueLetters(ctx, n); err != nil {
			return err
		}
		if err := d.wait(ctx, n); err != nil {
			return err
		}
	}
}

func (d *Day) wait(ctx context.Context, n int) error {
	for range n {
		select {
		case err := <-d.Ended:
			if err != nil {
				return fmt.Errorf("run the day: %w", err)
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
