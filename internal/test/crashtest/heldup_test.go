package crashtest

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"vireilla/internal/notice"
	"vireilla/internal/test/smtptest"
)

var long = flag.Bool("long", false, "let processes stand still for a true minute, too")

// P3. A machine may stand still and go on as if nothing had been. What it held is somebody else's by then: it begins no letter that it has lost, and its word about one counts no more.

// stands waits until a process stands still.
func (p *program) stands() {
	p.t.Helper()
	await(p.t, patience, "the process to stand still", func() bool {
		state, err := exec.Command("ps", "-o", "state=", "-p", fmt.Sprint(p.cmd.Process.Pid)).Output()
		return err == nil && strings.HasPrefix(string(state), "T")
	})
}

// quit asks a process to end that has nothing to do any more.
func (s *story) quit(p *program) {
	s.t.Helper()
	asked := time.Now()
	p.signal(syscall.SIGTERM)
	s.ends(p, asked)
}

// inHand are the points at which a letter is claimed and not yet recorded.
func inHand() (list []point) {
	for _, p := range points() {
		if slices.Contains([]string{"claim", "connect", "mail", "rcpt", "data", "half", "before-dot", "after-dot", "after-250", "before-record"}, p.name) {
			list = append(list, p)
		}
	}
	return list
}

// One process stands still until its claims are over, by the clock of all, while others take what is due. (On SQLite, which is for one process, one that stands still in a
// transaction keeps the file.)
func TestHeldUpForLongerThanItsClaimItHasLostItsLetters(t *testing.T) {
	for i, at := range inHand() {
		if i%3 > 0 && !*long {
			continue
		}
		t.Run(at.name, func(t *testing.T) {
			t.Parallel()
			s := begun(t, ways()[1], 120)
			const stands = 6 * nextLife
			held := s.begin([]string{"CRASH_AT=" + at.name + ":2", "CRASH_BY=STOP", "CRASH_STANDS=" + stands.String()}, serve())
			held.stands()
			before := s.states()
			if before[notice.Sending] == 0 {
				t.Fatalf("it holds nothing: %v", before)
			}
			s.others(6)
			meanwhile := s.mail.Seen()["MAIL"]
			steps := strings.Count(held.said.String(), `"msg":"step"`)
			held.signal(syscall.SIGCONT)
			await(t, patience, "the process to notice what it has lost", func() bool {
				if at.name == "claim" { // it has begun none, gives all back, and nobody misses them
					return strings.Count(held.said.String(), `"msg":"step"`) > steps
				}
				return strings.Contains(held.said.String(), "no longer ours")
			})
			s.quit(held)
			// Those that had a line may end; of the others it begins none.
			if n := s.mail.Seen()["MAIL"] - meanwhile; n > lines(t) {
				t.Errorf("%d letters were begun after it went on, of %d that it held", n, before[notice.Sending])
			}
			s.finish(false)
			for _, fault := range s.faults() {
				t.Error(fault)
			}
		})
	}
}

// others lets at most so many other processes live, one after the other, until nothing waits.
func (s *story) others(most int) {
	s.t.Helper()
	for range most {
		if s.over(s.begin(nil, serve())) {
			s.t.Fatal("killed by somebody else")
		}
		if n := s.states(); n[notice.Sent] >= len(s.planned) && n[notice.Sending]+n[notice.Unsure]+n[notice.Pending]+n[notice.Deferred] == 0 {
			return
		}
	}
	s.t.Fatalf("the others left letters: %v", s.states())
}

// Whoever stands still in the middle of a transaction has locks; the first is the timetable's lease.
func TestHeldUpInATransactionItHoldsUpNobody(t *testing.T) {
	for _, passing := range []int{1, 9} {
		t.Run(fmt.Sprint(passing), func(t *testing.T) {
			t.Parallel()
			s := begun(t, ways()[1], 16)
			held := s.begin([]string{fmt.Sprint("CRASH_AT=commit:", passing), "CRASH_BY=STOP", "CRASH_STANDS=2h30m"}, serve())
			held.stands()
			s.others(6)
			held.signal(syscall.SIGCONT)
			s.quit(held)
			s.finish(false)
			for _, fault := range s.faults() {
				t.Error(fault)
			}
		})
	}
}

// lines is how many letters one process may have under way, as the program itself says.
func lines(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("../../../cmd/vireilla/wire.go")
	if err != nil {
		t.Fatal(err)
	}
	said := regexp.MustCompile(`connections\s+= (\d+)\n`).FindSubmatch(text)
	if said == nil {
		t.Fatal("wire.go does not say how many connections there are")
	}
	n, err := strconv.Atoi(string(said[1]))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// In a true minute no claim ends, but the lines to the relay break, and the timetable is somebody else's.
func TestHeldUpForAMinuteBesideAnotherNothingIsLostOrDoubled(t *testing.T) {
	minute := 3 * time.Second
	if *long {
		minute = time.Minute
	}
	for _, at := range points() {
		if !*long && at.name != "tick-recorded" && at.name != "claim" && at.name != "after-dot" {
			continue
		}
		t.Run(at.name, func(t *testing.T) {
			t.Parallel()
			s := begun(t, ways()[1], many)
			s.mail.Set(smtptest.Dot, smtptest.Well().Calling(func() { <-time.After(10 * time.Millisecond) }))
			held := s.begin([]string{"CRASH_AT=" + at.name + ":1", "CRASH_BY=STOP", "CRASH_STANDS=0s"}, serve())
			held.stands()
			second := s.start(s.clock, nil, serve()...)
			<-time.After(minute)
			held.signal(syscall.SIGCONT)
			await(t, patience, "all to be out", func() bool { n := s.states(); return n[notice.Sent] > many && n[notice.Pending]+n[notice.Sending] == 0 })
			s.quit(held)
			s.quit(second)
			s.undisturbed()
		})
	}
}
