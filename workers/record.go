package workers

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"vireilla/internal/notice"
)

// Recorder writes down what became of letters, those of all workers together: one transaction every few milliseconds instead of one a letter.
type Recorder struct {
	Clock  func() time.Time
	Outbox interface {
		Record(ctx context.Context, now time.Time, reports []notice.Report) (lost []int64, err error)
	}
	Log *slog.Logger

	mu      sync.Mutex
	waiting []entry
	busy    bool
}

type entry struct {
	report notice.Report
	group  *group
}

// gather is how long the first report of a group waits for others. What was accepted within it can arrive twice if the machine stops just then.
const gather = 8 * time.Millisecond

// group is the reports of one batch.
type group struct {
	recorder *Recorder
	pending  sync.WaitGroup
	mu       sync.Mutex
	err      error
}

func (r *Recorder) group() *group { return &group{recorder: r} }

// add hands a report in. It does not wait until it is written.
func (g *group) add(ctx context.Context, report notice.Report) {
	r := g.recorder
	g.pending.Add(1)
	r.mu.Lock()
	r.waiting = append(r.waiting, entry{report, g})
	start := !r.busy
	r.busy = true
	r.mu.Unlock()
	if start {
		go r.write(context.WithoutCancel(ctx)) // what was sent must be written down, shutdown or not
	}
}

// wait returns when all reports are written, or with the first error; those that could not be written stay claimed and become unsure.
func (g *group) wait() error {
	if g == nil {
		return nil
	}
	g.pending.Wait()
	return g.err
}

// write empties what is waiting, group by group.
func (r *Recorder) write(ctx context.Context) {
	for {
		time.Sleep(gather)
		r.mu.Lock()
		entries := r.waiting
		r.waiting = nil
		if len(entries) == 0 {
			r.busy = false
			r.mu.Unlock()
			return
		}
		r.mu.Unlock()
		reports := make([]notice.Report, len(entries))
		for i := range entries {
			reports[i] = entries[i].report
		}
		lost, err := r.record(ctx, reports)
		if len(lost) > 0 {
			r.Log.Error("letters were no longer ours when their end was to be recorded", "letters", lost)
		}
		for _, e := range entries {
			if err != nil {
				e.group.mu.Lock()
				e.group.err = err
				e.group.mu.Unlock()
			}
			e.group.pending.Done()
		}
	}
}

// record tries for a while: a database that is away for a moment must not make letters unsure. What was written and said to be not is found lost the next time.
func (r *Recorder) record(ctx context.Context, reports []notice.Report) (lost []int64, err error) {
	for wait := 50 * time.Millisecond; ; wait *= 2 {
		lost, err = r.Outbox.Record(ctx, r.Clock(), reports)
		if err == nil || wait > 4*time.Second {
			return lost, err
		}
		r.Log.Warn("could not record; trying again", "letters", len(reports), "err", err)
		time.Sleep(wait)
	}
}
