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
	seeds = flag.Int("seeds", 1, "how many seeds are run; in each the program is killed once at every point, on each database")
	first = flag.Uint64("first", 1, "the first of them")
	only  = flag.Uint64("seed", 0, "run this seed alone and print what happens")
)

// lanes is how many stories go on side by side in each way to run: lives wait more than they work.
const lanes = 2

// P1. However often and wherever the program is killed: when it has been started once more, every letter has arrived, once; twice only what was unsure, and was recorded so.
func TestKilledAnywhereNothingIsLostOrDoubled(t *testing.T) {
	if testing.Short() {
		t.Skip("left out by -short: it starts processes of the program")
	}
	for _, w := range ways() {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			sum := tally{at: map[string]int{}}
			t.Cleanup(func() { sum.whole(t) })
			var next atomic.Uint64
			for lane := range lanes {
				t.Run(fmt.Sprint("lane ", lane), func(t *testing.T) {
					t.Parallel()
					for n := next.Add(1) - 1; n < uint64(*seeds) && !t.Failed(); n = next.Add(1) - 1 {
						seed := *first + n
						if *only != 0 {
							seed = *only
							next.Store(uint64(*seeds))
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

// tally is what came of stories.
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

// whole expects that no point was forgotten.
func (a *tally) whole(t *testing.T) {
	for _, p := range points() {
		if a.at[p.name] == 0 {
			t.Errorf("never killed at %s", p.name)
		}
	}
	t.Logf("killed %d times, %v; %d letters, of which %d were unsure, %d of them for a person to decide; %d arrived twice", a.kills, a.at, a.letters, a.unsure, a.held, a.twice)
}

// death is a kill that is to come.
type death struct {
	point
	passing int
}

// story is some days of an office in which the program is killed once at every point. Between two lives the clock goes on, so that the claims of the dead end.
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
	nextLife  = 25 * time.Minute // longer than a claim and the wait of an unsure letter, and than a lost tick is waited for
	beginning = 9                // o'clock: by then all that the day brings is booked, and letters may go out
	enough    = 10 * time.Second
	patience  = 3 * time.Minute // a letter may have to wait for the next minute's tick
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
	for _, p := range points() {
		s.deaths = append(s.deaths, death{p, 1 + s.random.IntN(p.most)})
	}
	s.random.Shuffle(len(s.deaths), func(i, j int) { s.deaths[i], s.deaths[j] = s.deaths[j], s.deaths[i] })
	return s
}

// live goes through the days until there was a kill at every point, and checks what is left.
func (s *story) live() *tally {
	s.t.Helper()
	n := 0
	for ; n < mostDays && len(s.deaths) > 0; n++ {
		s.today = s.day(n)
		s.clock = s.today.At(beginning, 0, s.policy.Location)
		for range min(2+s.random.IntN(2), len(s.deaths)) {
			d := s.deaths[0]
			s.deaths = s.deaths[1:]
			if !s.dies(d) {
				d.passing = 1 + d.passing/4
				s.deaths = append([]death{d}, s.deaths...)
				break // what is left of today does not come so far
			}
			s.tally.at[d.name]++
		}
		s.finish(n%4 == 3)
	}
	for _, d := range s.deaths {
		s.t.Errorf("in %d days nobody was killed at passing %d of %s", n, d.passing, d.name)
	}
	s.planned = s.planned[:n*eachDay]
	s.check()
	return &s.tally
}

// dies lets the program live until it is killed, or has nothing to do any more.
func (s *story) dies(d death) bool {
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

// run is the program that does a day by itself.
func (s *story) run() []string { return []string{"run", "--at", s.today.String(), "--yes"} }

// begin starts a life.
func (s *story) begin(more, command []string) *program {
	s.t.Helper()
	s.clock = s.clock.Add(nextLife)
	s.release()
	return s.start(s.clock, more, command...)
}

// over waits until a life has ended; a serve with nothing to do any more is asked to.
func (s *story) over(p *program) (killed bool) {
	s.t.Helper()
	began, late := time.Now(), time.After(patience)
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	asked := false
	for {
		select {
		case err := <-p.gone:
			p.gone = nil
			if killed = wasKilled(err); err != nil && !killed && !strings.Contains(p.said.String(), "letters are not out") { // of which the story keeps count itself
				s.t.Fatalf("%v\n%s", err, &p.said)
			}
			return killed
		case <-look.C:
			// A letter may have to wait for the next minute's tick, and can do so in the next life.
			if lived := time.Since(began); !asked && p.serves && (lived > enough || s.quiet(s.clock.Add(lived))) {
				asked = true
				_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may be gone already
			}
		case <-late:
			s.t.Fatalf("alive after %s: %v\n%s", patience, s.states(), &p.said)
		}
	}
}

// quiet tells whether all that is due by now is done, in the present life.
func (s *story) quiet(now time.Time) bool {
	s.t.Helper()
	last, err := s.store.LastTicks(s.t.Context())
	s.well(err)
	if last["sweep"].Before(s.clock.Truncate(time.Minute)) {
		return false
	}
	open, err := s.store.OpenTicks(s.t.Context(), now)
	s.well(err)
	due, err := s.store.Due(s.t.Context(), now)
	s.well(err)
	return len(open) == 0 && due == 0 && s.states()[notice.Sending] == 0
}

// finish brings the day to its end without a kill, as run or as serve, and decides what is left to a person.
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
			s.t.Fatal("killed by somebody else")
		}
		n := s.states()
		if s.decide() == 0 && n[notice.Pending]+n[notice.Deferred]+n[notice.Unsure]+n[notice.Sending] == 0 {
			return
		}
	}
	s.t.Fatalf("%s does not come to its end: %v", s.today, s.states())
}

// decide does with the letters that were unsure twice what docs/operations.md says: what the relay's log knows is withdrawn, the rest goes out again. It gives how many do.
func (s *story) decide() (again int) {
	s.t.Helper()
	arrived := s.arrived()
	for _, e := range s.outbox() {
		if e.State != notice.Held {
			continue
		}
		s.tally.held++
		if arrived[e.Key] > 0 {
			s.well(s.store.Withdraw(s.t.Context(), s.clock, e.ID))
			continue
		}
		s.well(s.store.Retry(s.t.Context(), s.clock, e.ID))
		again++
	}
	return again
}

// arrived counts what the mail server took, by key.
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

// check asks the oracle, and more: nothing is left to guess about, every letter has arrived.
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
			s.t.Logf("life %d said\n%s", i+1, &p.said)
		}
	}
}
