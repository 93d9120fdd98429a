package simulation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
	"vireilla/internal/journal"
	"vireilla/internal/mailer"
	"vireilla/internal/notice"
	"vireilla/internal/store"
	"vireilla/internal/timetable"
	"vireilla/workers"
)

// machine is one process of the program, put together as cmd does it, with a seam wherever it calls what it shares with others.
type machine struct {
	*store.Store
	world     *world
	name      string
	workers   *workers.Workers
	timetable *workers.Timetable
	stop      context.CancelFunc

	dead    bool // under world.mu
	stopped bool
	busy    int // tasks under way; under world.mu
}

func (w *world) start(name string) *machine {
	m := &machine{Store: w.store, world: w, name: name}
	stopping, stop := context.WithCancel(context.Background())
	m.stop = stop
	sends := &diary{w.journal(name), m}
	compare := &workers.Compare{Clock: w.now, Journal: sends, Outbox: m, Log: w.log}
	scan := &workers.Scan{Policy: w.policy, PolicyID: "simulation", Agenda: m, Facts: m, Bookings: m, Outbox: m, Ring: m.ring, Log: w.log}
	deliver := &workers.Deliver{Clock: w.now, Wall: w.now, Policy: w.policy, Outbox: m, Halted: workers.NewHalt(m.Halted, store.HaltedFor, w.trueTime).Halted, Compare: compare, Journal: sends, Facts: m, Refresh: scan.Refresh, Letters: w.letters,
		From: "Lahden kaupunki <" + sender + ">", Stop: stopping, Log: w.log, Record: &workers.Recorder{Clock: w.now, Outbox: m, Journal: sends, Log: w.log}}
	breaker := &mailer.Breaker{}
	deliver.Send = func(ctx context.Context, mail workers.Mail) notice.Outcome {
		if !mail.Still() {
			return notice.Outcome{Result: notice.Later}
		}
		w.begun()
		o := breaker.Note(w.now(), mail.To, m.send(ctx, mail))
		result := map[mailer.Result]notice.Result{mailer.Sent: notice.Accepted, mailer.Deferred: notice.Later, mailer.Failed: notice.Never, mailer.Unsure: notice.Ambiguous}[o.Result]
		return notice.Outcome{Result: result, Code: o.Code, Why: o.Reason}
	}
	sweep := &workers.Sweep{Policy: w.policy, Outbox: m, Bell: m, Bells: 2, Log: w.log, OpenTicks: func(ctx context.Context, before time.Time, each func(string, time.Time) error) error {
		ticks, err := call(ctx, m, "OpenTicks", func() ([]store.Tick, error) { return w.store.OpenTicks(ctx, before) })
		for _, t := range ticks {
			err = errors.Join(err, each(t.Name, t.At))
		}
		return err
	}}
	m.workers = &workers.Workers{Clock: w.now, Policy: w.policy, Scan: scan, Deliver: deliver, Sweep: sweep, Ledger: m, Log: w.log}
	m.timetable = &workers.Timetable{Clock: w.now, Wall: w.trueTime, Holder: name, Entries: w.policy.Timetable, Ledger: m, Put: m.Tick, Log: w.log}
	return m
}

// diary is the machine's send journal: the dead write nothing down.
type diary struct {
	*journal.Journal
	machine *machine
}

func (d *diary) Begin(now time.Time, claimed []notice.Claimed) error {
	if d.machine.isDead() {
		return errDead
	}
	return d.Journal.Begin(now, claimed)
}

func (d *diary) End(now time.Time, reports []notice.Report) error {
	if d.machine.isDead() {
		return errDead
	}
	return d.Journal.End(now, reports)
}

func (m *machine) isDead() bool {
	m.world.mu.Lock()
	defer m.world.mu.Unlock()
	return m.dead
}

// die forgets all that the machine has in mind; its claims stay, and the queue sees after a while that its tasks are nobody's.
func (m *machine) die() {
	m.world.mu.Lock()
	defer m.world.mu.Unlock()
	m.dead = true
}

// What the steps call, at the seams.

func (m *machine) Claim(ctx context.Context, now, wall time.Time, ids []int64, n int) ([]notice.Claimed, error) {
	var claimed []notice.Claimed
	err := act(ctx, m, "Claim", func() (err error) {
		claimed, err = m.Store.Claim(ctx, now, wall, ids, n)
		m.world.claimed(m, claimed)
		return err
	})
	return claimed, err // also when the answer was lost
}

func (m *machine) Record(ctx context.Context, now time.Time, reports []notice.Report) ([]int64, error) {
	return call(ctx, m, "Record", func() ([]int64, error) {
		lost, err := m.Store.Record(ctx, now, reports)
		for i := range reports {
			if r := &reports[i]; err == nil && !slices.Contains(lost, r.ID) {
				m.world.recorded(m, r)
			}
		}
		return lost, err
	})
}

func (m *machine) Add(ctx context.Context, now time.Time, run notice.Run, plan notice.Plan) (notice.Added, error) {
	return call(ctx, m, "Add "+run.Kind, func() (notice.Added, error) {
		added, err := m.Store.Add(ctx, now, run, plan)
		m.world.added(run, plan, added)
		return added, err
	})
}

func (m *machine) Prepare(ctx context.Context, day calendar.Day, policyID string) error {
	return act(ctx, m, "Prepare", func() error { return m.Store.Prepare(ctx, day, policyID) })
}

func (m *machine) Refresh(ctx context.Context, on calendar.Day, look func(*notice.Awake) notice.Agenda) error {
	return act(ctx, m, "Refresh", func() error { return m.Store.Refresh(ctx, on, look) })
}

func (m *machine) AwakeBookings(ctx context.Context, now time.Time, look func([]notice.AwakeBooking)) error {
	return act(ctx, m, "AwakeBookings", func() error { return m.Store.AwakeBookings(ctx, now, look) })
}

func (m *machine) Sleep(ctx context.Context, looked []notice.Looked) error {
	return act(ctx, m, "Sleep", func() error { return m.Store.Sleep(ctx, looked) })
}

func (m *machine) Staff(ctx context.Context) (*notice.Staff, error) {
	return call(ctx, m, "Staff", func() (*notice.Staff, error) { return m.Store.Staff(ctx) })
}

func (m *machine) Staged(ctx context.Context, seekers ...string) ([]notice.Staged, error) {
	return call(ctx, m, "Staged", func() ([]notice.Staged, error) { return m.Store.Staged(ctx, seekers...) })
}

func (m *machine) EachStaged(ctx context.Context, each func(notice.Staged) bool) error {
	return act(ctx, m, "EachStaged", func() error { return m.Store.EachStaged(ctx, each) })
}

func (m *machine) Bookings(ctx context.Context, ids []string) ([]notice.AwakeBooking, error) {
	return call(ctx, m, "Bookings", func() ([]notice.AwakeBooking, error) { return m.Store.Bookings(ctx, ids) })
}

func (m *machine) Seekers(ctx context.Context, ids []string) (map[string]caseload.Seeker, error) {
	return call(ctx, m, "Seekers", func() (map[string]caseload.Seeker, error) { return m.Store.Seekers(ctx, ids) })
}

func (m *machine) FreeStuck(ctx context.Context, wall time.Time, hold []string) (int, error) {
	return call(ctx, m, "FreeStuck", func() (int, error) { return m.Store.FreeStuck(ctx, wall, hold) })
}

func (m *machine) Due(ctx context.Context, now time.Time) (int, error) {
	return call(ctx, m, "Due", func() (int, error) { return m.Store.Due(ctx, now) })
}

// TakeLease lets the lease run by the time of the world, not by the database's, which the world does not turn.
func (m *machine) TakeLease(ctx context.Context, name, holder string, span time.Duration) (int64, error) {
	return call(ctx, m, "TakeLease", func() (int64, error) {
		w := m.world
		switch now := w.trueTime(); {
		case w.leaseUntil.After(now) && w.leaseOf != holder:
			return 0, nil
		case w.leaseOf != holder:
			if err := m.Store.EndLease(ctx, name, w.leaseOf); err != nil {
				return 0, err
			}
		}
		w.leaseOf, w.leaseUntil = holder, w.trueTime().Add(span)
		return m.Store.TakeLease(ctx, name, holder, 24*time.Hour)
	})
}

func (m *machine) LastTicks(ctx context.Context) (map[string]time.Time, error) {
	if m.isDead() {
		return nil, errDead
	}
	return m.Store.LastTicks(ctx)
}

func (m *machine) Strike(ctx context.Context, lease string, fence int64, s timetable.Stroke) (fresh []time.Time, held bool, err error) {
	err = act(ctx, m, "Strike "+s.Entry, func() (err error) {
		if fresh, held, err = m.Store.Strike(ctx, lease, fence, s); err == nil && held {
			m.world.struck(s, fresh)
		}
		return err
	})
	return fresh, held, err
}

func (m *machine) TickDone(ctx context.Context, now time.Time, entry string, at time.Time) error {
	return act(ctx, m, "TickDone "+entry, func() error { return m.Store.TickDone(ctx, now, entry, at) })
}

// do runs something on the machine and tells when it has ended; a dead machine tells nothing.
func (m *machine) do(name string, f func(ctx context.Context) error, ended func(error)) {
	w := m.world
	w.mu.Lock()
	m.busy++
	w.running++
	w.mu.Unlock()
	ctx := context.WithValue(context.Background(), task{}, m.name+" "+name)
	go func() {
		err := f(ctx)
		w.mu.Lock()
		defer w.mu.Unlock()
		m.busy--
		w.running--
		if !m.dead {
			w.endings = append(w.endings, ending{m.name + " " + name, err, ended})
		}
	}()
}

// ending is a task that has ended, of which the scheduler is still to be told.
type ending struct {
	name  string
	err   error
	ended func(error)
}

// tell lets the world know what has ended, in an order that does not depend on who came first.
func (w *world) tell() {
	w.mu.Lock()
	endings := w.endings
	w.endings = nil
	w.mu.Unlock()
	slices.SortFunc(endings, func(a, b ending) int { return cmp.Compare(a.name, b.name) })
	for _, e := range endings {
		if e.err != nil {
			w.note("%s ends with an error", e.name)
			if !w.troubled {
				w.fault("%s failed on a quiet day: %v", e.name, e.err)
			}
		}
		e.ended(e.err)
	}
}

// look lets the machine's timetable look once.
func (m *machine) look() {
	m.do(fmt.Sprintf("t%d", m.world.number()), m.timetable.Look, func(error) {})
}
