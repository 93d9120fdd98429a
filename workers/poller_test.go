package workers

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/internal/test/syncbuf"
	"vireilla/internal/timetable"
)

// queueState is what the health of the queue says.
type queueState struct {
	mu           sync.Mutex
	down, paused bool
}

func (q *queueState) State() (down, paused bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.down, q.paused
}

func (q *queueState) set(down, paused bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.down, q.paused = down, paused
}

// poller polls the database of a house.
func (h *house) poller(q *queueState) *Poller {
	return &Poller{Queue: q, Clock: h.clock, Store: h, Do: h.workers, Concurrency: 1, Log: h.workers.Log}
}

func (h *house) openTicks(before string) []timetable.Tick {
	h.t.Helper()
	open, err := h.OpenTicks(h.t.Context(), local(before))
	h.well(err)
	return open
}

func TestWithoutAQueueTicksAndLettersComeFromTheDatabase(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", seeker("S-1"))
	q := &queueState{down: true}
	poller := h.poller(q)
	clock := &Timetable{Clock: h.clock, Wall: h.clock, Owner: "one", Ledger: h, Put: func(context.Context, string, time.Time) error { return nil }, Log: h.workers.Log,
		Entries: []policy.Entry{daily(t, "digests", "30 7 * * *", timetable.Latest), daily(t, "sweep", "* * * * *", timetable.Latest)}}
	for _, now := range []string{"2024-03-05 07:29", "2024-03-05 07:30"} {
		h.set(now)
		h.well(clock.Tick(t.Context()))
	}
	h.arrived()
	for range 2 { // the second finds nothing to do
		h.set("2024-03-05 07:31")
		poller.Poll(t.Context())
	}
	h.arrived("coach_digest/C-1/2024-03-05")
	if open := h.openTicks("2024-03-05 08:00"); len(open) != 0 {
		t.Errorf("open ticks %v", open)
	}
	if strings.Contains(h.log.String(), `"level":"WARN"`) || strings.Contains(h.log.String(), `"level":"ERROR"`) {
		t.Errorf("the steps complain:\n%s", h.log.String())
	}
}

// While the queue works, a tick has half a minute for its task to come. While somebody has paused the queue, nothing is
// polled.
func TestATickWhoseTaskNeverCameIsRunFromTheDatabase(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", seeker("S-1"))
	w := newWall(t, h.DB, daily(t, "digests", "30 7 * * *", timetable.Latest))
	w.look(local("2024-03-05 07:29"))
	w.lost = true
	w.look(local("2024-03-05 07:30"))
	q := &queueState{}
	poller := h.poller(q)
	h.turn(local("2024-03-05 07:30").Add(lostAfter))
	poller.Poll(t.Context())
	h.arrived()
	h.set("2024-03-05 07:31")
	q.set(false, true)
	poller.Poll(t.Context())
	h.arrived()
	q.set(false, false)
	poller.Poll(t.Context()) // plans the digest, which is due now and so has its task under way
	h.turn(h.clock().Add(lostAfter + time.Second))
	poller.Poll(t.Context())
	h.arrived("coach_digest/C-1/2024-03-05")
	if open := h.openTicks("2024-03-05 08:00"); len(open) != 0 {
		t.Errorf("open ticks %v", open)
	}
}

// After a long pause an entry has many open ticks. Its newest does the work of them all.
func TestManyOpenTicksOfAnEntryAreRunOnce(t *testing.T) {
	h := newHouse(t)
	w := newWall(t, h.DB, daily(t, "deliver", "* * * * *", timetable.All))
	w.lost = true
	w.look(local("2024-03-05 07:00"))
	w.look(local("2024-03-05 07:10"))
	if open := h.openTicks("2024-03-05 08:00"); len(open) != 10 {
		t.Fatalf("%d open ticks", len(open))
	}
	h.set("2024-03-05 08:00")
	h.poller(&queueState{}).Poll(t.Context())
	if open, runs := h.openTicks("2024-03-05 08:00"), h.log.Count(`"task":"tick:deliver"`); len(open) != 0 || runs != 1 {
		t.Errorf("%d open ticks after %d runs", len(open), runs)
	}
}

func TestWhatFailsStaysOpenForTheNextPoll(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", seeker("S-1"))
	w := newWall(t, h.DB, daily(t, "digests", "30 7 * * *", timetable.Latest))
	w.look(local("2024-03-05 07:29"))
	w.lost = true
	w.look(local("2024-03-05 07:30"))
	h.set("2024-03-05 07:31")
	facts := h.scan.Store
	h.scan.Store = blind{facts}
	poller := h.poller(&queueState{})
	poller.Poll(t.Context())
	if open := h.openTicks("2024-03-05 08:00"); len(open) != 1 {
		t.Fatalf("open ticks %v", open)
	}
	h.scan.Store = facts
	h.turn(h.clock().Add(retryAfter))
	poller.Poll(t.Context())
	h.send()
	h.arrived("coach_digest/C-1/2024-03-05")
}

// blind is a store that cannot read the staff.
type blind struct{ ScanStore }

func (blind) EachStaged(context.Context, func(notice.Staged) bool) error {
	return errors.New("disk full")
}

// book counts what a poller did.
type book struct {
	mu     sync.Mutex
	ticks  int
	begun  int
	cut    int           // deliveries whose context ended first
	slow   time.Duration // that a delivery takes
	never  chan struct{} // when set, a delivery waits for it alone
	before []time.Time
}

func (b *book) RunTick(context.Context, string, time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ticks++
	return nil
}

func (b *book) DeliverLetters(ctx context.Context, _ []int64) error {
	b.mu.Lock()
	b.begun++
	b.mu.Unlock()
	if b.never != nil {
		<-b.never
		return nil
	}
	select {
	case <-time.After(b.slow):
	case <-ctx.Done():
		b.mu.Lock()
		b.cut++
		b.mu.Unlock()
	}
	return nil
}

func (b *book) OpenTicks(_ context.Context, before time.Time) ([]timetable.Tick, error) {
	b.before = append(b.before, before)
	return []timetable.Tick{{Entry: "digests", At: before.Add(-time.Second)}}, nil
}

func (b *book) TickDone(context.Context, time.Time, string, time.Time) error { return nil }

func (b *book) Due(context.Context, time.Time) (int, error) { return 50, nil }

func TestWhileTheQueueIsDownManyDeliverAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, q := &book{slow: 90 * time.Second}, &queueState{}
		p := &Poller{Queue: q, Clock: time.Now, Store: b, Do: b, Concurrency: 3, Interval: PollInterval, Log: slog.New(slog.NewTextHandler(&syncbuf.Buffer{}, nil))}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan time.Time)
		q.set(false, true)
		go func() { p.Run(ctx); ended <- time.Now() }()
		<-time.After(10 * time.Minute)
		synctest.Wait()
		if b.ticks != 0 || b.begun != 0 {
			t.Errorf("though it is paused: %d ticks, %d deliveries", b.ticks, b.begun)
		}
		q.set(true, false)
		p.Poke()
		synctest.Wait()
		if b.ticks != 1 || b.begun != 3 || !b.before[0].Equal(time.Now()) {
			t.Errorf("once it is down: %d ticks, %d deliveries, of before %v", b.ticks, b.begun, b.before)
		}
		stop := time.Now()
		cancel()
		if took := (<-ended).Sub(stop); took != shutdownTimeout || b.cut != 3 {
			t.Errorf("what was under way had %s, %d were cut off", took, b.cut)
		}
	})
}

func TestShutdownDoesNotWaitForARelayThatDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &book{never: make(chan struct{})}
		defer close(b.never)
		p := &Poller{Queue: &queueState{down: true}, Clock: time.Now, Store: b, Do: b, Concurrency: 2, Interval: time.Minute,
			Log: slog.New(slog.NewTextHandler(&syncbuf.Buffer{}, nil))}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan time.Time)
		go func() { p.Run(ctx); ended <- time.Now() }()
		<-time.After(2 * time.Minute)
		stop := time.Now()
		cancel()
		if took := (<-ended).Sub(stop); took != shutdownTimeout+recordTimeout {
			t.Errorf("it ended after %s", took)
		}
	})
}

// A database that was restored to a moment before a tick does not know the tick; Redis knows its task as done. SQL
// decides.
func TestATickIsRunWhateverRedisRemembers(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", seeker("S-1"))
	h.well(h.SetKillSwitch(t.Context(), true)) // the digest waits
	q, _, ended := queued(t, h)
	clock := func() *Timetable {
		return &Timetable{Clock: h.clock, Wall: h.clock, Owner: "one", Ledger: h, Put: q.Tick, Log: h.workers.Log,
			Entries: []policy.Entry{daily(t, "digests", "30 7 * * *", timetable.Latest)}}
	}
	h.set("2024-03-05 07:29")
	h.well(clock().Tick(t.Context()))
	before := h.backup()
	h.set("2024-03-05 07:30")
	h.well(clock().Tick(t.Context()))
	h.well(<-ended)
	if n := len(h.outboxByID()); n != 1 {
		t.Fatalf("%d letters are planned", n)
	}
	h.restore(before)
	if n := len(h.outboxByID()); n != 0 {
		t.Fatalf("%d letters are in the backup", n)
	}
	h.turn(h.clock().Add(2 * time.Second))
	h.well(clock().Tick(t.Context()))
	h.well(<-ended)
	h.well(h.SetKillSwitch(t.Context(), false))
	h.send()
	h.arrived("coach_digest/C-1/2024-03-05")
	h.well(q.Tick(t.Context(), "digests", local("2024-03-05 07:30"))) // done in SQL: the task finds nothing to do
	h.well(<-ended)
	h.send()
	h.arrived()
}
