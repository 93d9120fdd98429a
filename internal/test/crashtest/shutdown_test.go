package crashtest

import (
	"fmt"
	"net"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	"vireilla/internal/notice"
	"vireilla/internal/test/smtptest"
	"vireilla/tasks"
	"vireilla/workers"
)

// P2. After SIGTERM the program begins nothing more, finishes what is in progress, and exits within the time that an
// orchestrator grants.

const (
	gone  = 25 * time.Second
	pause = 100 * time.Millisecond
)

// many is more letters than one process can claim and send at a time.
const many = 240

// begun returns a story in whose first minutes many letters are due.
func begun(t *testing.T, w way, bookings int) *story {
	t.Helper()
	s := &story{office: newOffice(t, w)}
	s.register(1, bookings)
	s.today = s.day(0)
	s.clock = s.today.At(beginning, 0, s.policy.Location)
	s.keptFrom(s.today.At(0, 0, s.policy.Location))
	return s
}

// waitForShutdown waits until a process has begun to shut down: it gives up the lease of the timetable.
func (s *story) waitForShutdown() {
	s.t.Helper()
	awaitEach(s.t, 5*time.Millisecond, gone, "the process to give up its lease", func() bool {
		holder, err := s.store.Owner(s.t.Context(), workers.TimetableLease)
		s.must(err)
		return holder == ""
	})
}

// ends expects a process to exit in time and without an error.
func (s *story) ends(p *program, asked time.Time) {
	s.t.Helper()
	if err := p.ended(gone - time.Since(asked)); err != nil {
		s.t.Errorf("%v\n%s", err, &p.output)
	}
}

// undisturbed ends the day with another process, and expects that each letter arrived once and none was ever unsure.
func (s *story) undisturbed() {
	s.t.Helper()
	s.finish(false)
	for _, fault := range s.faults() {
		s.t.Error(fault)
	}
	arrived := s.arrived()
	for _, e := range s.outbox() {
		if e.Unsure > 0 || arrived[e.Key] != 1 {
			s.t.Errorf("%s is %s, was unsure %d times and arrived %d times", e.Key, e.State, e.Unsure, arrived[e.Key])
		}
	}
}

// hold is a phase that lasts until the test closes let.
type hold struct {
	reached chan struct{}
	let     chan struct{}
	once    sync.Once
}

func newHold() *hold { return &hold{reached: make(chan struct{}), let: make(chan struct{})} }

func (h *hold) here() {
	h.once.Do(func() { close(h.reached) })
	<-h.let
}

func TestAskedToEndInAnyPhaseItBeginsNothingMore(t *testing.T) {
	t.Parallel()
	phases := []smtptest.Phase{smtptest.Greeting, smtptest.Mail, smtptest.Rcpt, smtptest.Data, smtptest.Body, smtptest.Dot}
	for i, w := range ways() {
		for j, phase := range phases {
			if (i+j)%2 > 0 && !*long || !everyday(j+1, 3) {
				continue // the other way has this phase
			}
			t.Run(fmt.Sprint(w.name, " ", phase), func(t *testing.T) {
				t.Parallel()
				s := begun(t, w, many)
				h := newHold()
				s.mail.Set(phase, smtptest.Well().Calling(h.here))
				p := s.begin(nil, serve())
				<-h.reached
				await(t, maxWait, "all connections to be in use, and letters to wait for one", func() bool {
					return s.mail.Seen()["connect"] >= lines(t) && s.states()[notice.Sending] > 100
				})
				asked := time.Now()
				p.signal(syscall.SIGTERM)
				s.waitForShutdown()
				p.signal(syscall.SIGTERM) // a second signal changes nothing
				<-time.After(pause)
				claims, begun := s.claims(), s.mail.Seen()["MAIL"]
				<-time.After(pause)
				if accepted := len(s.mail.Accepted()); phase != smtptest.Dot && accepted > 0 {
					t.Fatalf("%d letters went through a phase that is held", accepted)
				}
				if len(p.gone) > 0 {
					t.Error("it did not wait for the answer")
				}
				close(h.let)
				s.ends(p, asked)
				t.Logf("gone after %s", time.Since(asked).Round(time.Millisecond))
				// A letter that had a connection but had not sent MAIL had not begun.
				if now := s.mail.Seen()["MAIL"]; now > begun {
					t.Errorf("%d letters were begun after it was asked to end", now-begun)
				}
				if now := s.claims(); now > claims {
					t.Error("letters were claimed after it was asked to end")
				}
				s.mail.Set(phase)
				s.undisturbed()
			})
		}
	}
}

// The outbox cannot be written at that moment.
func TestAskedToEndWhileTheDatabaseWaitsItWritesWhatWasSent(t *testing.T) {
	t.Parallel()
	for _, w := range ways() {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			s := begun(t, w, 16)
			h := newHold()
			s.mail.Set(smtptest.Dot, smtptest.Well().Calling(h.here))
			p := s.begin(nil, serve())
			<-h.reached
			await(t, maxWait, "the rest to be claimed", func() bool { return s.states()[notice.Pending] == 0 })
			release := s.lock() // claims and records wait
			s.mail.Set(smtptest.Dot)
			close(h.let)
			await(t, maxWait, "a letter to be taken", func() bool { return len(s.mail.Accepted()) > 0 })
			asked := time.Now()
			p.signal(syscall.SIGTERM)
			<-time.After(5 * pause)
			if len(p.gone) > 0 {
				t.Fatal("it exited without recording what was sent")
			}
			release()
			s.ends(p, asked)
			s.undisturbed()
		})
	}
}

func TestAskedToEndBetweenTasksItEndsAtOnce(t *testing.T) {
	t.Parallel()
	for _, w := range ways() {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			s := begun(t, w, 16)
			p := s.begin(nil, serve())
			await(t, maxWait, "all to be out", func() bool { return s.states()[notice.Sent] >= 16 && s.quiet(s.clock.Add(nextLife)) })
			asked := time.Now()
			p.signal(syscall.SIGTERM)
			s.ends(p, asked)
			t.Logf("gone after %s", time.Since(asked).Round(time.Millisecond))
			s.undisturbed()
		})
	}
}

// A client that reads a page slowly delays the exit by two seconds; no letter is sent meanwhile.
func TestAskedToEndWhilePagesAreReadItBeginsNothingMore(t *testing.T) {
	t.Parallel()
	s := begun(t, ways()[0], many)
	s.mail.Set(smtptest.Dot, smtptest.Well().Calling(func() { <-time.After(20 * time.Millisecond) }))
	p := s.begin([]string{"METRICS_LISTEN=127.0.0.1:0"}, serve())
	var page []string
	await(t, maxWait, "the address of the metrics", func() bool {
		page = regexp.MustCompile(`metrics: http://([^/]+)/`).FindStringSubmatch(p.output.String())
		return page != nil
	})
	reader, err := net.Dial("tcp", page[1])
	s.must(err)
	defer reader.Close()
	_, err = fmt.Fprint(reader, "GET /metrics HTTP/1.1\r\nHost:")
	s.must(err)
	await(t, maxWait, "letters to go out", func() bool { return len(s.mail.Accepted()) > 10 })
	asked := time.Now()
	p.signal(syscall.SIGTERM)
	s.waitForShutdown()
	<-time.After(pause)
	claims, begun := s.claims(), s.mail.Seen()["MAIL"]
	s.ends(p, asked)
	if left := many - len(s.mail.Accepted()); left < many/4 {
		t.Fatalf("only %d letters were left: the test proves nothing", left)
	}
	if now := s.mail.Seen()["MAIL"]; now > begun || s.claims() > claims {
		t.Errorf("%d letters were begun after it was asked to end, or some were claimed", now-begun)
	}
	s.undisturbed()
}

// Every named point, also those that a relay cannot hold.
func TestAskedToEndAtEveryPointNothingIsLostDoubledOrUnsure(t *testing.T) {
	t.Parallel()
	for i, at := range points() {
		if !everyday(i, 3) {
			continue
		}
		w := ways()[i%2]
		t.Run(at.name+" "+w.name, func(t *testing.T) {
			t.Parallel()
			s := begun(t, w, 16)
			p := s.begin([]string{"CRASH_AT=" + at.name + ":1", "CRASH_BY=TERM"}, serve())
			s.ends(p, time.Now())
			s.undisturbed()
		})
	}
}

// Shutdown does not wait for a relay that does not answer. Before the final dot no letter is unsure; after it the
// letter is, and those of its batch that waited behind it.
func TestAskedToEndItWaitsForNoDeadRelay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		phase  smtptest.Phase
		doubts int // at most
		twice  int
	}{{smtptest.Mail, 0, 0}, {smtptest.Dot, tasks.Batch, 1}} {
		t.Run(string(c.phase), func(t *testing.T) {
			t.Parallel()
			s := begun(t, ways()[1], 16)
			reached := make(chan struct{})
			s.mail.Set(c.phase, smtptest.Silence().Taking().Once().Calling(func() { close(reached) }))
			p := s.begin(nil, serve())
			<-reached
			asked := time.Now()
			p.signal(syscall.SIGTERM)
			s.ends(p, asked)
			t.Logf("gone after %s: %v", time.Since(asked).Round(time.Millisecond), s.states())
			s.finish(false)
			for _, fault := range s.faults() {
				t.Error(fault)
			}
			doubts, twice := 0, 0
			arrived := s.arrived()
			for _, e := range s.outbox() {
				doubts += e.Unsure
				twice += arrived[e.Key] - 1
			}
			if doubts > c.doubts || twice != c.twice {
				t.Errorf("%d letters were unsure, %d came twice", doubts, twice)
			}
		})
	}
}
