package storetest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vireilla/internal/store"
	"vireilla/internal/timetable"
)

const clock = "clock" // the lease under which these tests record ticks

func take(t *testing.T, s *store.DB, owner string, span time.Duration) int64 {
	t.Helper()
	fence, err := s.TakeLease(t.Context(), clock, owner, span)
	if err != nil {
		t.Fatal(err)
	}
	return fence
}

func recordTicks(t *testing.T, s *store.DB, fence int64, record timetable.Record) (fresh int, held bool) {
	t.Helper()
	ticks, held, err := s.RecordTicks(t.Context(), clock, fence, record)
	if err != nil {
		t.Fatal(err)
	}
	return len(ticks), held
}

func ticks(t *testing.T, s *store.DB) {
	fence := take(t, s, "one", time.Minute)
	if last, err := s.LastTicks(t.Context()); err != nil || len(last) != 0 {
		t.Fatalf("last %v, %v", last, err)
	}
	first := timetable.Record{Entry: "digests", Now: morning, Ticks: []time.Time{morning.Add(-time.Minute), morning}}
	var wg sync.WaitGroup
	var mu sync.Mutex
	fresh := 0
	for range 5 {
		wg.Go(func() {
			ticks, held, err := s.RecordTicks(context.Background(), clock, fence, first)
			if err != nil || !held {
				t.Error(held, err)
			}
			mu.Lock()
			defer mu.Unlock()
			fresh += len(ticks)
		})
	}
	wg.Wait()
	if fresh != 2 {
		t.Fatalf("%d of two ticks are new", fresh)
	}
	if last, err := s.LastTicks(t.Context()); err != nil || !last["digests"].Equal(morning) {
		t.Fatalf("last %v, %v", last, err)
	}
	open, err := s.OpenTicks(t.Context(), morning.Add(time.Hour))
	if err != nil || len(open) != 2 || !open[1].At.Equal(morning) {
		t.Fatalf("open %v, %v", open, err)
	}
	if err := s.TickDone(t.Context(), morning, "digests", open[0].At); err != nil {
		t.Fatal(err)
	}
	if open, err := s.OpenTicks(t.Context(), morning.Add(time.Hour)); err != nil || len(open) != 1 {
		t.Fatalf("open %v, %v", open, err)
	}
	back := timetable.Record{Entry: "digests", Last: morning, Now: morning.Add(-time.Hour)}
	again := timetable.Record{Entry: "digests", Last: back.Now, Now: morning.Add(time.Minute),
		Ticks: append(first.Ticks, morning.Add(time.Minute))}
	recordTicks(t, s, fence, back)
	if fresh, _ := recordTicks(t, s, fence, again); fresh != 1 {
		t.Errorf("after the clock was turned back, %d of three ticks are new", fresh)
	}
	newest, err := s.NewestTicks(t.Context())
	if err != nil || len(newest) != 1 || newest[0].Entry != "digests" || !newest[0].At.Equal(morning.Add(time.Minute)) ||
		!newest[0].Done.IsZero() {
		t.Errorf("newest %v, %v", newest, err)
	}
}

// lostFence: a process that paused while it owned the lease records nothing when it resumes.
func lostFence(t *testing.T, s *store.DB) {
	old := take(t, s, "one", 0) // over at once
	young := take(t, s, "two", time.Minute)
	if old == 0 || young <= old {
		t.Fatalf("fence %d, then %d", old, young)
	}
	record := timetable.Record{Entry: "digests", Now: morning, Ticks: []time.Time{morning},
		Skips: []timetable.Skip{{From: morning, To: morning, Why: timetable.TooOld}}}
	if _, held := recordTicks(t, s, old, record); held {
		t.Error("recorded with a fence that is lost")
	}
	if _, held, err := s.RecordTicks(t.Context(), "another clock", young, record); err != nil || held {
		t.Errorf("recorded under a lease that nobody took: %v", err)
	}
	open, err := s.OpenTicks(t.Context(), morning.Add(time.Hour))
	last, err2 := s.LastTicks(t.Context())
	skips, err3 := s.TickSkips(t.Context(), "digests", 9)
	if err != nil || err2 != nil || err3 != nil || len(open)+len(last)+len(skips) != 0 {
		t.Fatal(open, last, skips, err, err2, err3)
	}
	if fresh, held := recordTicks(t, s, young, record); fresh != 1 || !held {
		t.Errorf("the new owner recorded %d, held %v", fresh, held)
	}
}

func leases(t *testing.T, s *store.DB) {
	var wg sync.WaitGroup
	fences := make([]int64, 5)
	for i := range fences {
		wg.Go(func() {
			var err error
			if fences[i], err = s.TakeLease(context.Background(), clock, string(rune('a'+i)), time.Minute); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	slices.Sort(fences)
	if !slices.Equal(fences, []int64{0, 0, 0, 0, 1}) {
		t.Fatalf("fences %v", fences)
	}
	owner, err := s.Owner(t.Context(), clock)
	if err != nil || owner == "" {
		t.Fatalf("owner %q, %v", owner, err)
	}
	if fence := take(t, s, owner, time.Minute); fence != 1 {
		t.Errorf("renewed with fence %d", fence)
	}
	if err := s.EndLease(t.Context(), clock, "somebody else"); err != nil {
		t.Fatal(err)
	}
	if fence := take(t, s, "next", time.Minute); fence != 0 {
		t.Errorf("taken from its owner, fence %d", fence)
	}
	if err := s.EndLease(t.Context(), clock, owner); err != nil {
		t.Fatal(err)
	}
	if now, err := s.Owner(t.Context(), clock); err != nil || now != "" {
		t.Errorf("%q holds a lease that was ended, %v", now, err)
	}
	if fence := take(t, s, "next", time.Minute); fence != 2 {
		t.Errorf("not taken at once, fence %d", fence)
	}
	if fence := take(t, s, owner, time.Minute); fence != 0 {
		t.Errorf("taken back, fence %d", fence)
	}
	if fence, err := s.TakeLease(t.Context(), "another", owner, time.Minute); err != nil || fence != 1 {
		t.Errorf("another lease: fence %d, %v", fence, err)
	}
}

// leaseAhead: the database's clock was an hour ahead when the lease was given, and its owner is dead.
func leaseAhead(t *testing.T, s *store.DB) {
	take(t, s, "one", time.Hour)
	if fence := take(t, s, "two", 10*time.Second); fence != 2 {
		t.Errorf("fence %d", fence)
	}
}

func tickSkips(t *testing.T, s *store.DB) {
	fence := take(t, s, "one", time.Minute)
	early := timetable.Skip{From: morning.Add(-72 * time.Hour), To: morning.Add(-24 * time.Hour), Why: timetable.TooOld}
	late := timetable.Skip{From: morning.Add(-23 * time.Hour), To: morning.Add(-time.Hour), Why: timetable.Superseded}
	record := timetable.Record{Entry: "digests", Now: morning, Skips: []timetable.Skip{early, late}}
	recordTicks(t, s, fence, record)
	record.Last, record.Skips[1].To = morning, morning
	recordTicks(t, s, fence, record) // a skip that is recorded stays as it is
	record.Skips[1].To = late.To
	got, err := s.TickSkips(t.Context(), "digests", 9)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]timetable.Skip{late, early}, got); diff != "" {
		t.Error(diff)
	}
	if got, err := s.TickSkips(t.Context(), "digests", 1); err != nil || len(got) != 1 || got[0] != late {
		t.Errorf("the newest: %v, %v", got, err)
	}
}

// oldTicks: ticks that are done and old are forgotten; open ones stay, however old.
func oldTicks(t *testing.T, s *store.DB) {
	fence := take(t, s, "one", time.Minute)
	var due []time.Time
	for days := 4; days >= 0; days-- {
		due = append(due, morning.AddDate(0, 0, -days))
	}
	recordTicks(t, s, fence, timetable.Record{Entry: "digests", Now: morning, Ticks: due, Skips: []timetable.Skip{
		{From: due[0], To: due[1], Why: timetable.TooOld}, {From: due[2], To: due[3], Why: timetable.NotCaughtUp}}})
	for _, at := range due[1:] {
		if err := s.TickDone(t.Context(), morning, "digests", at); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Forget(t.Context(), morning, due[2]); err != nil {
		t.Fatal(err)
	}
	// Only a forgotten tick can be recorded anew.
	fresh, _, err := s.RecordTicks(t.Context(), clock, fence, timetable.Record{Entry: "digests", Last: morning,
		Now: morning, Ticks: due})
	if err != nil || len(fresh) != 1 || !fresh[0].Equal(due[1]) {
		t.Errorf("forgotten: %v, %v", fresh, err)
	}
	if skips, err := s.TickSkips(t.Context(), "digests", 9); err != nil || len(skips) != 1 ||
		skips[0].Why != timetable.NotCaughtUp {
		t.Errorf("left: %v, %v", skips, err)
	}
	if last, err := s.LastTicks(t.Context()); err != nil || !last["digests"].Equal(morning) {
		t.Errorf("last %v, %v", last, err)
	}
}
