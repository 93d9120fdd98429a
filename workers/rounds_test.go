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

	"github.com/hibiken/asynq"

	"vireilla/internal/policy"
	"vireilla/internal/test/syncbuf"
	"vireilla/internal/timetable"
	"vireilla/tasks"
)

// line is a queue that works or does not.
type line struct {
	err    error
	paused bool
	back   int
	log    syncbuf.Buffer
	*QueueHealth
}

func newLine(err error) *line {
	l := &line{err: err}
	l.QueueHealth = &QueueHealth{Interval: time.Second, Log: slog.New(slog.NewTextHandler(&l.log, nil)), Try: func(context.Context) (bool, error) { return l.paused, l.err },
		OnUp: func(context.Context) error { l.back++; return nil }}
	return l
}

var errRefused = errors.New("connection refused")

func TestWithoutAQueueTheTimetableIsKeptAndTheRoundsBringTheLetters(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", seeker("S-1"))
	l := newLine(errRefused)
	bell := &Enqueuer{Watch: l.QueueHealth}
	h.scan.Enqueue, h.scan.Help, h.workers.Sweep.Enqueue = bell.Letters, bell.Help, bell
	rounds := &Poller{Watch: l, Clock: h.clock, Ticks: h.workers.Sweep.OpenTicks, Do: h.workers, Concurrency: 1, Log: h.workers.Log}
	clock := &Timetable{Clock: h.clock, Wall: h.clock, Owner: "one", Ledger: h, Put: bell.Tick, Log: h.workers.Log,
		Entries: []policy.Entry{daily(t, "digests", "30 7 * * *", timetable.Latest), daily(t, "sweep", "* * * * *", timetable.Latest)}}
	l.Probe(t.Context())
	for _, now := range []string{"2024-03-05 07:29", "2024-03-05 07:30"} {
		h.set(now)
		h.well(clock.Tick(t.Context()))
	}
	h.arrived()
	for range 2 { // the second finds nothing to do
		h.set("2024-03-05 07:31")
		rounds.strike(t.Context())
		rounds.deliver(t.Context())
	}
	h.arrived("coach_digest/C-1/2024-03-05")
	open, err := h.OpenTicks(t.Context(), h.clock())
	h.well(err)
	if len(open) != 0 {
		t.Errorf("open ticks %v", open)
	}
	if strings.Contains(h.log.String(), `"level":"WARN"`) || strings.Contains(h.log.String(), `"level":"ERROR"`) {
		t.Errorf("the steps complain, though the watch has told it:\n%s", h.log.String())
	}
}

func TestAQueueThatGoesAndComesBackIsToldOnceEach(t *testing.T) {
	l := newLine(nil)
	for range 3 {
		l.Probe(t.Context())
	}
	if l.log.String() != "" {
		t.Errorf("a queue that answers is no news: %s", l.log.String())
	}
	gone := 0
	l.OnDown = func() { gone++ }
	l.err = errRefused
	for range 3 {
		l.Probe(t.Context())
		l.Report(errRefused)
	}
	if !l.Down() || gone != 1 || strings.Count(l.log.String(), "\n") != 1 || !strings.Contains(l.log.String(), "connection refused") {
		t.Errorf("away %v, told %d times:\n%s", l.Down(), gone, l.log.String())
	}
	l.err = nil
	for range 3 {
		l.Probe(t.Context())
	}
	if l.Down() || l.back != 1 || strings.Count(l.log.String(), "\n") != 2 || !strings.Contains(l.log.String(), "the queue is back") {
		t.Errorf("away %v, made good %d times:\n%s", l.Down(), l.back, l.log.String())
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	l.err = context.Canceled
	if l.Probe(over); l.Down() {
		t.Error("who stops the program does not lose the queue")
	}
}

func TestAPausedQueueIsToldAndNotGoneRound(t *testing.T) {
	l := newLine(nil)
	for _, l.paused = range []bool{true, true, false, false} {
		if l.Probe(t.Context()); l.Down() {
			t.Error("a pause is somebody's will")
		}
	}
	if text := l.log.String(); strings.Count(text, "\n") != 2 || !strings.Contains(text, "a queue is paused") || !strings.Contains(text, "no queue is paused any more") {
		t.Error(text)
	}
}

func TestWhatCannotBeMadeGoodAtOnceIsLeftToTheSweep(t *testing.T) {
	l := newLine(errRefused)
	for err, lines := range map[error]int{errors.New("disk full"): 3, ErrQueueDown: 2} { // gone, back, and the error
		l.err = errRefused
		l.Probe(t.Context())
		before := strings.Count(l.log.String(), "\n")
		l.err, l.OnUp = nil, func(context.Context) error { return err }
		l.Probe(t.Context())
		if n := 1 + strings.Count(l.log.String(), "\n") - before; n != lines {
			t.Errorf("%v: %d lines", err, n)
		}
	}
}

// book counts the tasks that are done, by type.
type book struct {
	mu   sync.Mutex
	done map[string]int
	slow time.Duration
	cut  int // deliveries whose context ended first
}

func (b *book) ProcessTask(ctx context.Context, task *asynq.Task) error {
	b.mu.Lock()
	b.done[task.Type()]++
	b.mu.Unlock()
	if task.Type() != tasks.Deliver {
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

func TestRoundsAreMadeOnlyWhileTheQueueIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, b := newLine(nil), &book{done: map[string]int{}, slow: 90 * time.Second}
		rounds := &Poller{Watch: l, Clock: time.Now, Do: b, Concurrency: 3, Interval: time.Minute, Log: l.Log, Ticks: func(_ context.Context, before time.Time, each func(string, time.Time) error) error {
			return each("digests", before)
		}}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan time.Time)
		go func() { rounds.Run(ctx); ended <- time.Now() }()
		<-time.After(10*time.Minute + time.Second)
		synctest.Wait()
		if len(b.done) != 0 {
			t.Errorf("though the bell rings: %v", b.done)
		}
		l.Report(errRefused)
		<-time.After(time.Minute)
		synctest.Wait()
		if b.done["tick:digests"] != 1 || b.done[tasks.Deliver] != 3 {
			t.Errorf("after a minute: %v", b.done)
		}
		stop := time.Now()
		cancel()
		if took := (<-ended).Sub(stop); took != shutdownTimeout || b.cut != 3 {
			t.Errorf("what was under way had %s, %d were cut off", took, b.cut)
		}
	})
}

func TestAHandThatWaitsForADeadRelayHoldsUpNoEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, dead := newLine(nil), make(chan struct{})
		defer close(dead)
		l.Report(errRefused)
		rounds := &Poller{Watch: l, Clock: time.Now, Concurrency: 2, Interval: time.Minute, Log: l.Log, Do: asynq.HandlerFunc(func(context.Context, *asynq.Task) error { <-dead; return nil }),
			Ticks: func(context.Context, time.Time, func(string, time.Time) error) error { return nil }}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan time.Time)
		go func() { rounds.Run(ctx); ended <- time.Now() }()
		<-time.After(2 * time.Minute)
		stop := time.Now()
		cancel()
		if took := (<-ended).Sub(stop); took != shutdownTimeout+recordGrace {
			t.Errorf("it ended after %s", took)
		}
	})
}
