package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/internal/store"
)

// inEveryState plans letters, brings one to each state and returns their ids.
func inEveryState(t *testing.T, s *store.DB) map[notice.State]int64 {
	t.Helper()
	add(t, s, len(notice.States()))
	// more than the guard of these runs lets through
	if _, err := s.Release(t.Context(), morning, "appointments", monday); err != nil {
		t.Fatal(err)
	}
	ids := map[notice.State]int64{}
	var reports []notice.Report
	left := notice.States()[1:] // the first stays pending
	c, err := s.Claim(t.Context(), morning, morning, nil, len(left))
	if err != nil || len(c) != len(left) {
		t.Fatalf("%d claimed, %v", len(c), err)
	}
	for i, state := range left {
		ids[state] = c[i].ID
		if state != notice.Sending {
			r := report(c[i], state)
			r.Why = "because_" + string(state)
			reports = append(reports, r)
		}
	}
	if lost, err := s.Record(t.Context(), morning, reports); err != nil || len(lost) != 0 {
		t.Fatal(lost, err)
	}
	found, err := s.Letters(t.Context(), notice.Filter{State: string(notice.Pending)})
	if err != nil || len(found) != 1 {
		t.Fatalf("%d pending, %v", len(found), err)
	}
	ids[notice.Pending] = found[0].ID
	return ids
}

func everyState(t *testing.T, s *store.DB) {
	for state, id := range inEveryState(t, s) {
		for _, f := range []notice.Filter{{State: string(state)}, {State: string(state), Day: monday},
			{State: string(state), To: "S-1", Letter: notice.AppointmentReminder, Newest: true}} {
			found, err := s.Letters(t.Context(), f)
			if err != nil || len(found) != 1 || found[0].ID != id || found[0].State != state {
				t.Errorf("%+v: %+v, %v", f, found, err)
			}
		}
	}
}

func paged(t *testing.T, s *store.DB) {
	add(t, s, 7)
	var seen []int64
	for before := int64(0); ; {
		page, err := s.Letters(t.Context(), notice.Filter{Day: monday, Newest: true, Before: before, Limit: 3})
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			seen = append(seen, e.ID)
		}
		before = page[len(page)-1].ID
	}
	if diff := cmp.Diff([]int64{7, 6, 5, 4, 3, 2, 1}, seen); diff != "" {
		t.Errorf("-want +seen\n%s", diff)
	}
}

// decisions tries every action in every state: the store does what notice.State allows.
func decisions(t *testing.T, s *store.DB) {
	ids := inEveryState(t, s)
	for _, action := range []struct {
		name string
		may  func(notice.State) bool
		do   func(id int64) error
	}{
		{"retry", notice.State.MayRetry, func(id int64) error { return s.Retry(t.Context(), morning, id) }},
		{"withdraw", notice.State.MayWithdraw, func(id int64) error { return s.Withdraw(t.Context(), morning, id) }},
	} {
		for state, id := range ids {
			now, err := s.Letters(t.Context(), notice.Filter{ID: id})
			if err != nil || len(now) != 1 {
				t.Fatal(now, err)
			}
			if err := action.do(id); (err == nil) != action.may(now[0].State) || err != nil && !errors.Is(err, notice.ErrState) {
				t.Errorf("%s of a letter that was %s and is %s: %v", action.name, state, now[0].State, err)
			}
		}
		if err := action.do(1 << 40); !errors.Is(err, notice.ErrState) {
			t.Errorf("%s of a letter that is not there: %v", action.name, err)
		}
	}
}

func heldRun(t *testing.T, s *store.DB) {
	if runs, err := s.HeldRuns(t.Context(), morning); err != nil || len(runs) != 0 {
		t.Fatalf("%v, %v", runs, err)
	}
	add(t, s, 9) // the guard of these runs begins at 5
	const of = "appointments"
	for at, left := range map[time.Duration]int{0: 9, 97 * time.Hour: 0} { // they are of use for 96 hours
		runs, err := s.HeldRuns(t.Context(), morning.Add(at))
		want := []notice.HeldRun{{RunRow: notice.RunRow{Kind: of, State: "held", Day: monday, Planned: 9}, Left: left}}
		if diff := cmp.Diff(want, runs); err != nil || diff != "" {
			t.Errorf("after %s: %v\n%s", at, err, diff)
		}
	}
	if held, failed, err := s.Waiting(t.Context(), morning); err != nil || held != 0 || failed != 0 {
		t.Errorf("letters of a held run wait singly: %d, %d, %v", held, failed, err)
	}
	if n, err := s.Release(t.Context(), morning, of, monday); err != nil || n != 9 {
		t.Errorf("%d released, %v", n, err)
	}
	if _, err := s.Release(t.Context(), morning, of, monday); !errors.Is(err, notice.ErrState) {
		t.Errorf("released twice: %v", err)
	}
	if runs, err := s.HeldRuns(t.Context(), morning); err != nil || len(runs) != 0 {
		t.Errorf("%v, %v", runs, err)
	}
}

func counted(t *testing.T, s *store.DB) {
	inEveryState(t, s)
	reasons, err := s.Reasons(t.Context(), monday)
	want := []notice.Reason{}
	for _, state := range []notice.State{notice.Deferred, notice.Failed, notice.Held, notice.Unsure, notice.Withdrawn} {
		want = append(want, notice.Reason{State: state, Why: "because_" + string(state), N: 1})
	}
	if diff := cmp.Diff(want, reasons); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if none, err := s.Reasons(t.Context(), monday+1); err != nil || len(none) != 0 {
		t.Errorf("%v, %v", none, err)
	}
	all := map[notice.State]int{}
	for _, state := range notice.States() {
		all[state] = 1
	}
	later := run("digests")
	later.Day = monday + 2
	if _, err := s.Add(t.Context(), morning, later, notice.Plan{Notices: []notice.Notice{letter("coach_digest/C-1/x"),
		letter("coach_digest/C-2/x")}}); err != nil {
		t.Fatal(err)
	}
	days, err := s.History(t.Context(), monday-1, monday+2)
	wanted := []notice.DayTally{{Day: monday - 1, States: map[notice.State]int{}}, {Day: monday, States: all},
		{Day: monday + 1, States: map[notice.State]int{}},
		{Day: monday + 2, States: map[notice.State]int{notice.Pending: 2}}}
	if diff := cmp.Diff(wanted, days); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	for at, want := range map[time.Duration][2]int{0: {1, 1}, 97 * time.Hour: {0, 0}} {
		if held, failed, err := s.Waiting(t.Context(), morning.Add(at)); err != nil || [2]int{held, failed} != want {
			t.Errorf("after %s %d held, %d failed, %v", at, held, failed, err)
		}
	}
}

func skipped(t *testing.T, s *store.DB) {
	var p notice.Plan
	for i, why := range []string{"protected", "protected", "no_address"} {
		p.Skips = append(p.Skips, notice.Skip{Key: fmt.Sprint("k", i), Letter: notice.AppointmentBooked, To: "S-1", Why: why,
			Until: morning.Add(time.Hour)})
	}
	if _, err := s.Add(t.Context(), morning, notice.Run{Kind: "appointments", Day: monday, Guard: policy.Default().Guard},
		p); err != nil {
		t.Fatal(err)
	}
	for _, v := range []struct {
		from, before time.Duration
		want         map[string]int
	}{
		{0, time.Millisecond, map[string]int{"protected": 2, "no_address": 1}}, {-time.Hour, 0, map[string]int{}},
		{time.Millisecond, time.Hour, map[string]int{}},
	} {
		got, err := s.Skipped(t.Context(), morning.Add(v.from), morning.Add(v.before))
		if diff := cmp.Diff(v.want, got); err != nil || diff != "" {
			t.Errorf("%s to %s: %v\n%s", v.from, v.before, err, diff)
		}
	}
}
