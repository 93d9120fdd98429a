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

// Timetable turns the time of day into tasks. Every copy of the program asks each second what is due, and the one that
// owns the lease records it: a tick is in SQL, written together with a check of the lease's fence, before its task is
// enqueued.
type Timetable struct {
	Clock   func() time.Time
	Wall    func() time.Time // the real time, by which the lease runs
	Entries []policy.Entry
	Owner   string // this process, and no other
	Ledger  interface {
		TakeLease(ctx context.Context, name, owner string, span time.Duration) (fence int64, err error)
		EndLease(ctx context.Context, name, owner string) error
		LastTicks(ctx context.Context) (map[string]time.Time, error)
		RecordTicks(ctx context.Context, lease string, fence int64, r timetable.Record) (fresh []time.Time, owned bool, err error)
	}
	Put   func(ctx context.Context, entry string, at time.Time) error // enqueues the task of a tick
	Trace *Trace
	Log   *slog.Logger

	lease atomic.Pointer[lease]
}

// lease is the lease as this process knows it.
type lease struct {
	fence   int64
	renewed time.Time
}

// TimetableLease is the name of the lease whose owner records ticks.
const TimetableLease = "timetable"

const (
	leaseFor   = 10 * time.Second // an owner that dies is followed within this and a second
	renewAfter = 3 * time.Second
	endTimeout = 2 * time.Second
	maxAhead   = time.Hour // a ledger further ahead than this was written by a clock that was wrong
)

// Run ticks each second until the context ends, and gives up the lease.
func (t *Timetable) Run(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	defer t.endLease(ctx)
	for ctx.Err() == nil {
		if err := t.Tick(ctx); err != nil && ctx.Err() == nil {
			t.Log.Error("due ticks could not be recorded; they are caught up later", "err", err)
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}

// OwnsLease tells whether this process owns the lease, as far as it knows: the ledger decides.
func (t *Timetable) OwnsLease() bool {
	l := t.lease.Load()
	return l != nil && t.Wall().Sub(l.renewed) < leaseFor
}

// Tick records and enqueues every tick that is due since the last call, if this process owns the lease. An entry that
// the ledger does not know begins now.
func (t *Timetable) Tick(ctx context.Context) error {
	fence, err := t.takeLease(ctx)
	if err != nil || fence == 0 {
		return err
	}
	last, err := t.Ledger.LastTicks(ctx)
	if err != nil {
		return fmt.Errorf("timetable: %w", err)
	}
	now := t.Clock().Truncate(time.Millisecond)
	var recorded []timetable.Record
	for _, e := range t.Entries {
		r, some := t.due(e, last[e.Name], now)
		if !some {
			continue
		}
		fresh, owned, err := t.Ledger.RecordTicks(ctx, TimetableLease, fence, r)
		if err != nil {
			t.put(ctx, recorded)
			return err
		}
		if !owned {
			t.loseLease()
			break
		}
		t.logSkips(r)
		crash.Here("tick-recorded")
		r.Ticks = fresh
		recorded = append(recorded, r)
	}
	t.put(ctx, recorded)
	return nil
}

// takeLease takes or renews the lease, and gives its fence; 0 when another process owns it.
func (t *Timetable) takeLease(ctx context.Context) (int64, error) {
	wall := t.Wall()
	if l := t.lease.Load(); l != nil && wall.Sub(l.renewed) < renewAfter {
		return l.fence, nil
	}
	fence, err := t.Ledger.TakeLease(ctx, TimetableLease, t.Owner, leaseFor)
	switch {
	case err != nil:
		return 0, fmt.Errorf("timetable: %w", err)
	case fence == 0:
		t.loseLease()
	default:
		t.lease.Store(&lease{fence, wall})
	}
	return fence, nil
}

func (t *Timetable) loseLease() {
	if t.lease.Swap(nil) != nil {
		t.Log.Warn("another process records the ticks of the timetable by now")
	}
}

// endLease gives up the lease at once, so that no tick waits for the lease to run out after a restart.
func (t *Timetable) endLease(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	if t.lease.Swap(nil) == nil {
		return
	}
	if err := t.Ledger.EndLease(ctx, TimetableLease, t.Owner); err != nil {
		t.Log.Warn("could not give up the timetable's lease; it ends in a few seconds", "err", err)
	}
}

// due says what is to be recorded of an entry, if anything.
func (t *Timetable) due(e policy.Entry, last, now time.Time) (r timetable.Record, some bool) {
	r = timetable.Record{Entry: e.Name, Last: last, Now: now}
	switch {
	case last.IsZero():
		return r, true
	case last.Sub(now) > maxAhead: // ticks that are recorded stay recorded
		t.Log.Warn("ticks were recorded by a clock that was ahead; the timetable goes on from now", "entry", e.Name, "recorded", last)
		return r, true
	}
	r.Ticks, r.Skips = timetable.Due(e.Spec, e.CatchUp, time.Duration(e.CatchUpWithin), last, now)
	return r, len(r.Ticks)+len(r.Skips) > 0
}

// logSkips logs what was left out. That a later tick does the work of earlier ones is no reason to worry.
func (t *Timetable) logSkips(r timetable.Record) {
	for _, k := range r.Skips {
		level := slog.LevelWarn
		if k.Why == timetable.Superseded {
			level = slog.LevelInfo
		}
		t.Log.Log(context.Background(), level, "ticks left out", "entry", r.Entry, "from", k.From, "to", k.To, "why", k.Why)
	}
}

// put enqueues the tasks of recorded ticks. A queue that hangs costs one enqueue timeout, less than the lease has left.
func (t *Timetable) put(ctx context.Context, recorded []timetable.Record) {
	for _, r := range recorded {
		for _, at := range r.Ticks {
			in, end := t.Trace.span(ctx, "enqueue "+r.Entry)
			err := t.Put(in, r.Entry, at)
			end(err)
			if err != nil {
				t.Log.Warn("could not enqueue a tick; the poller runs it", "entry", r.Entry, "err", err)
				return
			}
		}
	}
}
