package workers

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vireilla/internal/policy"
	"vireilla/internal/store"
	"vireilla/internal/test/servertest"
	"vireilla/internal/test/syncbuf"
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
	log  syncbuf.Buffer
}

func newWall(t *testing.T, ledger *store.DB, entries ...policy.Entry) *wall {
	w := &wall{t: t}
	w.Timetable = Timetable{Clock: func() time.Time { return w.now }, Wall: time.Now, Entries: entries, Owner: rand.Text(), Ledger: ledger,
		Log: slog.New(slog.NewTextHandler(&w.log, nil)),
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
	if err := w.Tick(w.t.Context()); err != nil {
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

func ledger(t *testing.T) *store.DB { return openStore(t, newDatabase(t)) }

func daily(t *testing.T, name, cron string, c timetable.CatchUp) policy.Entry {
	t.Helper()
	spec, err := timetable.Parse(cron, local("2024-03-05 00:00").Location())
	if err != nil {
		t.Fatal(err)
	}
	return policy.Entry{Name: name, Cron: cron, CatchUp: c, CatchUpWithin: policy.Span(3 * 24 * time.Hour), Spec: spec}
}

func TestDownOverTheTickIsCaughtUp(t *testing.T) {
	for _, c := range []struct {
		name, down, up string
		catchUp        timetable.CatchUp
		want           []string
		left           []string // from to why
	}{
		{"not down at all", "2024-03-05 07:29", "2024-03-05 07:30", timetable.Latest, []string{"digests 2024-03-05 07:30 +02"}, nil},
		{"ten minutes", "2024-03-05 07:25", "2024-03-05 07:35", timetable.Latest, []string{"digests 2024-03-05 07:30 +02"}, nil},
		{"ten minutes, none", "2024-03-05 07:25", "2024-03-05 07:35", timetable.None, nil, []string{"03-05 07:30 to 03-05 07:34 not_caught_up"}},
		{"ten minutes between ticks", "2024-03-05 08:00", "2024-03-05 08:10", timetable.Latest, nil, nil},
		{"three days", "2024-03-05 07:00", "2024-03-08 06:59", timetable.Latest, []string{"digests 2024-03-07 07:30 +02"}, []string{"03-05 07:30 to 03-06 07:30 superseded"}},
		{"three days, each", "2024-03-05 07:00", "2024-03-08 07:00", timetable.All,
			[]string{"digests 2024-03-05 07:30 +02", "digests 2024-03-06 07:30 +02", "digests 2024-03-07 07:30 +02"}, nil},
		{"three days, none", "2024-03-05 07:00", "2024-03-08 12:00", timetable.None, nil, []string{"03-05 07:30 to 03-08 11:59 not_caught_up"}},
		{"Christmas", "2024-12-23 07:00", "2024-12-27 06:00", timetable.Latest, []string{"digests 2024-12-26 07:30 +02"},
			[]string{"12-23 07:30 to 12-24 05:59 too_old", "12-24 07:30 to 12-25 07:30 superseded"}},
		{"Christmas, each: three days back", "2024-12-23 07:00", "2024-12-27 06:00", timetable.All,
			[]string{"digests 2024-12-24 07:30 +02", "digests 2024-12-25 07:30 +02", "digests 2024-12-26 07:30 +02"}, []string{"12-23 07:30 to 12-24 05:59 too_old"}},
		{"over the spring", "2024-03-30 12:00", "2024-03-31 12:00", timetable.Latest, []string{"digests 2024-03-31 07:30 +03"}, nil},
		{"over the autumn", "2024-10-26 12:00", "2024-10-27 12:00", timetable.Latest, []string{"digests 2024-10-27 07:30 +02"}, nil},
	} {
		for name, open := range databases() {
			t.Run(c.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				ledger := open(t)
				w := newWall(t, ledger, daily(t, "digests", "30 7 * * *", c.catchUp))
				w.look(local(c.down))
				w.expect() // an entry that was never looked at begins now
				w.look(local(c.up))
				w.expect(c.want...)
				w.look(local(c.up))
				w.look(local(c.down)) // the clock goes back
				w.look(local(c.up).Add(time.Second))
				w.expect()
				left(t, ledger, c.left)
			})
		}
	}
}

// databases opens an empty store on each database.
func databases() map[string]func(t *testing.T) *store.DB {
	return map[string]func(t *testing.T) *store.DB{
		"SQLite":     ledger,
		"PostgreSQL": func(t *testing.T) *store.DB { return openURL(t, servertest.Postgres(t)) },
	}
}

// left expects what was left out of the digests' ticks, the oldest first.
func left(t *testing.T, s *store.DB, want []string) {
	t.Helper()
	skips, err := s.TickSkips(t.Context(), "digests", 99)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, k := range skips {
		zone := local("2024-03-05 00:00").Location()
		got = append(got, k.From.In(zone).Format("01-02 15:04")+" to "+k.To.In(zone).Format("01-02 15:04")+" "+k.Why)
	}
	slices.Reverse(got)
	if !slices.Equal(got, want) {
		t.Errorf("left out\n got %q\nwant %q", got, want)
	}
}

// Looking each minute over the changes of clocks: what stands in the hour that is skipped falls at its end, what stands
// in the doubled hour once.
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

func TestTwoTimetablesRecordEachTickOnce(t *testing.T) {
	path := newDatabase(t)
	p := policy.Default()
	walls := []*wall{newWall(t, openStore(t, path), p.Timetable...), newWall(t, openStore(t, path), p.Timetable...)}
	for _, w := range walls {
		w.Wall = func() time.Time { return w.now } // the lease is asked for at every look
	}
	begin := local("2024-03-05 04:58")
	walls[0].look(begin)
	for minute := range 20 {
		var both sync.WaitGroup
		for _, w := range walls {
			w.now = begin.Add(time.Duration(minute+1) * time.Minute)
			both.Go(func() {
				if err := w.Tick(context.Background()); err != nil {
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
	if err := w.Tick(gone); err == nil {
		t.Error("no error")
	}
	w.expect()
	w.look(local("2024-03-05 07:31"))
	w.expect("digests 2024-03-05 07:30 +02")
}

// A machine slept between two statements, and another took over. What the first then tries to record is refused.
func TestAnOwnerThatWasStoppedRecordsNothingWithALostFence(t *testing.T) {
	for name, open := range databases() {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			entry := daily(t, "digests", "30 7 * * *", timetable.Latest)
			old, young := newWall(t, s, entry), newWall(t, s, entry)
			asleep := &sleeper{DB: s}
			old.Ledger = asleep
			old.look(local("2024-03-05 07:00"))
			young.look(local("2024-03-05 07:29"))
			if !old.OwnsLease() || young.OwnsLease() {
				t.Fatalf("owners: %v, %v", old.OwnsLease(), young.OwnsLease())
			}
			asleep.dream = func() { // the lease ends meanwhile
				if err := s.EndLease(t.Context(), TimetableLease, old.Owner); err != nil {
					t.Error(err)
				}
				young.look(local("2024-03-05 07:29"))
			}
			old.look(local("2024-03-05 07:30"))
			old.expect()
			if old.OwnsLease() || !young.OwnsLease() || !strings.Contains(old.log.String(), "another process records") {
				t.Errorf("owners: %v, %v; told %s", old.OwnsLease(), young.OwnsLease(), old.log.String())
			}
			young.look(local("2024-03-05 07:30"))
			young.expect("digests 2024-03-05 07:30 +02")
			old.look(local("2024-03-06 07:30"))
			old.expect()
		})
	}
}

// sleeper is a store whose machine sleeps before it records.
type sleeper struct {
	*store.DB
	dream func()
}

func (s *sleeper) RecordTicks(ctx context.Context, lease string, fence int64, r timetable.Record) ([]time.Time, bool, error) {
	if dream := s.dream; dream != nil {
		s.dream = nil
		dream()
	}
	return s.DB.RecordTicks(ctx, lease, fence, r)
}

func TestAnOwnerThatStopsIsFollowedAtOnce(t *testing.T) {
	s := ledger(t)
	first, next := newWall(t, s), newWall(t, s)
	stopped, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		first.Run(stopped)
	}()
	for holder := ""; holder != first.Owner; {
		var err error
		if holder, err = s.Owner(t.Context(), TimetableLease); err != nil {
			t.Fatal(err)
		}
	}
	next.look(local("2024-03-05 07:00"))
	if next.OwnsLease() {
		t.Fatal("two owners")
	}
	stop()
	<-ended
	next.look(local("2024-03-05 07:00"))
	if first.OwnsLease() || !next.OwnsLease() {
		t.Errorf("owners: %v, %v", first.OwnsLease(), next.OwnsLease())
	}
}

// A clock that was a year ahead for a moment does not silence the timetable for a year.
func TestALedgerKeptByAClockAheadGoesOnFromNow(t *testing.T) {
	w := newWall(t, ledger(t), daily(t, "digests", "30 7 * * *", timetable.All))
	w.look(local("2024-03-05 07:00"))
	w.look(local("2025-03-05 07:00"))
	w.expect("digests 2025-03-02 07:30 +02", "digests 2025-03-03 07:30 +02", "digests 2025-03-04 07:30 +02")
	w.look(local("2024-03-05 07:10"))
	w.expect()
	w.look(local("2024-03-05 07:30"))
	w.expect("digests 2024-03-05 07:30 +02")
	if !strings.Contains(w.log.String(), "a clock that was ahead") || !strings.Contains(w.log.String(), "why=too_old") {
		t.Error(w.log.String())
	}
}
