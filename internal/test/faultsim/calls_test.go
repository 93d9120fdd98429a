package faultsim

import (
	"context"
	"fmt"
	"slices"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
	"vireilla/internal/journal"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/internal/timetable"
)

// The calls of the steps to the store, each at a seam.

func (m *machine) Claim(ctx context.Context, now, wall time.Time, ids []int64, n int) ([]notice.Claimed, error) {
	var claimed []notice.Claimed
	err := act(ctx, m, "Claim", func() (err error) {
		claimed, err = m.DB.Claim(ctx, now, wall, ids, n)
		m.world.claimed(m, claimed)
		return err
	})
	return claimed, err // also when the answer is lost
}

func (m *machine) Record(ctx context.Context, now time.Time, reports []notice.Report) ([]int64, error) {
	return call(ctx, m, "Record", func() ([]int64, error) {
		lost, err := m.DB.Record(ctx, now, reports)
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
		added, err := m.DB.Add(ctx, now, run, plan)
		m.world.added(run, plan, added)
		return added, err
	})
}

func (m *machine) Prepare(ctx context.Context, day calendar.Day, policyID string) error {
	return act(ctx, m, "Prepare", func() error { return m.DB.Prepare(ctx, day, policyID) })
}

func (m *machine) Refresh(ctx context.Context, on calendar.Day, look func(*notice.Awake) notice.Agenda) error {
	return act(ctx, m, "Refresh", func() error { return m.DB.Refresh(ctx, on, look) })
}

func (m *machine) AwakeBookings(ctx context.Context, now time.Time, look func([]notice.AwakeBooking)) error {
	return act(ctx, m, "AwakeBookings", func() error { return m.DB.AwakeBookings(ctx, now, look) })
}

func (m *machine) Sleep(ctx context.Context, looked []notice.Evaluated) error {
	return act(ctx, m, "Sleep", func() error { return m.DB.Sleep(ctx, looked) })
}

func (m *machine) Staff(ctx context.Context) (*notice.Staff, error) {
	return call(ctx, m, "Staff", func() (*notice.Staff, error) { return m.DB.Staff(ctx) })
}

func (m *machine) Staged(ctx context.Context, seekers ...string) ([]notice.Staged, error) {
	return call(ctx, m, "Staged", func() ([]notice.Staged, error) { return m.DB.Staged(ctx, seekers...) })
}

func (m *machine) EachStaged(ctx context.Context, yield func(notice.Staged) bool) error {
	return act(ctx, m, "EachStaged", func() error { return m.DB.EachStaged(ctx, yield) })
}

func (m *machine) Bookings(ctx context.Context, ids []string) ([]notice.AwakeBooking, error) {
	return call(ctx, m, "Bookings", func() ([]notice.AwakeBooking, error) { return m.DB.Bookings(ctx, ids) })
}

func (m *machine) Seekers(ctx context.Context, ids []string) (map[string]caseload.Seeker, error) {
	return call(ctx, m, "Seekers", func() (map[string]caseload.Seeker, error) { return m.DB.Seekers(ctx, ids) })
}

func (m *machine) FreeStuck(ctx context.Context, wall time.Time, hold []string) (int, error) {
	return call(ctx, m, "FreeStuck", func() (int, error) { return m.DB.FreeStuck(ctx, wall, hold) })
}

func (m *machine) Due(ctx context.Context, now time.Time) (int, error) {
	return call(ctx, m, "Due", func() (int, error) { return m.DB.Due(ctx, now) })
}

// TakeLease measures the lease by the time of the world, since the database's clock does not follow it.
func (m *machine) TakeLease(ctx context.Context, name, holder string, span time.Duration) (int64, error) {
	return call(ctx, m, "TakeLease", func() (int64, error) {
		w := m.world
		switch now := w.trueTime(); {
		case w.leaseUntil.After(now) && w.leaseOf != holder:
			return 0, nil
		case w.leaseOf != holder:
			if err := m.DB.EndLease(ctx, name, w.leaseOf); err != nil {
				return 0, err
			}
		}
		w.leaseOf, w.leaseUntil = holder, w.trueTime().Add(span)
		return m.DB.TakeLease(ctx, name, holder, 24*time.Hour)
	})
}

func (m *machine) LastTicks(ctx context.Context) (map[string]time.Time, error) {
	return call(ctx, m, "LastTicks", func() (map[string]time.Time, error) { return m.DB.LastTicks(ctx) })
}

// EndLease ends the lease in the world too.
func (m *machine) EndLease(ctx context.Context, name, holder string) error {
	return act(ctx, m, "EndLease", func() error {
		if m.world.leaseOf == holder {
			m.world.leaseUntil = time.Time{}
		}
		return m.DB.EndLease(ctx, name, holder)
	})
}

func (m *machine) RecordTicks(ctx context.Context, lease string, fence int64, s timetable.Record) (fresh []time.Time, held bool, err error) {
	err = act(ctx, m, "RecordTicks "+s.Entry, func() (err error) {
		if fresh, held, err = m.DB.RecordTicks(ctx, lease, fence, s); err == nil && held {
			m.world.ticksRecorded(s, fresh)
		}
		return err
	})
	return fresh, held, err
}

func (m *machine) TickOpen(ctx context.Context, entry string, at time.Time) (bool, error) {
	return call(ctx, m, "TickOpen "+entry, func() (bool, error) { return m.DB.TickOpen(ctx, entry, at) })
}

func (m *machine) OpenTicks(ctx context.Context, before time.Time) ([]timetable.Tick, error) {
	return call(ctx, m, "OpenTicks", func() ([]timetable.Tick, error) { return m.DB.OpenTicks(ctx, before) })
}

func (m *machine) TickDone(ctx context.Context, now time.Time, entry string, at time.Time) error {
	return act(ctx, m, "TickDone "+entry, func() error { return m.DB.TickDone(ctx, now, entry, at) })
}

func (m *machine) SendingBlocked(ctx context.Context) (bool, error) {
	return call(ctx, m, "SendingBlocked", func() (bool, error) { return m.DB.SendingBlocked(ctx) })
}

func (m *machine) LastTick(ctx context.Context) (time.Time, error) {
	return call(ctx, m, "LastTick", func() (time.Time, error) { return m.DB.LastTick(ctx) })
}

func (m *machine) Unknown(ctx context.Context, handovers []notice.HandoverID) (int, error) {
	return call(ctx, m, "Unknown", func() (int, error) { return m.DB.Unknown(ctx, handovers) })
}

// SetStale must never be called: no database of the story is stale.
func (m *machine) SetStale(ctx context.Context, name string, since time.Time) error {
	m.world.fault("the database is called stale")
	return act(ctx, m, "SetStale", func() error { return m.DB.SetStale(ctx, name, since) })
}

func (m *machine) Awake(ctx context.Context, on calendar.Day, limit int) (int, error) {
	return call(ctx, m, "Awake", func() (int, error) { return m.DB.Awake(ctx, on, limit) })
}

func (m *machine) Clarifications(ctx context.Context) ([]notice.Matter, error) {
	return call(ctx, m, "Clarifications", func() ([]notice.Matter, error) { return m.DB.Clarifications(ctx) })
}

func (m *machine) Decisions(ctx context.Context, from, to calendar.Day) ([]notice.Matter, error) {
	return call(ctx, m, "Decisions", func() ([]notice.Matter, error) { return m.DB.Decisions(ctx, from, to) })
}

func (m *machine) Matters(ctx context.Context, ids []string) ([]notice.Matter, error) {
	return call(ctx, m, "Matters", func() ([]notice.Matter, error) { return m.DB.Matters(ctx, ids) })
}

func (m *machine) Soon(ctx context.Context, from, to time.Time) ([]notice.AwakeBooking, error) {
	return call(ctx, m, "Soon", func() ([]notice.AwakeBooking, error) { return m.DB.Soon(ctx, from, to) })
}

func (m *machine) Unwritten(ctx context.Context, now time.Time) ([]notice.Skip, error) {
	return call(ctx, m, "Unwritten", func() ([]notice.Skip, error) { return m.DB.Unwritten(ctx, now) })
}

func (m *machine) ToldPhone(ctx context.Context) (map[policy.Key]map[string]policy.Stage, error) {
	return call(ctx, m, "ToldPhone", func() (map[policy.Key]map[string]policy.Stage, error) { return m.DB.ToldPhone(ctx) })
}

func (m *machine) Forget(ctx context.Context, letters, skips time.Time) error {
	return act(ctx, m, "Forget", func() error { return m.DB.Forget(ctx, letters, skips) })
}

// diary is the machine's send journal. Its disk may be full, and a dead machine writes nothing.
type diary struct {
	*journal.Journal
	machine *machine
}

func (d *diary) Begin(now time.Time, claimed []notice.Claimed) error {
	return act(d.named(claimed[0].ID), d.machine, "begins in the journal",
		func() error { return d.Journal.Begin(now, claimed) })
}

func (d *diary) End(now time.Time, reports []notice.Report) error {
	return act(d.named(reports[0].ID), d.machine, "ends in the journal",
		func() error { return d.Journal.End(now, reports) })
}

// named gives the calls of a journal, which belong to no single task, a name that is the same each time.
func (d *diary) named(letter int64) context.Context {
	return context.WithValue(context.Background(), task{}, fmt.Sprint(d.machine.name, " ", letter))
}
