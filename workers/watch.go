package workers

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"
)

// ErrAway says that the queue does not take tasks now. Nothing is lost by it, and Watch has told it: it is not worth another line in the log.
var ErrQueueDown = errors.New("the queue cannot be used")

// Watch knows whether the queue takes tasks. It says once that it does not, and once that it does again.
type QueueHealth struct {
	Try      func(ctx context.Context) (paused bool, err error) // puts something where tasks are put
	Interval time.Duration                                      // between two looks
	OnUp     func(ctx context.Context) error                    // what is to be done when the queue is back
	OnDown   func()                                             // what is to be done when it goes away; nil for nothing
	Log      *slog.Logger

	away, paused atomic.Bool
}

// Away tells whether the queue is known to be away.
func (w *QueueHealth) Down() bool { return w.away.Load() }

// State tells what was found at the last look, seconds ago: whether the queue cannot be used, and whether somebody paused one.
func (w *QueueHealth) State() (away, paused bool) { return w.away.Load(), w.paused.Load() }

// Lost says that the queue did not take something.
func (w *QueueHealth) Report(err error) {
	if !w.away.Swap(true) {
		w.Log.Warn("the queue cannot be used; until it can, serve works without it, once a minute", "err", err)
		if w.OnDown != nil {
			w.OnDown()
		}
	}
}

// Run looks at its pace until the context ends.
func (w *QueueHealth) Run(ctx context.Context) {
	each := time.NewTicker(w.Interval)
	defer each.Stop()
	for {
		w.Probe(ctx)
		select {
		case <-ctx.Done():
			return
		case <-each.C:
		}
	}
}

// Look tries the queue once.
func (w *QueueHealth) Probe(ctx context.Context) {
	paused, err := w.Try(ctx)
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		w.Report(err)
		return
	}
	if w.away.Swap(false) {
		w.Log.Warn("the queue is back")
		if err := w.OnUp(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, ErrQueueDown) {
			w.Log.Error("what the queue may have lost could not be put; the sweep will", "err", err)
		}
	}
	if was := w.paused.Swap(paused); paused && !was {
		w.Log.Warn("a queue is paused: its tasks wait until somebody resumes it")
	} else if was && !paused {
		w.Log.Warn("no queue is paused any more")
	}
}

// unlessAway drops ErrAway: Rounds does what could not be put.
func unlessQueueDown(err error) error {
	if errors.Is(err, ErrQueueDown) {
		return nil
	}
	return err
}
