package workers

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"vireilla/internal/crash"
	"vireilla/internal/notice"
)

// Recorder writes down what became of letters, those of all workers together: one transaction every few milliseconds instead of one a letter.
type Recorder struct {
	Clock  func() time.Time
	Outbox interface {
		Record(ctx context.Context, now time.Time, reports []notice.Report) (lost []int64, err error)
	}
	Journal interface {
		End(now time.Time, reports []notice.Report) error
	}
	Trace *Trace
	Log   *slog.Logger

	mu      sync.Mutex
	waiting []entry
	busy    bool
}

type entry struct {
	report notice.Report
	group  *group
	end    func(error) // of its span
}

// gather is how long the first report of a group waits for others. What was accepted within it can arrive twice if the machine stops just then.
const flushInterval = 8 * time.Millisecond

// group is the reports of one batch.
type group struct {
	recorder    *Recorder
	unjournaled bool // the send journal knows nothing of it
	pending     sync.WaitGroup
	mu          sync.Mutex
	err         error
}

func (r *Recorder) group() *group { return &group{recorder: r} }

// add hands a report in. It does not wait until it is written.
func (g *group) add(ctx context.Context, report notice.Report) {
	r := g.recorder
	_, end := r.Trace.span(ctx, "record", slog.String("state", string(report.State)), slog.Int("code", report.Code))
	g.pending.Add(1)
	r.mu.Lock()
	r.waiting = append(r.waiting, entry{report, g, end})
	start := !r.busy
	r.busy = true
	r.mu.Unlock()
	if start {
		go r.write(context.WithoutCancel(ctx)) // what was sent must be written down, shutdown or not
	}
}

// giveBack hands in that of some letters none was begun.
func (g *group) giveBack(ctx context.Context, claimed []notice.Claimed, now time.Time) {
	for i := range claimed {
		g.add(ctx, returned(&claimed[i], now))
	}
}

// wait returns when all reports are written, or with the first error; those that could not be written stay claimed and become unsure. When ctx ends, it waits a moment longer.
func (g *group) wait(ctx context.Context) error {
	if g == nil {
		return nil
	}
	written := make(chan struct{})
	go func() {
		g.pending.Wait()
		close(written)
	}()
	select {
	case <-written:
		return g.err
	case <-ctx.Done():
	}
	select {
	case <-written:
		return g.err
	case <-time.After(recordGrace2):
		return fmt.Errorf("record: %w", ctx.Err())
	}
}

// lastMoment is how long a step whose time is over waits for what it has handed in.
const recordGrace2 = 3 * time.Second

// write empties what is waiting, group by group.
func (r *Recorder) write(ctx context.Context) {
	for {
		time.Sleep(flushInterval)
		r.mu.Lock()
		entries := r.waiting
		r.waiting = nil
		if len(entries) == 0 {
			r.busy = false
			r.mu.Unlock()
			return
		}
		r.mu.Unlock()
		var reports, heard []notice.Report
		for i := range entries {
			reports = append(reports, entries[i].report)
			if !entries[i].group.unjournaled {
				heard = append(heard, entries[i].report)
			}
		}
		crash.Here("before-record")
		ended := make(chan error, 1)
		go func() { ended <- r.end(heard) }() // the disk and the database work side by side
		lost, err := r.record(ctx, reports)
		if err := <-ended; err != nil { // without its end a letter counts as perhaps arrived, should the database ever be restored
			r.Log.Error("the send journal could not be written", "letters", len(reports), "err", err)
		}
		crash.Here("after-record")
		// Of a letter that was given back nothing went out, whoever has it.
		for i := range reports {
			if reports[i].Returned {
				lost = slices.DeleteFunc(lost, func(id int64) bool { return id == reports[i].ID })
			}
		}
		if len(lost) > 0 {
			r.Log.Error("letters were no longer ours when their end was to be recorded", "letters", lost)
		}
		for _, e := range entries {
			if err != nil {
				e.group.mu.Lock()
				e.group.err = err
				e.group.mu.Unlock()
			}
			e.end(err)
			e.group.pending.Done()
		}
	}
}

func (r *Recorder) end(reports []notice.Report) error {
	if len(reports) == 0 {
		return nil
	}
	return r.Journal.End(r.Clock(), reports)
}

// How long a report is tried to be written, less than a claim holds: what a relay has taken is to be known though a server is restarted or another takes its place. A
// database that does not answer at all is asked anew, for its line may have been cut without a word.
const (
	recordWithin = 10 * time.Minute
	answerWithin = 30 * time.Second // longer than SQLite waits for its lock
	mostWait     = 5 * time.Second
)

// record tries until it is written, or too late.
func (r *Recorder) record(ctx context.Context, reports []notice.Report) (lost []int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, recordWithin)
	defer cancel()
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, mostWait) {
		lost, err = r.try(ctx, reports)
		if err == nil || ctx.Err() != nil {
			return lost, err
		}
		r.Log.Warn("could not record; trying again", "letters", len(reports), "err", err)
		time.Sleep(wait)
	}
}

func (r *Recorder) try(ctx context.Context, reports []notice.Report) (lost []int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	return r.Outbox.Record(ctx, r.Clock(), reports)
}
