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
	"vireilla/internal/test/syncbuf"
)

// slate is an outbox that takes its time, and fails as often as it is told to.
type slate struct {
	mu     sync.Mutex
	takes  time.Duration
	away   time.Duration // from the first question on
	hangs  int           // so many questions get no answer
	fails  int
	lost   []int64
	groups [][]int64
	back   time.Time
}

func (s *slate) Record(ctx context.Context, _ time.Time, reports []notice.Report) ([]int64, error) {
	s.mu.Lock()
	if s.back.IsZero() {
		s.back = time.Now().Add(s.away)
	}
	hangs := s.hangs > 0
	s.hangs--
	s.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if time.Now().Before(s.back) {
		return nil, errors.New("away")
	}
	select {
	case <-time.After(s.takes):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails > 0 {
		s.fails--
		return nil, errors.New("busy")
	}
	var ids []int64
	for i := range reports {
		ids = append(ids, reports[i].ID)
	}
	s.groups = append(s.groups, ids)
	return s.lost, nil
}

// recording runs f with a recorder, in a bubble, until the recorder is at rest.
func recording(t *testing.T, s *slate, f func(t *testing.T, r *Recorder)) (log string) {
	var j syncbuf.Buffer
	synctest.Test(t, func(t *testing.T) {
		defer func() { <-time.After(time.Minute) }()
		f(t, &Recorder{Clock: time.Now, Outbox: s, Journal: openJournal(t), Log: slog.New(slog.NewTextHandler(&j, nil))})
	})
	return j.String()
}

func letterOf(id int64) notice.Report {
	return notice.Report{Claimed: notice.Claimed{ID: id}, Next: notice.Next{State: notice.Sent}}
}

func TestLettersOfManyWorkersAreRecordedTogether(t *testing.T) {
	s := &slate{takes: 20 * time.Millisecond}
	recording(t, s, func(t *testing.T, r *Recorder) {
		var workers sync.WaitGroup
		for w := range int64(4) {
			workers.Go(func() {
				g := r.group()
				for i := range int64(10) {
					g.add(t.Context(), letterOf(w*10+i))
					<-time.After(time.Millisecond)
				}
				if err := g.wait(t.Context()); err != nil {
					t.Error(err)
				}
				s.mu.Lock()
				defer s.mu.Unlock()
				mine := 0
				for _, group := range s.groups {
					for _, id := range group {
						if id/10 == w {
							mine++
						}
					}
				}
				if mine != 10 {
					t.Errorf("worker %d went on with %d of 10 letters written", w, mine)
				}
			})
		}
		workers.Wait()
	})
	if n := len(s.groups); n < 2 || n > 4 {
		t.Errorf("40 letters in %d transactions: %v", n, s.groups)
	}
}

func TestADatabaseThatIsAwayForAMomentLosesNothing(t *testing.T) {
	s := &slate{fails: 5}
	log := recording(t, s, func(t *testing.T, r *Recorder) {
		g := r.group()
		g.add(t.Context(), letterOf(7))
		if err := g.wait(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if len(s.groups) != 1 || strings.Count(log, "trying again") != 5 {
		t.Errorf("written %v; log:\n%s", s.groups, log)
	}
}

// What a relay has taken is known while a server is restarted, or another takes its place: it must not be called unsure
// and sent again.
func TestADatabaseThatIsAwayForMinutesLosesNothing(t *testing.T) {
	s := &slate{away: 9 * time.Minute}
	log := recording(t, s, func(t *testing.T, r *Recorder) {
		g := r.group()
		g.add(t.Context(), letterOf(7))
		if err := g.wait(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if n := strings.Count(log, "trying again"); len(s.groups) != 1 || n > 150 {
		t.Errorf("written %v after %d tries", s.groups, n)
	}
}

// A database that takes a question and never answers, as after a line that was cut without a word, is asked again.
func TestADatabaseThatDoesNotAnswerIsAskedAgain(t *testing.T) {
	s := &slate{hangs: 2}
	recording(t, s, func(t *testing.T, r *Recorder) {
		start := time.Now()
		g := r.group()
		g.add(t.Context(), letterOf(7))
		if err := g.wait(t.Context()); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took > 2*time.Minute {
			t.Errorf("written after %s", took)
		}
	})
	if len(s.groups) != 1 {
		t.Errorf("written %v", s.groups)
	}
}

func TestWhatCannotBeRecordedIsAnErrorOfItsBatchOnly(t *testing.T) {
	s := &slate{fails: 1000}
	recording(t, s, func(t *testing.T, r *Recorder) {
		start := time.Now()
		g := r.group()
		g.add(t.Context(), letterOf(7))
		if err := g.wait(t.Context()); err == nil {
			t.Error("no error")
		}
		if took := time.Since(start); took < 9*time.Minute || took > 12*time.Minute { // a claim holds 13
			t.Errorf("gave up after %s", took)
		}
		s.mu.Lock()
		s.fails = 0
		s.mu.Unlock()
		next := r.group()
		next.add(t.Context(), letterOf(8))
		if err := next.wait(t.Context()); err != nil {
			t.Errorf("the next batch: %v", err)
		}
	})
}

func TestALetterThatSomebodyElseOwnsIsLogged(t *testing.T) {
	log := recording(t, &slate{lost: []int64{7}}, func(t *testing.T, r *Recorder) {
		g := r.group()
		g.add(t.Context(), letterOf(7))
		if err := g.wait(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if !strings.Contains(log, "no longer ours") || !strings.Contains(log, "7") {
		t.Errorf("log:\n%s", log)
	}
}

// What was sent is written down although the process has been told to stop.
func TestTheShutdownDoesNotStopTheRecorder(t *testing.T) {
	s := &slate{takes: time.Second}
	recording(t, s, func(t *testing.T, r *Recorder) {
		ctx, cancel := context.WithCancel(t.Context())
		g := r.group()
		g.add(ctx, letterOf(7))
		cancel()
		if err := g.wait(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if len(s.groups) != 1 {
		t.Errorf("written %v", s.groups)
	}
}

// A step whose time is over does not wait for a database that is away, or the program could not stop.
func TestNobodyWaitsForARecordBeyondTheEnd(t *testing.T) {
	s := &slate{away: 5 * time.Minute}
	recording(t, s, func(t *testing.T, r *Recorder) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		g := r.group()
		g.add(ctx, letterOf(7))
		if err := g.wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("waited for %s", took)
		}
		<-time.After(6 * time.Minute)
	})
	if len(s.groups) != 1 { // whoever still has time writes it
		t.Errorf("written %v", s.groups)
	}
}
