package workers

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"vireilla/internal/timetable"
)

// Poller makes good what was lost: it reads from SQL which ticks are open and which letters are due, and runs the same
// steps as the tasks would. While the queue works, it leaves the tasks half a minute to come. While the queue is down,
// it does everything at once. While somebody has paused the queue, it waits too.
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
	Log         *slog.Logger

	poke       chan struct{}
	once       sync.Once
	delivering sync.WaitGroup
	free       chan struct{} // full while as many deliver as may
}

// PollInterval and lostAfter together are less than a minute: within it, what was lost is under way.
const (
	PollInterval = 15 * time.Second
	lostAfter    = 30 * time.Second // a tick or letter that is due for so long was lost
)

// How long the program waits for deliveries when it stops, and then for what they still record.
const (
	shutdownTimeout = 20 * time.Second // as asynq grants its tasks
	recordTimeout   = 2 * time.Second
)

func (p *Poller) start() {
	p.once.Do(func() { p.poke, p.free = make(chan struct{}, 1), make(chan struct{}, p.Concurrency) })
}

// Poke lets Run poll at once.
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
		poked := false
		select {
		case <-ctx.Done():
		case <-ticker.C:
		case <-p.poke:
			poked = true
		}
		if ctx.Err() == nil {
			p.poll(ctx, late, poked)
		}
	}
	ended := make(chan struct{})
	go func() {
		p.delivering.Wait()
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
	p.delivering.Wait()
}

// poll begins what is open and due. A poll after the queue went down or came back takes what is due now: its tasks may
// be lost.
func (p *Poller) poll(ctx, late context.Context, poked bool) {
	down, paused := p.Queue.State()
	if paused && !down {
		return
	}
	before := p.Clock()
	if !down && !poked {
		before = before.Add(-lostAfter)
	}
	concurrency := 1
	if down {
		concurrency = p.Concurrency
	}
	p.deliver(late, before, concurrency)
	p.runOpen(ctx, before)
	p.deliver(late, before, concurrency)
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
		if t := ticks[i]; t.At.Equal(newest[t.Entry]) {
			if p.Do.RunTick(ctx, t.Entry, t.At) == nil {
				err = p.closeOlder(ctx, ticks[:i], t)
			}
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

// deliver begins up to n deliveries side by side, if a letter is due since before the given time. The step logs what
// fails.
func (p *Poller) deliver(ctx context.Context, before time.Time, n int) {
	due, err := p.Store.Due(ctx, before)
	if err != nil {
		p.Log.Error("due letters could not be counted; the next poll tries again", "err", err)
		return
	}
	for range min(n, due) {
		select {
		case p.free <- struct{}{}:
		default: // as many as may deliver already
			return
		}
		p.delivering.Go(func() {
			defer func() { <-p.free }()
			_ = p.Do.DeliverLetters(ctx, nil)
		})
	}
}
