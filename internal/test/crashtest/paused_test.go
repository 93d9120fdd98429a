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

var long = flag.Bool("long", false, "pause processes for a real minute, and stop them in every phase in both ways")

// P3. A machine may pause and continue. Other processes have its claims by then: it begins no letter whose claim it has
// lost, and what it records about one is ignored.

// waitUntilStopped waits until a process has been stopped by SIGSTOP.
func (p *program) waitUntilStopped() {
	p.t.Helper()
	await(p.t, maxWait, "the process to stop", func() bool {
		state, err := exec.Command("ps", "-o", "state=", "-p", fmt.Sprint(p.cmd.Process.Pid)).Output()
		return err == nil && strings.HasPrefix(string(state), "T")
	})
}

// quit ends a process that has nothing left to do, once it is at work: another may have done everything meanwhile.
func (s *story) quit(p *program) {
	s.t.Helper()
	await(s.t, maxWait, "the process to be at work", func() bool { return p.output.Count("at work") > 0 })
	asked := time.Now()
	p.signal(syscall.SIGTERM)
	s.ends(p, asked)
}

// inHand returns the points at which a letter is claimed and not yet recorded.
func inHand() (list []point) {
	for _, p := range points() {
		if slices.Contains([]string{"claim", "connect", "mail", "rcpt", "data", "half", "before-dot", "after-dot", "after-250", "before-record"}, p.name) {
			list = append(list, p)
		}
	}
	return list
}

// One process is stopped until its claims have ended, while others take what is due. It needs PostgreSQL: on SQLite a
// process that is stopped in a transaction locks the file.
func TestAProcessPausedLongerThanItsClaimHasLostItsLetters(t *testing.T) {
	t.Parallel()
	for i, at := range inHand() {
		if !*long && (i%3 > 0 || *seeds == 0 && at.name != "before-dot") {
			continue
		}
		t.Run(at.name, func(t *testing.T) {
			t.Parallel()
			s := begun(t, ways()[1], 120)
			const stopFor = 6 * nextLife
			held := s.begin([]string{"CRASH_AT=" + at.name + ":2", "CRASH_BY=STOP", "CRASH_STANDS=" + stopFor.String()}, serve())
			held.waitUntilStopped()
			before := s.states()
			if before[notice.Sending] == 0 {
				t.Fatalf("it holds nothing: %v", before)
			}
			s.others(6)
			meanwhile := s.mail.Seen()["MAIL"]
			steps := strings.Count(held.output.String(), `"msg":"step"`)
			held.signal(syscall.SIGCONT)
			await(t, maxWait, "the process to notice what it has lost", func() bool {
				if at.name == "claim" { // it has begun none and returns all claims
					return strings.Count(held.output.String(), `"msg":"step"`) > steps
				}
				return strings.Contains(held.output.String(), "no longer ours")
			})
			s.quit(held)
			// Letters that had a connection may finish; it begins no other.
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

// others runs at most so many other processes, one after the other, until no letter waits.
func (s *story) others(most int) {
	s.t.Helper()
	for range most {
		if s.over(s.begin(nil, serve())) {
			s.t.Fatal("killed, but not by this test")
		}
		if n := s.states(); n[notice.Sent] >= len(s.planned) && n[notice.Sending]+n[notice.Unsure]+n[notice.Pending]+n[notice.Deferred] == 0 {
			return
		}
	}
	s.t.Fatalf("the others left letters: %v", s.states())
}

// A process that is stopped in a transaction holds locks; the first is the lease of the timetable.
func TestAProcessPausedInATransactionBlocksNobody(t *testing.T) {
	t.Parallel()
	for i, passing := range []int{1, 9} {
		if !everyday(i, 2) {
			continue
		}
		t.Run(fmt.Sprint(passing), func(t *testing.T) {
			t.Parallel()
			s := begun(t, ways()[1], 16)
			held := s.begin([]string{fmt.Sprint("CRASH_AT=commit:", passing), "CRASH_BY=STOP", "CRASH_STANDS=2h30m"}, serve())
			held.waitUntilStopped()
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

// lines is how many letters one process may send at once; it reads the number from the source.
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

// In a real minute no claim ends, but the connections to the relay break, and another process has the timetable.
func TestAProcessPausedForAMinuteBesideAnotherLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	minute := 3 * time.Second
	if *long {
		minute = time.Minute
	}
	for i, at := range points() {
		if !*long && at.name != "tick-recorded" && at.name != "claim" && at.name != "after-dot" || !everyday(i+1, 2) {
			continue
		}
		t.Run(at.name, func(t *testing.T) {
			t.Parallel()
			s := begun(t, ways()[1], many)
			s.mail.Set(smtptest.Dot, smtptest.Well().Calling(func() { <-time.After(10 * time.Millisecond) }))
			held := s.begin([]string{"CRASH_AT=" + at.name + ":1", "CRASH_BY=STOP", "CRASH_STANDS=0s"}, serve())
			held.waitUntilStopped()
			second := s.start(s.clock, nil, serve()...)
			<-time.After(minute)
			held.signal(syscall.SIGCONT)
			await(t, maxWait, "all to be out", func() bool { n := s.states(); return n[notice.Sent] > many && n[notice.Pending]+n[notice.Sending] == 0 })
			s.quit(held)
			s.quit(second)
			s.undisturbed()
		})
	}
}
