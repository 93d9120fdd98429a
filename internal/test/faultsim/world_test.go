package faultsim

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata"

	"vireilla/internal/journal"
	"vireilla/internal/policy"
	"vireilla/internal/store"
	"vireilla/internal/test/markers"
	"vireilla/internal/timetable"
	"vireilla/templates"
)

// world is the whole state of one seed's story.
type world struct {
	t       *testing.T
	rng     *rand.Rand
	store   *store.DB
	policy  *policy.Policy
	letters *templates.Set
	log     *slog.Logger

	began, base time.Time     // start of the bubble, and the time that the story gives it
	jump        time.Duration // how wrong the clocks of the machines are

	mu      sync.Mutex
	parked  []*party
	running int
	endings []ending

	machines []*machine
	journals map[string]*journal.Journal // by machine; a machine that died and starts again keeps its journal
	folder   string
	numbers  int
	queue    []*job

	leaseOf    string // the machine that runs the timetable
	leaseUntil time.Time

	troubled                                bool
	queueAway, relayAway, sick, switchedOff bool

	step   int
	turned int // the last step at which the clocks changed
	trace  []string
	faults []string
	seen
	register
}

// scratch is a folder for databases: in memory where the system has such a place, since they need not survive a power
// cut.
func scratch(t *testing.T) string {
	t.Helper()
	parent := ""
	if f, err := os.Stat("/dev/shm"); err == nil && f.IsDir() {
		parent = "/dev/shm"
	}
	folder, err := os.MkdirTemp(parent, "vireilla-simulation-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}

// empty is an empty database, made once because the migrations take longer than a story.
var empty = sync.OnceValues(func() ([]byte, error) {
	folder, err := os.MkdirTemp("", "vireilla")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "v.db")
	s, err := store.Open(context.Background(), "sqlite:"+path)
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

var loaded = sync.OnceValues(func() (*templates.Set, error) { return templates.Load(nil) })

// newWorld must be called inside the bubble.
func newWorld(t *testing.T, seed uint64, path string) *world {
	t.Helper()
	w := &world{t: t, rng: rand.New(rand.NewPCG(seed, 1)), began: time.Now(), policy: policy.Default(), troubled: true,
		seen: newSeen(), register: newRegister()}
	w.policy.Guard.Floor = 6 + w.rng.IntN(30)
	for i := range w.policy.Timetable {
		e := &w.policy.Timetable[i]
		if strings.HasPrefix(e.Cron, "*") { // the story checks the timetable a few times a day
			spec, err := timetable.Parse("*/20 * * * *", w.policy.Location)
			if err != nil {
				t.Fatal(err)
			}
			e.Spec = spec
		}
	}
	for _, letter := range slices.Sorted(maps.Keys(w.policy.Letters)) {
		if w.rng.IntN(5) == 0 {
			w.policy.Letters[letter] = policy.Letter{Unsure: "hold"}
		}
	}
	// Eras, summer time, Easter, Christmas, Midsummer.
	starts := []string{"2024-02-26", "2024-03-11", "2024-10-07", "2025-12-08", "2026-03-09", "2026-06-01"}
	start, err := time.ParseInLocation("2006-01-02", starts[w.rng.IntN(len(starts))], w.policy.Location)
	if err != nil {
		t.Fatal(err)
	}
	w.base = start
	text, err := empty()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if w.store, err = store.Open(context.Background(), "sqlite:"+path); err != nil {
		t.Fatal(err)
	}
	if w.letters, err = loaded(); err != nil {
		t.Fatal(err)
	}
	w.folder, w.journals = path+".journals", map[string]*journal.Journal{}
	w.log = slog.New(slog.NewJSONHandler(&listener{world: w}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	for i := range 1 + w.rng.IntN(5) {
		w.machines = append(w.machines, w.start(fmt.Sprintf("m%d", i+1)))
	}
	return w
}

// journal opens the send journal of a machine. A process that starts again on the machine continues the same file.
func (w *world) journal(name string) *journal.Journal {
	w.t.Helper()
	name, _, _ = strings.Cut(name, ".")
	if j := w.journals[name]; j != nil {
		_ = j.Close()
	}
	folder := filepath.Join(w.folder, name)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		w.t.Fatal(err)
	}
	j, err := journal.Open(folder, w.now())
	if err != nil {
		w.t.Fatal(err)
	}
	w.journals[name] = j
	return j
}

// listener reads the logs of all machines, which must name nobody.
type listener struct {
	world *world
	mu    sync.Mutex
}

func (l *listener) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(markers.Lines(line)) > 0 {
		l.world.fault("the log names somebody")
	}
	return len(line), nil
}

// trueTime is the time of a correct clock; now is the time of the machines' clocks.
func (w *world) trueTime() time.Time { return w.base.Add(time.Since(w.began)) }

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.trueTime().Add(w.jump)
}

func (w *world) turn(by time.Duration) {
	w.mu.Lock()
	w.jump = by
	w.mu.Unlock()
	w.turned = w.step
	w.note("the clocks are wrong by %s", by)
}

func (w *world) number() int { w.numbers++; return w.numbers }

// note adds to the trace, which holds ids only.
func (w *world) note(format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf("%5d %s ", w.step,
		w.now().In(w.policy.Location).Format("01-02 15:04:05"))+fmt.Sprintf(format, args...))
}

func (w *world) fault(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	w.mu.Lock()
	w.faults = append(w.faults, text)
	w.mu.Unlock()
	w.note("FAULT %s", text)
}

// run plays the story: thirty days of trouble, ten quiet ones.
func (w *world) run() {
	const trouble, quiet = 30, 10
	for day := range trouble + quiet {
		if day == trouble {
			w.calm()
		}
		for _, at := range w.moments(day) {
			if wait := at.Sub(w.trueTime()); wait > 0 {
				time.Sleep(wait)
			}
			w.moment()
		}
	}
}

// moments are the times of a day at which something may happen.
func (w *world) moments(day int) (times []time.Time) {
	start := w.base.In(w.policy.Location).AddDate(0, 0, day)
	at := func(hour, minute int) {
		times = append(times, time.Date(start.Year(), start.Month(), start.Day(), hour, minute, w.rng.IntN(50), 0,
			w.policy.Location))
	}
	if !w.troubled {
		for _, clock := range [][2]int{{7, 36}, {8, 10}, {11, 0}, {15, 59}} {
			at(clock[0], clock[1])
		}
		return times
	}
	for _, clock := range [][2]int{{5, 12}, {7, 31}, {8, 0}, {12, 0}} {
		if w.rng.IntN(2) > 0 {
			at(clock[0], clock[1])
		}
	}
	for range w.rng.IntN(3) {
		at(7+w.rng.IntN(12), w.rng.IntN(60))
	}
	slices.SortFunc(times, time.Time.Compare)
	return times
}

// calm ends all trouble.
func (w *world) calm() {
	w.troubled, w.queueAway, w.relayAway, w.sick = false, false, false, false
	w.turn(0)
	w.switchOff(false)
	w.note("from here on all is quiet")
}

// moment lets the machines check the timetable and do the work that is due.
func (w *world) moment() {
	w.waiting()
	w.step++
	w.reportEndings()
	if w.jump != 0 {
		w.wrong[w.today()-1], w.wrong[w.today()], w.wrong[w.today()+1] = true, true, true
	}
	if w.troubled {
		w.disturb()
		if w.rng.IntN(4) == 0 {
			w.people()
		}
	}
	for i, m := range w.machines {
		if m.isDead() || m.stopped && m.busy == 0 {
			if !w.troubled || w.rng.IntN(3) > 0 {
				w.machines[i] = w.start(fmt.Sprintf("m%d.%d", i+1, w.number()))
			}
		}
	}
	w.recover()
	ticking := w.machines[w.rng.IntN(len(w.machines))]
	for _, m := range w.machines {
		if !m.isDead() && !m.stopped && (m == ticking || w.troubled && w.rng.IntN(6) == 0) {
			m.tick()
			if w.rng.IntN(3) == 0 {
				m.poll()
			}
		}
	}
	w.pump()
}

// disturb begins and ends faults that last.
func (w *world) disturb() {
	toggle := func(what *bool, name string, begins, ends int) {
		if !*what && w.rng.IntN(begins) == 0 || *what && w.rng.IntN(ends) == 0 {
			*what = !*what
			w.note("%s: %v", name, *what)
		}
	}
	toggle(&w.queueAway, "the queue is down", 30, 3)
	toggle(&w.relayAway, "the relay is down", 40, 8)
	toggle(&w.sick, "the database is sick", 60, 2)
	if w.queueAway && w.rng.IntN(3) == 0 {
		w.note("the queue has lost everything")
		w.queue = nil
	}
	switch n := w.rng.IntN(100); {
	case n < 3:
		w.turn([]time.Duration{time.Hour, -time.Hour, 24 * time.Hour, -24 * time.Hour}[w.rng.IntN(4)])
	case n < 20 && w.jump != 0:
		w.turn(0)
	}
}

// pump resumes one goroutine or job after the other until none is left.
func (w *world) pump() {
	for n := 0; ; {
		parked := w.waiting()
		w.step++
		w.reportEndings()
		jobs, free := w.readyJobs(), w.freeMachines()
		if len(free) == 0 {
			jobs = nil
		}
		if len(parked)+len(jobs) == 0 {
			if w.idle() {
				return
			}
			time.Sleep(100 * time.Millisecond)
			continue
		}
		if n++; n > 5000 {
			w.fault("no end of work")
			return
		}
		if w.troubled && w.interrupt() {
			continue
		}
		switch i := w.rng.IntN(len(parked) + len(jobs) + 1); {
		case i < len(parked):
			w.resume(parked[i])
		case i < len(parked)+len(jobs):
			w.begin(jobs[i-len(parked)], free[w.rng.IntN(len(free))])
		default:
			time.Sleep(20 * time.Millisecond) // goroutines that sleep for a moment continue
		}
	}
}

func (w *world) idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.running == 0
}

// freeMachines lists the machines that can take a task.
func (w *world) freeMachines() (free []*machine) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.machines {
		if !m.dead && !m.stopped && m.busy < 4 {
			free = append(free, m)
		}
	}
	return free
}

// interrupt may let time pass, people act, or a machine die or stop in between.
func (w *world) interrupt() bool {
	switch n := w.rng.IntN(1000); {
	case n < 15:
		time.Sleep(time.Duration(1+w.rng.IntN(120)) * time.Second)
	case n < 19:
		time.Sleep(time.Duration(5+w.rng.IntN(40)) * time.Minute)
	case n < 25:
		w.people()
	case n < 28:
		m := w.machines[w.rng.IntN(len(w.machines))]
		w.note("%s is killed", m.name)
		m.die()
	case n < 30:
		m := w.machines[w.rng.IntN(len(w.machines))]
		w.note("%s is asked to stop", m.name)
		m.stopped = true
		m.stop()
		m.end()
	default:
		return false
	}
	return true
}
