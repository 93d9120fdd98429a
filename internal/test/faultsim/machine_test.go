package faultsim

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"vireilla/internal/mailer"
	"vireilla/internal/notice"
	"vireilla/internal/store"
	"vireilla/workers"
)

// machine is one process of the program, wired as in cmd, with a seam wherever it calls what it shares with others.
type machine struct {
	*store.DB
	world     *world
	name      string
	workers   *workers.Workers
	timetable *workers.Timetable
	poller    *workers.Poller
	stop      context.CancelFunc

	dead    bool // under world.mu
	stopped bool
	busy    int // active tasks; under world.mu
}

func (w *world) start(name string) *machine {
	m := &machine{DB: w.store, world: w, name: name}
	stopping, stop := context.WithCancel(context.Background())
	m.stop = stop
	breaker := &mailer.Breaker{}
	m.workers = workers.New(workers.Parts{
		Clock: w.now, Wall: w.now, Policy: w.policy, PolicyID: "simulation", Store: m, Journal: &diary{w.journal(name), m}, Enqueue: m, DeliverTasks: 2,
		Letters: w.letters, From: "Lahden kaupunki <" + sender + ">", Stop: stopping, SwitchMaxAge: store.BlockedMaxAge, Log: w.log,
		Send: func(ctx context.Context, mail workers.Mail) notice.Outcome {
			if !mail.Still() {
				return notice.Outcome{Result: notice.Later}
			}
			w.begun()
			o := breaker.Note(w.now(), mail.To, m.send(ctx, mail))
			result := map[mailer.Result]notice.Result{mailer.Sent: notice.Accepted, mailer.Deferred: notice.Later, mailer.Failed: notice.Never, mailer.Unsure: notice.Ambiguous}[o.Result]
			return notice.Outcome{Result: result, Code: o.Code, Why: o.Reason}
		}})
	// The clock of the steps may be turned; answers about the kill switch age by the true time.
	m.workers.Deliver.SendingBlocked = workers.NewKillSwitch(m.SendingBlocked, store.BlockedMaxAge, w.trueTime).On
	m.poller = &workers.Poller{Queue: m, Clock: w.now, Store: m, Do: polled{m}, Concurrency: 1, Log: w.log}
	m.timetable = &workers.Timetable{Clock: w.now, Wall: w.trueTime, Owner: name, Entries: w.policy.Timetable, Ledger: m, Put: m.Tick, Log: w.log}
	return m
}

// polled is what the poller does on a machine. Its deliveries go on beside its ticks, so their calls have names of
// their own.
type polled struct{ *machine }

func (p polled) RunTick(ctx context.Context, entry string, at time.Time) error {
	return p.workers.RunTick(ctx, entry, at)
}

func (p polled) DeliverLetters(ctx context.Context, ids []int64) error {
	name, _ := ctx.Value(task{}).(string)
	return p.workers.DeliverLetters(context.WithValue(ctx, task{}, name+" letters"), ids)
}

// State is the health of the queue as this machine knows it.
func (m *machine) State() (down, paused bool) { return m.world.queueAway, false }

func (m *machine) isDead() bool {
	m.world.mu.Lock()
	defer m.world.mu.Unlock()
	return m.dead
}

// die stops all that the machine does. Its claims stay, and after a while the queue recovers its tasks.
func (m *machine) die() {
	m.world.mu.Lock()
	defer m.world.mu.Unlock()
	m.dead = true
}

// do runs a task on the machine and reports its end; a dead machine reports nothing.
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

// ending is a task that has ended and that the scheduler has not handled yet.
type ending struct {
	name  string
	err   error
	ended func(error)
}

// reportEndings handles what has ended, in an order that does not depend on which ended first.
func (w *world) reportEndings() {
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

// tick lets the machine's timetable check the clock once.
func (m *machine) tick() {
	m.do(fmt.Sprintf("t%d", m.world.number()), m.timetable.Tick, func(error) {})
}

// poll lets the machine's poller poll once.
func (m *machine) poll() {
	m.do(fmt.Sprintf("p%d", m.world.number()), func(ctx context.Context) error { m.poller.Poll(ctx); return nil }, func(error) {})
}

// end lets the machine's timetable end, as it does when the process is asked to.
func (m *machine) end() {
	over, cancel := context.WithCancel(context.Background())
	cancel()
	m.do(fmt.Sprintf("t%d", m.world.number()), func(ctx context.Context) error {
		m.timetable.Run(context.WithValue(over, task{}, ctx.Value(task{})))
		return nil
	}, func(error) {})
}
