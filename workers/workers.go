// Package workers does the work. The flow, in one place:
//
//	Timetable  the clock strikes            -> the tick is recorded in SQL, then its task is put
//	Scan       facts -> plan -> outbox      -> the new letters are rung
//	Compare    is the database older than the send journal? -> no letter, until a person has looked
//	Deliver    claim -> journal -> still true? -> render -> send -> what became of it -> record
//	Sweep      frees what is stuck, rings what is due, puts again what was lost
//	Watch      knows whether the queue answers
//	Rounds     while it does not, does what the ticks and letters in SQL ask for, by the same steps
//
// SQL is the memory, Redis the doorbell: a task names ids and may come twice, late, or on several machines at once; the outbox decides. Every step
// declares, beside its use, the few methods that it needs.
package workers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/hibiken/asynq"

	"vireilla/internal/crash"
	"vireilla/internal/policy"
	"vireilla/tasks"
)

// Workers hands each task to its step.
type Workers struct {
	Clock   func() time.Time
	Policy  *policy.Policy
	Scan    *Scan
	Deliver *Deliver
	Sweep   *Sweep
	Ledger  interface {
		TickDone(ctx context.Context, now time.Time, entry string, at time.Time) error
	}
	Ping    *Ping                                            // nil when nobody is to be told
	Measure func(step string, took time.Duration, err error) // may be nil
	Trace   *Trace
	Log     *slog.Logger
}

// ProcessTask implements asynq.Handler. A task that makes no sense is not tried again; what the outbox could not take is.
func (w *Workers) ProcessTask(ctx context.Context, t *asynq.Task) (err error) {
	if tasks.IsWake(t) {
		return nil // it was there to be seen
	}
	start := w.Clock()
	ctx, end := w.Trace.span(w.Trace.follow(ctx, t.Headers()), t.Type())
	defer func() {
		if r := recover(); r != nil {
			w.Log.Error("a step panicked", "task", t.Type(), "stack", string(debug.Stack()))
			err = fmt.Errorf("%s: panic: %w", t.Type(), asynq.SkipRetry)
		}
		end(err)
		took := w.Clock().Sub(start)
		if w.Measure != nil {
			w.Measure(t.Type(), took, err)
		}
		if err != nil {
			w.Log.Error("step", "task", t.Type(), "took", took, "err", err)
		} else {
			w.Log.Info("step", "task", t.Type(), "took", took)
		}
	}()
	switch t.Type() {
	case tasks.Refresh:
		return w.Scan.Refresh(ctx, w.Clock())
	case tasks.Deliver:
		ids, err := tasks.ParseDeliver(t)
		if err != nil {
			return fmt.Errorf("%w: %w", err, asynq.SkipRetry)
		}
		return w.Deliver.Run(ctx, ids)
	}
	tick, err := tasks.ParseTick(t)
	if err != nil {
		return fmt.Errorf("%w: %w", err, asynq.SkipRetry)
	}
	if err := w.runEntry(ctx, tick.Entry); err != nil {
		return err
	}
	crash.Here("tick-run")
	return w.Ledger.TickDone(ctx, w.Clock(), tick.Entry, tick.At)
}

// strike does the work of an entry of the timetable. It looks at what is due by now, not at the tick: late is as good as in time.
func (w *Workers) runEntry(ctx context.Context, entry string) error {
	now := w.Clock()
	switch entry {
	case "deliver":
		return w.Sweep.Ring(ctx, now)
	case "sweep":
		err := w.Sweep.Run(ctx, now, w.Deliver.Wall())
		if w.Ping != nil {
			err = errors.Join(err, w.Ping.Check(ctx, now))
		}
		return err
	case "retention":
		return w.Sweep.Forget(ctx, now)
	}
	return w.Scan.Run(ctx, entry, now)
}
