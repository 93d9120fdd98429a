package workers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/hibiken/asynq"

	"vireilla/internal/crash"
	"vireilla/tasks"
)

// Workers runs the steps, for tasks of the queue and for the Poller alike.
type Workers struct {
	Clock   func() time.Time
	Wall    func() time.Time // the real time
	Ticks   TickLedger
	Scan    *Scan
	Compare *Compare
	Deliver *Deliver
	Sweep   *Sweep
	Ping    *Ping                                            // nil without PING_URL
	Measure func(step string, took time.Duration, err error) // may be nil
	Trace   *Trace
	Log     *slog.Logger

	running sync.Map // ticks whose entry runs in this process: tasks.Tick -> true
}

// TickLedger is what SQL knows of ticks.
type TickLedger interface {
	TickOpen(ctx context.Context, entry string, at time.Time) (bool, error)
	TickDone(ctx context.Context, now time.Time, entry string, at time.Time) error
}

// ProcessTask implements asynq.Handler. A task that makes no sense is not tried again; one that SQL could not serve is.
func (w *Workers) ProcessTask(ctx context.Context, t *asynq.Task) error {
	if tasks.IsWake(t) {
		return nil
	}
	ctx = w.Trace.follow(ctx, t.Headers())
	switch t.Type() {
	case tasks.Refresh:
		return w.step(ctx, tasks.Refresh, func(ctx context.Context) error { return w.Scan.Refresh(ctx, w.Clock()) })
	case tasks.Deliver:
		ids, err := tasks.ParseDeliver(t)
		if err != nil {
			return w.refuse(ctx, tasks.Deliver, err)
		}
		return w.DeliverLetters(ctx, ids)
	}
	tick, err := tasks.ParseTick(t)
	if err != nil {
		return w.refuse(ctx, tasks.Unknown, err)
	}
	err = w.RunTick(ctx, tick.Entry, tick.At)
	if errors.Is(err, errRunning) {
		return nil
	}
	return err
}

// refuse fails a task for good. The errors of package tasks repeat nothing of a payload.
func (w *Workers) refuse(ctx context.Context, name string, err error) error {
	return w.step(ctx, name, func(context.Context) error { return fmt.Errorf("%w: %w", err, asynq.SkipRetry) })
}

// DeliverLetters delivers the named letters, then whatever else is due.
func (w *Workers) DeliverLetters(ctx context.Context, ids []int64) error {
	return w.step(ctx, tasks.Deliver, func(ctx context.Context) error { return w.Deliver.Run(ctx, ids) })
}

// errRunning says that a tick runs in this process already.
var errRunning = errors.New("the tick runs already")

// RunTick does the work of a tick, unless it is done. Two processes may run one tick at once: what it asks for is done
// once all the same.
func (w *Workers) RunTick(ctx context.Context, entry string, at time.Time) error {
	tick := tasks.Tick{Entry: entry, At: at.UTC()}
	if _, runs := w.running.LoadOrStore(tick, true); runs {
		return errRunning
	}
	defer w.running.Delete(tick)
	open, err := w.Ticks.TickOpen(ctx, entry, at)
	if err == nil && !open {
		return nil
	}
	return w.step(ctx, tasks.TickType(entry), func(ctx context.Context) error {
		if err != nil {
			return err
		}
		if err := w.runEntry(ctx, entry); err != nil {
			return err
		}
		crash.Here("tick-run")
		return w.Ticks.TickDone(ctx, w.Clock(), entry, at)
	})
}

// step runs one step in a span of its own, measures and logs it. A task whose
// step panics is not tried again; its tick stays open, and the poller tries it later.
func (w *Workers) step(ctx context.Context, name string, f func(context.Context) error) (err error) {
	start := w.Clock()
	ctx, end := w.Trace.span(ctx, name)
	defer func() {
		if r := recover(); r != nil {
			w.Log.Error("a step panicked", "task", name, "stack", string(debug.Stack()))
			err = fmt.Errorf("%s: panic: %w", name, asynq.SkipRetry)
		}
		end(err)
		took := w.Clock().Sub(start)
		if w.Measure != nil {
			w.Measure(name, took, err)
		}
		if err != nil {
			w.Log.Error("step", "task", name, "took", took, "err", err)
		} else {
			w.Log.Info("step", "task", name, "took", took)
		}
	}()
	return f(ctx)
}

// runEntry does the work of an entry of the timetable. It asks what is due by now, not what the tick was for: late is
// as good as in time.
func (w *Workers) runEntry(ctx context.Context, entry string) error {
	now := w.Clock()
	switch entry {
	case "deliver":
		return w.Sweep.EnqueueDue(ctx, now)
	case "sweep":
		err := w.Sweep.Run(ctx, w.Wall())
		if w.Ping != nil {
			err = errors.Join(err, w.Ping.Check(ctx, now))
		}
		return err
	case "retention":
		return w.Sweep.Forget(ctx, now)
	}
	return w.Scan.Run(ctx, entry, now)
}
