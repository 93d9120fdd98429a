package crashtest

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
	"vireilla/internal/test/smtptest"
	"vireilla/workers"
)

var (
	seeds = flag.Int("seeds", 0, "how many seeds are run; in each the program is killed once at every point, on each database; "+
		"0 for a part of the points, which the databases share, and of the stories in which it is paused or asked to end")
	first = flag.Uint64("first", 1, "the first of them")
	only  = flag.Uint64("seed", 0, "run this seed alone and print what happens")
)

// parallel is how many stories run at once in each way to run the program: its processes mostly wait.
const parallel = 2

// P1. However often and wherever the program is killed: after another start every letter has arrived once. A letter
// arrived twice only if it was recorded as unsure.
func TestKilledAnywhereNothingIsLostOrDoubled(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("left out by -short: it starts processes of the program")
	}
	for _, w := range ways() {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			sum := tally{at: map[string]int{}}
			t.Cleanup(func() { sum.whole(t, w) })
			var next atomic.Uint64
			count := uint64(max(1, *seeds))
			for lane := range parallel {
				t.Run(fmt.Sprint("lane ", lane), func(t *testing.T) {
					if *seeds > 1 { // one seed alone begins at once: it takes the longest
						t.Parallel()
					}
					for n := next.Add(1) - 1; n < count && !t.Failed(); n = next.Add(1) - 1 {
						seed := *first + n
						if *only != 0 {
							seed = *only
							next.Store(count)
						}
						if !t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { sum.add(newStory(t, w, seed).live()) }) {
							t.Errorf("go test ./internal/test/crashtest -run TestKilled -v -args -seed %d", seed)
						}
					}
				})
			}
		})
	}
}

// tally counts the results of stories.
type tally struct {
	mu                                  sync.Mutex
	at                                  map[string]int // kills, by point
	kills, letters, unsure, held, twice int
}

func (a *tally) add(b *tally) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for point, n := range b.at {
		a.at[point] += n
		a.kills += n
	}
	a.letters, a.unsure, a.held, a.twice = a.letters+b.letters, a.unsure+b.unsure, a.held+b.held, a.twice+b.twice
}

// deadly returns the points at which a story kills the program.
func (w way) deadly() (list []point) {
	for i, p := range points() {
		if *only != 0 || *seeds > 0 || i%2 == 0 && ways()[i/2%2].name == w.name {
			list = append(list, p)
		}
	}
	return list
}

// whole expects that the program was killed at every point.
func (a *tally) whole(t *testing.T, w way) {
	for _, p := range w.deadly() {
		if a.at[p.name] == 0 {
			t.Errorf("never killed at %s", p.name)
		}
	}
	t.Logf("killed %d times, %v; %d letters, of which %d were unsure, %d of them for a person to decide; %d arrived twice", a.kills, a.at, a.letters, a.unsure, a.held, a.twice)
}

// death is a planned kill.
type death struct {
	point
	passing int
}

// story is some days of an office in which the program is killed once at every point. Between two processes the clock
// moves on, so that the claims of the killed one end.
type story struct {
	*office
	random *rand.Rand
	deaths []death
	today  calendar.Day
	clock  time.Time
	tally  tally
}

const (
	mostDays  = 14
	eachDay   = 16               // appointments that are booked
	nextLife  = 25 * time.Minute // longer than a claim, the wait of an unsure letter, and that of a lost tick
	beginning = 9                // o'clock: all appointments of the day are booked, and letters may be sent
	maxLife   = 10 * time.Second
	maxWait   = 3 * time.Minute // a letter may have to wait for the next minute's tick
)

func newStory(t *testing.T, w way, seed uint64) *story {
	s := &story{random: rand.New(rand.NewPCG(seed, 1)), tally: tally{at: map[string]int{}}}
	var options []smtptest.Option
	if s.random.IntN(2) == 0 {
		options = append(options, smtptest.WithPipelining())
	}
	s.office = newOffice(t, w, options...)
	s.register(mostDays, eachDay)
	s.keptFrom(s.day(0).At(0, 0, s.policy.Location))
	for _, p := range w.deadly() {
		s.deaths = append(s.deaths, death{p, 1 + s.random.IntN(p.most)})
	}
	s.random.Shuffle(len(s.deaths), func(i, j int) { s.deaths[i], s.deaths[j] = s.deaths[j], s.deaths[i] })
	return s
}

// live runs the days until the program was killed at every point, and checks the result.
func (s *story) live() *tally {
	s.t.Helper()
	n := 0
	for ; n < mostDays && len(s.deaths) > 0; n++ {
		s.today = s.day(n)
		s.clock = s.today.At(beginning, 0, s.policy.Location)
		for range min(2+s.random.IntN(2), len(s.deaths)) {
			d := s.deaths[0]
			s.deaths = s.deaths[1:]
			if !s.runUntilKilled(d) {
				d.passing = 1 + d.passing/4
				s.deaths = append([]death{d}, s.deaths...)
				break // the rest of the day does not reach this point
			}
			s.tally.at[d.name]++
		}
		s.finish(n%4 == 3)
	}
	for _, d := range s.deaths {
		s.t.Errorf("in %d days the program was not killed at passing %d of %s", n, d.passing, d.name)
	}
	s.planned = s.planned[:n*eachDay]
	s.check()
	return &s.tally
}

// runUntilKilled runs the program until it is killed or has nothing left to do.
func (s *story) runUntilKilled(d death) bool {
	s.t.Helper()
	command := s.run()
	if d.only == "serve" || s.random.IntN(6) == 0 {
		command = serve()
	}
	p := s.begin([]string{fmt.Sprintf("CRASH_AT=%s:%d", d.name, d.passing)}, command)
	killed := s.over(p)
	s.t.Logf("%s %s: %s with passing %d of %s, killed: %v; %v", s.today, s.clock.Format("15:04"), command[0], d.passing, d.name, killed, s.states())
	return killed
}

// run is the command that does one day.
func (s *story) run() []string { return []string{"run", "--at", s.today.String(), "--yes"} }

// begin starts a process.
func (s *story) begin(more, command []string) *program {
	s.t.Helper()
	s.clock = s.clock.Add(nextLife)
	s.release()
	return s.start(s.clock, more, command...)
}

// over waits until a process has ended. It sends SIGTERM to a serve that has nothing left to do.
func (s *story) over(p *program) (killed bool) {
	s.t.Helper()
	began, late := time.Now(), time.After(maxWait)
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	asked := false
	for {
		select {
		case err := <-p.gone:
			p.gone = nil
			killed = wasKilled(err)
			lettersLeft := strings.Contains(p.output.String(), "letters are not out") // the story counts them itself
			if err != nil && !killed && !lettersLeft {
				s.t.Fatalf("%v\n%s", err, &p.output)
			}
			return killed
		case <-ticker.C:
			// A letter may have to wait for the tick of the next minute, which the next process can do.
			if lived := time.Since(began); !asked && p.serves && (lived > maxLife || s.quiet(s.clock.Add(lived))) {
				asked = true
				_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have exited already
			}
		case <-late:
			s.t.Fatalf("alive after %s: %v\n%s", maxWait, s.states(), &p.output)
		}
	}
}

// quiet reports whether everything that is due by now is done, and the present process has swept.
func (s *story) quiet(now time.Time) bool {
	s.t.Helper()
	last, err := s.store.LastTicks(s.t.Context())
	s.must(err)
	if last["sweep"].Before(s.clock.Truncate(time.Minute)) {
		return false
	}
	open, err := s.store.OpenTicks(s.t.Context(), now)
	s.must(err)
	due, err := s.store.Due(s.t.Context(), now)
	s.must(err)
	return len(open) == 0 && due == 0 && s.states()[notice.Sending] == 0
}

// finish ends the day without a kill, with run or serve, and makes the decisions of a person.
func (s *story) finish(served bool) {
	s.t.Helper()
	command := s.run()
	if served {
		command = serve()
	}
	for _, kind := range []string{"training", "digests", "leads", "appointments"} {
		s.days = append(s.days, kind+"/"+s.today.String())
	}
	for range 4 {
		p := s.begin(nil, command)
		if s.over(p) {
			s.t.Fatal("killed, but not by this test")
		}
		n := s.states()
		if s.decide() == 0 && n[notice.Pending]+n[notice.Deferred]+n[notice.Unsure]+n[notice.Sending] == 0 {
			return
		}
	}
	s.t.Fatalf("%s does not come to its end: %v", s.today, s.states())
}

// decide follows docs/operations.md for letters that were unsure twice: it withdraws those in the log of the relay, and
// sends the others again. It returns the number of the latter.
func (s *story) decide() (again int) {
	s.t.Helper()
	arrived := s.arrived()
	for _, e := range s.outbox() {
		if e.State != notice.Held {
			continue
		}
		s.tally.held++
		if arrived[e.Key] > 0 {
			s.must(s.store.Withdraw(s.t.Context(), s.clock, e.ID))
			continue
		}
		s.must(s.store.Retry(s.t.Context(), s.clock, e.ID))
		again++
	}
	return again
}

// arrived counts what the mail server accepted, by key.
func (s *story) arrived() map[string]int {
	s.t.Helper()
	times, byKey := map[string]int{}, map[string]int{}
	for _, m := range s.mail.Accepted() {
		times[m.MessageID]++
	}
	for _, e := range s.outbox() {
		byKey[e.Key] = times[workers.MessageID(e.Key, sender)]
	}
	return byKey
}

// check compares mail and outbox (package outboxcheck), and expects that every letter has arrived.
func (s *story) check() {
	s.t.Helper()
	for _, fault := range s.faults() {
		s.t.Error(fault)
	}
	arrived := s.arrived()
	for _, e := range s.outbox() {
		s.tally.letters++
		if e.Unsure > 0 {
			s.tally.unsure++
		}
		if arrived[e.Key] > 1 {
			s.tally.twice++
		}
		if arrived[e.Key] == 0 {
			s.t.Errorf("%s is %s %s and never arrived", e.Key, e.State, e.Why)
		}
	}
	if *only != 0 && s.t.Failed() {
		for i, p := range s.programs {
			s.t.Logf("process %d wrote\n%s", i+1, &p.output)
		}
	}
}
