package workers

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"vireilla/internal/policy"
	"vireilla/internal/store"
	"vireilla/internal/timetable"
)

// wall is a timetable on a ledger, and the ticks that it put.
type wall struct {
	Timetable
	t    *testing.T
	now  time.Time
	mu   sync.Mutex
	put  []string
	lost bool // the queue is away
}

func newWall(t *testing.T, ledger *store.Store, entries ...policy.Entry) *wall {
	w := &wall{t: t}
	w.Timetable = Timetable{Clock: func() time.Time { return w.now }, Entries: entries, Ledger: ledger, Log: slog.New(slog.DiscardHandler),
		Put: func(_ context.Context, entry string, at time.Time) error {
			if w.lost {
				return errors.New("no queue")
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			w.put = append(w.put, entry+" "+at.In(local("2024-03-05 00:00").Location()).Format("2006-01-02 15:04 -07"))
			return nil
		}}
	return w
}

func (w *wall) look(at time.Time) {
	w.t.Helper()
	w.now = at
	if err := w.Look(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *wall) expect(want ...string) {
	w.t.Helper()
	if !slices.Equal(w.put, want) {
		w.t.Errorf("at %s\n got %v\nwant %v", w.now, w.put, want)
	}
	w.put = nil
}

func ledger(t *testing.T) *store.Store { return openStore(t, newDatabase(t)) }

func daily(t *testing.T, name, cron string, c timetable.CatchUp) policy.Entry {
	t.Helper()
	spec, err := timetable.Parse(cron, local("2024-03-05 00:00").Location())
	if err != nil {
		t.Fatal(err)
	}
	return policy.Entry{Name: name, Cron: cron, CatchUp: c, Spec: spec}
}

func TestDownOverTheTickIsCaughtUp(t *testing.T) {
	for _, c := range []struct {
		name, down, up string
		catchUp        timetable.CatchUp
		want           []string
	}{
		{"not down at all", "2024-03-05 07:29", "2024-03-05 07:30", timetable.Latest, []string{"digests 2024-03-05 07:30 +02"}},
		{"ten minutes", "2024-03-05 07:25", "2024-03-05 07:35", timetable.Latest, []string{"digests 2024-03-05 07:30 +02"}},
		{"ten minutes between ticks", "2024-03-05 08:00", "2024-03-05 08:10", timetable.Latest, nil},
		{"three days", "2024-03-05 07:00", "2024-03-08 12:00", timetable.Latest, []string{"digests 2024-03-08 07:30 +02"}},
		{"three days, each", "2024-03-05 07:00", "2024-03-08 07:00", timetable.All,
			[]string{"digests 2024-03-05 07:30 +02", "digests 2024-03-06 07:30 +02", "digests 2024-03-07 07:30 +02"}},
		{"three days, none", "2024-03-05 07:00", "2024-03-08 12:00", timetable.None, nil},
		{"Christmas", "2024-12-23 16:00", "2024-12-27 06:00", timetable.Latest, []string{"digests 2024-12-26 07:30 +02"}},
		{"two weeks, each: a week back", "2024-03-04 07:00", "2024-03-18 07:00", timetable.All,
			[]string{"digests 2024-03-11 07:30 +02", "digests 2024-03-12 07:30 +02", "digests 2024-03-13 07:30 +02", "digests 2024-03-14 07:30 +02",
				"digests 2024-03-15 07:30 +02", "digests 2024-03-16 07:30 +02", "digests 2024-03-17 07:30 +02"}},
		{"over the spring", "2024-03-30 12:00", "2024-03-31 12:00", timetable.Latest, []string{"digests 2024-03-31 07:30 +03"}},
		{"over the autumn", "2024-10-26 12:00", "2024-10-27 12:00", timetable.Latest, []string{"digests 2024-10-27 07:30 +02"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWall(t, ledger(t), daily(t, "digests", "30 7 * * *", c.catchUp))
			w.look(local(c.down))
			w.expect() // an entry that was never looked at begins now
			w.look(local(c.up))
			w.expect(c.want...)
			w.look(local(c.up))
			w.look(local(c.down)) // the clock goes back
			w.look(local(c.up).Add(time.Second))
			w.expect()
		})
	}
}

// Looking each minute over the changes of clocks: what stands in the hour that is skipped falls at its end, what stands in the doubled hour once.
func TestEachDayHasItsTickWhenTheClocksChange(t *testing.T) {
	for day, want := range map[string]string{"2024-03-31": "retention 2024-03-31 04:00 +03", "2024-10-27": "retention 2024-10-27 03:30 +03"} {
		t.Run(day, func(t *testing.T) {
			t.Parallel()
			w := newWall(t, ledger(t), daily(t, "retention", "30 3 * * *", timetable.Latest))
			for at, end := local(day+" 02:00"), local(day+" 06:00"); at.Before(end); at = at.Add(time.Minute) {
				w.look(at)
			}
			w.expect(want)
		})
	}
}

func TestTwoTimetablesStrikeEachTickOnce(t *testing.T) {
	path := newDatabase(t)
	p := policy.Default()
	walls := []*wall{newWall(t, openStore(t, path), p.Timetable...), newWall(t, openStore(t, path), p.Timetable...)}
	begin := local("2024-03-05 04:58")
	walls[0].look(begin)
	for minute := range 20 {
		var both sync.WaitGroup
		for _, w := range walls {
			w.now = begin.Add(time.Duration(minute+1) * time.Minute)
			both.Go(func() {
				if err := w.Look(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
	}
	got := slices.Sorted(slices.Values(append(walls[0].put, walls[1].put...)))
	var want []string
	for _, e := range p.Timetable {
		for _, at := range e.Spec.Between(begin, begin.Add(20*time.Minute), 100) {
			want = append(want, e.Name+" "+at.Format("2006-01-02 15:04 -07"))
		}
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("\n got %v\nwant %v", got, want)
	}
}

func TestATickWhoseTaskNeverCameIsPutAgain(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", seeker("S-1"))
	w := newWall(t, h.Store, daily(t, "digests", "30 7 * * *", timetable.Latest))
	w.look(local("2024-03-05 07:29"))
	w.lost = true
	w.look(local("2024-03-05 07:30"))
	h.set("2024-03-05 07:32")
	h.strike("sweep")
	h.arrived()
	h.set("2024-03-05 07:33")
	h.strike("sweep")
	h.arrived("coach_digest/C-1/2024-03-05")
	open, err := h.OpenTicks(t.Context(), h.clock())
	h.well(err)
	if len(open) != 0 {
		t.Errorf("open ticks %v", open)
	}
}

// What the days without the program mean for people: one digest, and of the appointments what still makes sense.
func TestAfterChristmasPeopleAreToldWhatStillMakesSense(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", seeker("S-1"), settled("S-2"), settled("S-3"))
	h.put("seekers.csv", row{"seeker_id": "S-1", "job_search_started": "2024-12-17"})
	h.put("appointments.csv", appointment("A-2", "S-2", "2024-12-27 14:00", "2024-12-02 08:00"), appointment("A-3", "S-3", "2024-12-26 10:00", "2024-12-02 08:00"))
	h.at("2024-12-02 10:00")
	h.arrived("appointment_booked/A-2/2024-12-27T14:00", "appointment_booked/A-3/2024-12-26T10:00")
	h.at("2024-12-27 09:00") // nothing ran in between
	h.arrived("coach_digest/C-1/2024-12-27", "appointment_reminder/A-2/2024-12-27T14:00/24h")
}

func TestALedgerThatFailsIsToldAndLosesNothing(t *testing.T) {
	s := ledger(t)
	w := newWall(t, s, daily(t, "digests", "30 7 * * *", timetable.Latest))
	w.look(local("2024-03-05 07:00"))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	w.now = local("2024-03-05 07:30")
	if err := w.Look(gone); err == nil {
		t.Error("no error")
	}
	w.expect()
	w.look(local("2024-03-05 07:31"))
	w.expect("digests 2024-03-05 07:30 +02")
}
