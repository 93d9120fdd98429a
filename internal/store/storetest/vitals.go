package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"vireilla/internal/notice"
	"vireilla/internal/store"
	"vireilla/internal/timetable"
)

func vitals(t *testing.T, s *store.Store) {
	read := func(at time.Time) notice.Vitals {
		v, err := s.Vitals(t.Context(), at, []string{"digests", "leads"})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if v := read(morning); len(v.Open)+len(v.Done)+len(v.Runs)+v.HeldRuns+v.OpenTicks != 0 || v.Stopped || !v.OldestDue.IsZero() || !v.OldestTick.IsZero() {
		t.Fatalf("of nothing: %+v", v)
	}
	add(t, s, 3)
	if v := read(morning.Add(-time.Second)); !v.OldestDue.IsZero() || v.Open[notice.Pending] != 3 {
		t.Errorf("before they are due: %+v", v)
	}
	c := claim(t, s, morning.Add(time.Second))
	if _, err := s.Record(t.Context(), morning, []notice.Report{report(c[0], notice.Sent), report(c[1], notice.Deferred)}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Add(t.Context(), morning, run("digests"), notice.Plan{Notices: []notice.Notice{letter("1"), letter("2"), letter("3"), letter("4"), letter("5"), letter("6")}}); err != nil {
		t.Fatal(err)
	}
	fence := take(t, s, "one", time.Minute)
	for _, name := range []string{"digests", "leads"} {
		strike(t, s, fence, timetable.Stroke{Entry: name, Now: morning, Ticks: []time.Time{morning.Add(-time.Minute)}})
	}
	if err := errors.Join(s.TickDone(t.Context(), morning, "digests", morning.Add(-time.Minute)), s.SetStopped(t.Context(), true), s.SetBehind(t.Context(), "journal", morning)); err != nil {
		t.Fatal(err)
	}
	v := read(morning.Add(time.Hour))
	want := notice.Vitals{Open: map[notice.State]int{notice.Sending: 1, notice.Deferred: 1, notice.Held: 6}, OldestDue: morning.Add(time.Minute), HeldRuns: 1, Stopped: true, Behind: 1,
		OpenTicks: 1, OldestTick: morning.Add(-time.Minute), Done: map[string]time.Time{"digests": morning},
		Runs: map[string]time.Time{"digests": morning, "appointments": morning}}
	if !reflect.DeepEqual(v, want) {
		t.Errorf("got  %+v\nwant %+v", v, want)
	}
	if v := read(morning.Add(97 * time.Hour)); v.HeldRuns != 0 || v.Open[notice.Held] != 0 || v.Open[notice.Deferred] != 1 {
		t.Errorf("held letters that are of no use any more wait for nobody: %+v", v)
	}
}

// forgottenHeld are letters of a held run about which nobody ever decided: what they tell of people is forgotten as well.
func forgottenHeld(t *testing.T, s *store.Store) {
	var plan notice.Plan
	for i := range 6 { // more than the guard of these runs lets through
		n := letter(fmt.Sprint("coach_digest/C-", i))
		n.Items = []notice.Item{{Seeker: "S-1", Rule: "initial_interview", Anchor: monday}}
		plan.Notices = append(plan.Notices, n)
	}
	if _, err := s.Add(t.Context(), morning, run("digests"), plan); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ after, kept int }{{95, 1}, {97, 0}} { // hours; they are of use for 96
		if err := s.Forget(t.Context(), morning.Add(time.Duration(c.after)*time.Hour), morning); err != nil {
			t.Fatal(err)
		}
		found, err := s.Letters(t.Context(), notice.Filter{State: string(notice.Held)})
		if err != nil || len(found) != 6 || found[0].Items != c.kept {
			t.Errorf("after %d hours: %+v, %v", c.after, found, err)
		}
	}
}
