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

func vitals(t *testing.T, s *store.DB) {
	read := func(at time.Time) notice.Vitals {
		v, err := s.Vitals(t.Context(), at, []string{"digests", "leads"})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if v := read(morning); len(v.Open)+len(v.Done)+len(v.Runs)+v.HeldRuns+v.Undecided+v.OpenTicks != 0 || v.KillSwitch ||
		!v.OldestDue.IsZero() || !v.OldestTick.IsZero() {
		t.Fatalf("of nothing: %+v", v)
	}
	add(t, s, 4)
	if v := read(morning.Add(-time.Second)); !v.OldestDue.IsZero() || v.Open[notice.Pending] != 4 {
		t.Errorf("before they are due: %+v", v)
	}
	c := claim(t, s, morning.Add(time.Second))
	if _, err := s.Record(t.Context(), morning, []notice.Report{report(c[0], notice.Sent), report(c[1], notice.Deferred),
		report(c[2], notice.Held)}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Add(t.Context(), morning, run("digests"), notice.Plan{Notices: []notice.Notice{letter("1"), letter("2"),
		letter("3"), letter("4"), letter("5"), letter("6")}}); err != nil {
		t.Fatal(err)
	}
	fence := take(t, s, "one", time.Minute)
	for _, name := range []string{"digests", "leads"} {
		recordTicks(t, s, fence, timetable.Record{Entry: name, Now: morning, Ticks: []time.Time{morning.Add(-time.Minute)}})
	}
	if err := errors.Join(s.TickDone(t.Context(), morning, "digests", morning.Add(-time.Minute)),
		s.SetKillSwitch(t.Context(), true), s.SetStale(t.Context(), "journal", morning)); err != nil {
		t.Fatal(err)
	}
	v := read(morning.Add(time.Hour))
	want := notice.Vitals{Open: map[notice.State]int{notice.Sending: 1, notice.Deferred: 1, notice.Held: 7},
		OldestDue: morning, HeldRuns: 1, Undecided: 1, KillSwitch: true, Stale: 1,
		OpenTicks: 1, OldestTick: morning.Add(-time.Minute), Done: map[string]time.Time{"digests": morning},
		Runs: map[string]time.Time{"digests": morning, "appointments": morning}}
	if !reflect.DeepEqual(v, want) {
		t.Errorf("got  %+v\nwant %+v", v, want)
	}
	if v := read(morning.Add(97 * time.Hour)); v.HeldRuns != 0 || v.Undecided != 0 || v.Open[notice.Held] != 0 ||
		v.Open[notice.Deferred] != 1 {
		t.Errorf("held letters that are of no use any more wait for nobody: %+v", v)
	}
}

// lateSince: however often a letter was tried, and whenever it is tried again. A letter that may go out only later is
// late from then on.
func lateSince(t *testing.T, s *store.DB) {
	expect := func(what string, at time.Duration, since ...time.Duration) {
		t.Helper()
		var want time.Time
		if len(since) > 0 {
			want = morning.Add(since[0])
		}
		if got, err := s.OldestDue(t.Context(), morning.Add(at)); err != nil || !got.Equal(want) {
			t.Errorf("%s: late since %v, want %v; %v", what, got, want, err)
		}
	}
	plan := func(at time.Duration, key string, sendAt time.Duration) (id int64) {
		t.Helper()
		n := letter(key)
		n.SendAt = morning.Add(sendAt)
		added, err := s.Add(t.Context(), morning.Add(at), run("appointments"), notice.Plan{Notices: []notice.Notice{n}})
		if err != nil || len(added.IDs) != 1 {
			t.Fatal(added, err)
		}
		return added.IDs[0]
	}
	became := func(at time.Duration, state notice.State, next time.Duration, why string) (id int64) {
		t.Helper()
		c := claim(t, s, morning.Add(at))
		if len(c) != 1 {
			t.Fatalf("%d letters", len(c))
		}
		r := report(c[0], state)
		r.Try, r.Why, r.Returned = morning.Add(next), why, why == notice.OutsideWindow
		if _, err := s.Record(t.Context(), morning.Add(at), []notice.Report{r}); err != nil {
			t.Fatal(err)
		}
		return c[0].ID
	}
	const hour = time.Hour
	expect("nothing is planned", 0)
	plan(0, "1", hour)
	expect("to be sent later", hour-1)
	became(hour, notice.Deferred, 2*hour, "unreachable")
	expect("tried once", hour+1, hour)
	became(2*hour, notice.Deferred, 6*hour, "unreachable")
	expect("tried twice", 3*hour, hour)
	became(6*hour, notice.Unsure, 10*hour, "lost")
	expect("unsure", 7*hour, hour)
	became(10*hour, notice.Deferred, 25*hour, notice.OutsideWindow)
	expect("the window is closed", 24*hour)
	expect("the window is open", 26*hour, 25*hour)
	became(26*hour, notice.Deferred, 27*hour, "unreachable")
	expect("the window is open, and it was tried", 26*hour, hour)
	became(27*hour, notice.Sent, 0, "")
	expect("sent", 28*hour)

	plan(29*hour, "2", 28*hour)
	expect("planned when it should have gone already", 30*hour, 29*hour)
	id := became(30*hour, notice.Held, 0, "unsure")
	expect("a person decides", 31*hour)
	if err := s.Retry(t.Context(), morning.Add(31*hour), id); err != nil {
		t.Fatal(err)
	}
	expect("a person decided", 32*hour, 31*hour)
	under := claim(t, s, morning.Add(32*hour))
	expect("under way again", 33*hour, 31*hour)
	if _, err := s.Record(t.Context(), morning.Add(33*hour), []notice.Report{report(under[0], notice.Sent)}); err != nil {
		t.Fatal(err)
	}

	if _, err := s.Add(t.Context(), morning, run("digests"), notice.Plan{Notices: []notice.Notice{letter("3"), letter("4"),
		letter("5"), letter("6"), letter("7"), letter("8")}}); err != nil {
		t.Fatal(err)
	}
	expect("the guard holds the run", 33*hour)
	if _, err := s.Release(t.Context(), morning.Add(33*hour), "digests", monday); err != nil {
		t.Fatal(err)
	}
	expect("a person released the run", 34*hour, 33*hour)
	claim(t, s, morning.Add(34*hour))
	expect("the run is under way", 35*hour, 34*hour)
}

// forgottenHeld: letters of a held run that nobody ever decided about are emptied as well.
func forgottenHeld(t *testing.T, s *store.DB) {
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
