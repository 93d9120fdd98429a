package queue

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

// Health knows whether the queue takes tasks. It logs once when the queue goes down, and once when it is back.
type Health struct {
	Try      func(ctx context.Context) (paused bool, err error) // writes where tasks are written
	Interval time.Duration                                      // between two probes
	// Called when the queue goes down and when it is back; nil for nothing.
	Changed func()
	Log     *slog.Logger

	down, paused atomic.Bool
}

// Down tells whether the queue is known not to take tasks.
func (h *Health) Down() bool { return h.down.Load() }

// State tells whether the queue is down, and whether the last probe, seconds ago, found one paused.
func (h *Health) State() (down, paused bool) { return h.down.Load(), h.paused.Load() }

// Report says that the queue did not take a task.
func (h *Health) Report(err error) {
	if h.down.Swap(true) {
		return
	}
	h.Log.Warn("the queue does not take tasks; until it does, workers read what is due from the database", "err", err)
	h.changed()
}

// Run probes at the interval until the context ends.
func (h *Health) Run(ctx context.Context) {
	ticker := time.NewTicker(h.Interval)
	defer ticker.Stop()
	for {
		h.Probe(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Probe tries the queue once.
func (h *Health) Probe(ctx context.Context) {
	paused, err := h.Try(ctx)
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		h.Report(err)
		return
	}
	if was := h.paused.Swap(paused); paused && !was {
		h.Log.Warn("a queue is paused: its tasks wait until somebody resumes it")
	} else if was && !paused {
		h.Log.Warn("no queue is paused any more")
	}
	if h.down.Swap(false) {
		h.Log.Warn("the queue is back")
		h.changed()
	}
}

func (h *Health) changed() {
	if h.Changed != nil {
		h.Changed()
	}
}
