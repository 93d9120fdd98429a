package workers

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"vireilla/internal/policy"
	"vireilla/internal/timetable"
)

// Timetable turns the time of day into tasks. Every copy of the program may look each second: a tick is recorded in SQL once, and whoever recorded it
// puts its task.
type Timetable struct {
	Clock   func() time.Time
	Entries []policy.Entry
	Ledger  interface {
		LastTick(ctx context.Context, name string) (time.Time, error)
		Strike(ctx context.Context, name string, last, now time.Time, ticks []time.Time) (ours bool, err error)
	}
	Put func(ctx context.Context, entry string, at time.Time) error
	Log *slog.Logger
}

// maxAge is how long after its time a tick may still be caught up.
const maxAge = 7 * 24 * time.Hour

// Run looks each second until the context ends.
func (t *Timetable) Run(ctx context.Context) {
	each := time.NewTicker(time.Second)
	defer each.Stop()
	for {
		if err := t.Look(ctx); err != nil && ctx.Err() == nil {
			t.Log.Error("the timetable could not be kept; it is caught up later", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-each.C:
		}
	}
}

// Look strikes every tick that is due since the last look and not recorded yet. An entry that was never looked at begins now.
func (t *Timetable) Look(ctx context.Context) error {
	now := t.Clock().Truncate(time.Millisecond)
	for _, e := range t.Entries {
		last, err := t.Ledger.LastTick(ctx, e.Name)
		if err != nil {
			return fmt.Errorf("timetable %s: %w", e.Name, err)
		}
		if !now.After(last) {
			continue // the clock went back: what was struck stays struck
		}
		var due []time.Time
		if !last.IsZero() {
			if due = timetable.Due(e.Spec, e.CatchUp, last, now, maxAge); len(due) == 0 && e.Spec.Next(last).After(now) {
				continue
			}
		}
		ours, err := t.Ledger.Strike(ctx, e.Name, last, now, due)
		if err != nil {
			return err
		}
		if !ours {
			continue
		}
		for _, at := range due {
			if err := t.Put(ctx, e.Name, at); err != nil {
				t.Log.Warn("could not put a tick; the sweep will", "entry", e.Name, "err", err)
			}
		}
	}
	return nil
}
