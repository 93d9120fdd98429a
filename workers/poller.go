package workers

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"vireilla/internal/timetable"
	"vireilla/tasks"
)

// Poller makes good what was lost: it reads from SQL which ticks are open and which letters are due, and runs the same
// steps as the tasks would. While the queue works, it leaves the tasks half a minute to come. While the queue is down,
// it does everything at once. While somebody has paused either queue, it waits too.
type Poller struct {
	Queue interface{ State() (down, paused bool) }
	Clock func() time.Time
	Store interface {
		OpenTicks(ctx context.Context, before time.Time) ([]timetable.Tick, error) // the oldest first
		TickDone(ctx context.Context, now time.Time, entry string, at time.Time) error
		Due(ctx context.Context, now time.Time) (int, error)
	}
	Do interface {
		RunTick(ctx context.Context, entry string, at time.Time) error
		DeliverLetters(ctx context.Context, ids []int64) error
	}
	Concurrency int           // how many deliver letters side by side while the queue is down
	Interval    time.Duration // between two polls
	LostAfter   time.Duration // by Clock, since a tick or letter was due; 0 for 30 s
	Log         *slog.Logger

	once       sync.Once
	poke       chan struct{}
	ticking    chan struct{} // full while ticks are run
	delivering chan struct{} // full while as many deliver as may
	underWay   sync.WaitGroup
	tried      map[string]time.Time // when an entry was run last, by whoever has filled ticking
}

// PollInterval and lostAfter together are less than a minute: within it, what was lost is under way. A scan that takes
// longer than lostAfter is begun by other processes too, which costs time and doubles no letter.
const (
	PollInterval = 15 * time.Second
	lostAfter    = 30 * time.Second // a tick or letter that is due for so long was lost
	retryAfter   = time.Minute      // an entry that failed is tried again
)

// How long the program waits for what is under way when it stops, and then for what that still records.
const (
	shutdownTimeout = 20 * time.Second // as asynq grants its tasks
	recordTimeout   = 2 * time.Second
)

func (p *Poller) start() {
	p.once.Do(func() {
		p.poke, p.ticking, p.tried = make(chan struct{}, 1), make(chan struct{}, 1), map[string]time.Time{}
		p.delivering = make(chan struct{}, p.Concurrency)
	})
}

// Poke lets Run poll at once, for the queue went down or is back.
func (p *Poller) Poke() {
	p.start()
	select {
	case p.poke <- struct{}{}:
	default:
	}
}

// Run polls until the context ends. Deliveries under way then have 20 s; one that waits for a relay that does not
// answer is left behind.
func (p *Poller) Run(ctx context.Context) {
	p.start()
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(shutdownTimeout, cancel) })()
	ticker := time.NewTicker(p.Interval)
	defer ticker.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-ticker.C:
			p.poll(ctx, late, false)
		case <-p.poke:
			p.poll(ctx, late, true)
		}
	}
	ended := make(chan struct{})
	go func() {
		p.underWay.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-late.Done():
		select {
		case <-ended:
		case <-time.After(recordTimeout):
		}
	}
}

// Poll polls once and waits for what it began.
func (p *Poller) Poll(ctx context.Context) {
	p.start()
	p.poll(ctx, ctx, false)
	p.underWay.Wait()
}

// poll begins what is open and due. A poll after the queue went down or came back takes what is due now: its tasks may
// be lost. Deliveries end with late, everything else with ctx.
func (p *Poller) poll(ctx, late context.Context, poked bool) {
	down, paused := p.Queue.State()
	if ctx.Err() != nil || paused && !down {
		return
	}
	before, side := p.Clock(), 1
	if !down && !poked {
		before = before.Add(-cmp.Or(p.LostAfter, lostAfter))
	}
	if down {
		side = p.Concurrency
	}
	p.deliver(ctx, late, before, side)
	select {
	case p.ticking <- struct{}{}:
		p.underWay.Go(func() {
			defer func() { <-p.ticking }()
			timed, cancel := context.WithTimeout(ctx, tasks.Timeout)
			defer cancel()
			p.runOpen(timed, before)
			p.deliver(ctx, late, before, side)
		})
	default: // the ticks of an earlier poll still run
	}
}

// runOpen runs each entry that has open ticks. Once is enough: an entry looks at what is due by now, so its newest tick
// does the work of the older ones. What fails stays open, and the step has logged it.
func (p *Poller) runOpen(ctx context.Context, before time.Time) {
	ticks, err := p.Store.OpenTicks(ctx, before)
	newest := map[string]time.Time{}
	for _, t := range ticks {
		newest[t.Entry] = t.At
	}
	for i := 0; i < len(ticks) && err == nil && ctx.Err() == nil; i++ {
		t, now := ticks[i], p.Clock()
		if !t.At.Equal(newest[t.Entry]) || now.Sub(p.tried[t.Entry]).Abs() < retryAfter {
			continue
		}
		p.tried[t.Entry] = now
		if p.Do.RunTick(ctx, t.Entry, t.At) == nil {
			delete(p.tried, t.Entry)
			err = p.closeOlder(ctx, ticks[:i], t)
		}
	}
	if err != nil && ctx.Err() == nil {
		p.Log.Error("open ticks could not be read or closed; the next poll tries again", "err", err)
	}
}

func (p *Poller) closeOlder(ctx context.Context, ticks []timetable.Tick, done timetable.Tick) error {
	for _, t := range ticks {
		if t.Entry == done.Entry {
			if err := p.Store.TickDone(ctx, p.Clock(), t.Entry, t.At); err != nil {
				return err
			}
		}
	}
	return nil
}

// deliver begins deliveries until n are under way, if a letter is due since before the given time. The step logs what
// fails.
func (p *Poller) deliver(ctx, late context.Context, before time.Time, n int) {
	due, err := p.Store.Due(ctx, before)
	if err != nil {
		if ctx.Err() == nil {
			p.Log.Error("due letters could not be counted; the next poll tries again", "err", err)
		}
		return
	}
	for range min(n-len(p.delivering), due) {
		select {
		case p.delivering <- struct{}{}:
		default:
			return
		}
		p.underWay.Go(func() {
			defer func() { <-p.delivering }()
			_ = p.Do.DeliverLetters(late, nil)
		})
	}
}
