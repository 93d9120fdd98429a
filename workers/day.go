package workers

import (
	"context"
	"fmt"
	"time"

	"github.com/hibiken/asynq"

	"vireilla/internal/calendar"
	"vireilla/internal/policy"
)

// Day runs one local day's timetable to its end, with a clock that jumps from event to event: for catching up, for trying out, for people with
// their own cron. Tasks go through the queue as ever; Day waits for each.
type Day struct {
	Policy *policy.Policy
	Set    func(time.Time) // turns the clock of all steps
	Put    interface {
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

	Planning, Sending time.Duration // what the two took, by Stopwatch
	Stopwatch         func() time.Time
}

// Watched tells the end of every task of a handler.
func Watched(h asynq.Handler, ended chan<- error) asynq.Handler {
	return asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error {
		err := h.ProcessTask(ctx, t)
		ended <- err
		return err
	})
}

// Run goes through the day. Scans run at their ticks, appointments when one wakes, letters when they are due. What an earlier run could not bring out is tried
// once more; what a run that was killed has left claimed becomes unsure when the claim has ended.
func (d *Day) Run(ctx context.Context, day calendar.Day) error {
	if err := d.Outbox.Hasten(ctx, day.At(0, 0, d.Policy.Location)); err != nil {
		return err
	}
	if err := d.tick(ctx, "sweep", day.At(0, 0, d.Policy.Location)); err != nil {
		return err
	}
	at, end := day.At(0, 0, d.Policy.Location).Add(-time.Millisecond), (day+1).At(0, 0, d.Policy.Location)
	for {
		entry, when, err := d.next(ctx, at, end)
		if err != nil || entry == "" {
			return err
		}
		if when.After(at) {
			at = when
		}
		d.Set(at)
		if entry != "deliver" {
			if err := d.tick(ctx, entry, when); err != nil {
				return err
			}
		}
		if err := d.deliver(ctx, at); err != nil {
			return err
		}
	}
}

// next gives the first event after `at` and before `end`, or none.
func (d *Day) next(ctx context.Context, at, end time.Time) (entry string, when time.Time, err error) {
	consider := func(e string, t time.Time) {
		if t.Before(end) && (entry == "" || t.Before(when)) {
			entry, when = e, t
		}
	}
	for _, e := range d.Policy.Timetable {
		switch e.Name {
		case "deliver", "sweep":
		case "appointments":
			wake, found, err := d.Outbox.NextBooking(ctx)
			if err != nil {
				return "", when, err
			}
			if found {
				if wake = wake.Add(-time.Nanosecond); wake.Before(at) {
					wake = at
				}
				consider(e.Name, e.Spec.Next(wake))
			}
		default:
			consider(e.Name, e.Spec.Next(at))
		}
	}
	due, err := d.Outbox.NextDue(ctx)
	if due.After(at) {
		consider("deliver", due)
	}
	return entry, when, err
}

func (d *Day) tick(ctx context.Context, entry string, at time.Time) error {
	start := d.Stopwatch()
	defer func() { d.Planning += d.Stopwatch().Sub(start) }()
	if err := d.Put.Tick(ctx, entry, at); err != nil {
		return err
	}
	return d.wait(ctx, 1)
}

// deliver brings out what is due, until nothing is or nothing moves (the kill switch is on).
func (d *Day) deliver(ctx context.Context, at time.Time) error {
	start := d.Stopwatch()
	defer func() { d.Sending += d.Stopwatch().Sub(start) }()
	for before := -1; ; {
		due, err := d.Outbox.Due(ctx, at)
		if err != nil || due == 0 || due == before {
			return err
		}
		before = due
		n := min(d.DeliverTasks, due)
		if err := d.Put.DueLetters(ctx, n); err != nil {
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
