package workers

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"vireilla/internal/crash"
	"vireilla/internal/policy"
	"vireilla/internal/timetable"
)

// Timetable turns the time of day into tasks. Every copy of the program looks each second, and the one that holds the lease strikes: a tick is recorded in
// SQL, together with a check of the lease's fence, before its task is put.
type Timetable struct {
	Clock   func() time.Time
	Wall    func() time.Time // the real time, by which the lease runs
	Entries []policy.Entry
	Owner   string // this process, and no other
	Ledger  interface {
		TakeLease(ctx context.Context, name, holder string, span time.Duration) (fence int64, err error)
		EndLease(ctx context.Context, name, holder string) error
		LastTicks(ctx context.Context) (map[string]time.Time, error)
		RecordTicks(ctx context.Context, lease string, fence int64, s timetable.Record) (fresh []time.Time, held bool, err error)
	}
	Put func(ctx context.Context, entry string, at time.Time) error
	Log *slog.Logger

	term atomic.Pointer[term]
}

// term is a time as the striker.
type term struct {
	fence int64
	since time.Time // the last renewal
}

// TimetableLease is the name of the lease whose holder strikes.
const TimetableLease = "timetable"

const (
	leaseFor   = 10 * time.Second // a striker that dies is followed within this and a second
	renewAfter = 3 * time.Second
	letGoFor   = 2 * time.Second
	turnedBack = time.Hour // a ledger further ahead than the clocks of machines differ was written by a clock that was wrong
)

// Run looks each second until the context ends, and lets go of the lease.
func (t *Timetable) Run(ctx context.Context) {
	each := time.NewTicker(time.Second)
	defer each.Stop()
	defer t.letGo(ctx)
	for ctx.Err() == nil {
		if err := t.Tick(ctx); err != nil && ctx.Err() == nil {
			t.Log.Error("the timetable could not be kept; it is caught up later", "err", err)
		}
		select {
		case <-ctx.Done():
		case <-each.C:
		}
	}
}

// Strikes tells whether this process holds the lease, as far as it knows: who decides is the ledger.
func (t *Timetable) OwnsLease() bool {
	h := t.term.Load()
	return h != nil && t.Wall().Sub(h.since) < leaseFor
}

// Look strikes every tick that is due since the last look, if this process is the one to do so. An entry that was never looked at begins now.
func (t *Timetable) Tick(ctx context.Context) error {
	fence, err := t.hold(ctx)
	if err != nil || fence == 0 {
		return err
	}
	last, err := t.Ledger.LastTicks(ctx)
	if err != nil {
		return fmt.Errorf("timetable: %w", err)
	}
	now := t.Clock().Truncate(time.Millisecond)
	var struck []timetable.Record
	for _, e := range t.Entries {
		s, some := t.stroke(e, last[e.Name], now)
		if !some {
			continue
		}
		fresh, held, err := t.Ledger.RecordTicks(ctx, TimetableLease, fence, s)
		if err != nil {
			t.put(ctx, struck)
			return err
		}
		if !held {
			t.lose()
			break
		}
		t.tell(s)
		crash.Here("tick-recorded")
		s.Ticks = fresh
		struck = append(struck, s)
	}
	t.put(ctx, struck)
	return nil
}

// hold takes or renews the lease, and gives its fence; 0 when somebody else has it.
func (t *Timetable) hold(ctx context.Context) (int64, error) {
	wall := t.Wall()
	if h := t.term.Load(); h != nil && wall.Sub(h.since) < renewAfter {
		return h.fence, nil
	}
	fence, err := t.Ledger.TakeLease(ctx, TimetableLease, t.Owner, leaseFor)
	switch {
	case err != nil:
		return 0, fmt.Errorf("timetable: %w", err)
	case fence == 0:
		t.lose()
	default:
		t.term.Store(&term{fence, wall})
	}
	return fence, nil
}

func (t *Timetable) lose() {
	if t.term.Swap(nil) != nil {
		t.Log.Warn("another process strikes the timetable by now")
	}
}

// letGo ends the lease at once, so that a restart costs no tick its minute.
func (t *Timetable) letGo(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), letGoFor)
	defer cancel()
	if t.term.Swap(nil) == nil {
		return
	}
	if err := t.Ledger.EndLease(ctx, TimetableLease, t.Owner); err != nil {
		t.Log.Warn("could not let go of the timetable; it is free in a few seconds", "err", err)
	}
}

// stroke says what there is to record of an entry, if anything.
func (t *Timetable) stroke(e policy.Entry, last, now time.Time) (s timetable.Record, some bool) {
	s = timetable.Record{Entry: e.Name, Last: last, Now: now}
	switch {
	case last.IsZero():
		return s, true
	case last.Sub(now) > turnedBack: // what was struck stays struck: ticks are recorded once
		t.Log.Warn("the timetable was kept by a clock that was ahead; it goes on from now", "entry", e.Name, "kept", last)
		return s, true
	}
	s.Ticks, s.Skips = timetable.Due(e.Spec, e.CatchUp, time.Duration(e.CatchUpWithin), last, now)
	return s, len(s.Ticks)+len(s.Skips) > 0
}

// tell says what was left out. That a later tick did the work of earlier ones is nothing to worry about.
func (t *Timetable) tell(s timetable.Record) {
	for _, k := range s.Skips {
		level := slog.LevelWarn
		if k.Why == timetable.Superseded {
			level = slog.LevelInfo
		}
		t.Log.Log(context.Background(), level, "ticks left out", "entry", s.Entry, "from", k.From, "to", k.To, "why", k.Why)
	}
}

// put puts the tasks of ticks that are recorded. A queue that hangs takes the Bell's patience once, which is less than the lease has left.
func (t *Timetable) put(ctx context.Context, struck []timetable.Record) {
	for _, s := range struck {
		for _, at := range s.Ticks {
			if err := unlessQueueDown(t.Put(ctx, s.Entry, at)); err != nil {
				t.Log.Warn("could not put a tick; the sweep will", "entry", s.Entry, "err", err)
				return
			}
		}
	}
}
