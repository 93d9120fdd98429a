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

// Recorder writes what became of letters, those of all workers together: one transaction every few milliseconds instead
// of one a letter.
type Recorder struct {
	Clock    func() time.Time
	Outbox   RecordOutbox
	Journal  RecordJournal
	Recorded func(reports []notice.Report) // called with what was recorded; may be nil
	Trace    *Trace
	Log      *slog.Logger

	mu      sync.Mutex
	waiting []entry
	busy    bool
}

// RecordOutbox is what Recorder needs of the outbox. lost are letters that somebody else owns by now.
type RecordOutbox interface {
	Record(ctx context.Context, now time.Time, reports []notice.Report) (lost []int64, err error)
}

// RecordJournal is what Recorder needs of the send journal.
type RecordJournal interface {
	End(now time.Time, reports []notice.Report) error
}

type entry struct {
	report notice.Report
	group  *group
	end    func(error) // of its span
}

// flushInterval is how long the first report of a group waits for others. What was
// accepted within it can arrive twice if the machine stops just then.
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

// giveBack hands in that some letters were not begun.
func (g *group) giveBack(ctx context.Context, claimed []notice.Claimed, now time.Time) {
	for i := range claimed {
		g.add(ctx, returned(&claimed[i], now))
	}
}

// wait returns when all reports are written, or with the first error. Letters whose reports could not be written stay
// claimed and become unsure. When ctx ends, it waits recordGrace longer.
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
	case <-time.After(recordGrace):
		return fmt.Errorf("record: %w", ctx.Err())
	}
}

// recordGrace is how long a step whose time is over waits for what it has handed in.
const recordGrace = 3 * time.Second

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
		var reports, journaled []notice.Report
		for i := range entries {
			reports = append(reports, entries[i].report)
			if !entries[i].group.unjournaled {
				journaled = append(journaled, entries[i].report)
			}
		}
		crash.Here("before-record")
		ended := make(chan error, 1)
		go func() { ended <- r.end(journaled) }() // the disk and the database work side by side
		lost, err := r.record(ctx, reports)
		if err := <-ended; err != nil { // should the database be restored later, these letters count as perhaps arrived
			r.Log.Error("the send journal could not be written", "letters", len(reports), "err", err)
		}
		crash.Here("after-record")
		// A letter that was given back did not go out, whoever has it now.
		for i := range reports {
			if reports[i].Returned {
				lost = slices.DeleteFunc(lost, func(id int64) bool { return id == reports[i].ID })
			}
		}
		if err == nil && r.Recorded != nil {
			r.Recorded(slices.DeleteFunc(reports, func(n notice.Report) bool { return n.Returned || slices.Contains(lost, n.ID) }))
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

// Keep retrying a write for 10 minutes, less than a claim lasts, so that an accepted letter is recorded even across a
// database failover. A database that does not answer within 30 s is asked again: the connection may have been cut
// silently.
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
