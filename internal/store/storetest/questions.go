package storetest

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/internal/store"
)

func bytewise(t *testing.T, s *store.DB) {
	feed := Small()
	feed["seekers.csv"] = feed["seekers.csv"][:1]
	ids := []string{"S-10", "S-1", "s-2", "Å-1", "A-1", "Z", "a b", "aa", "_", "ö"}
	for _, id := range ids {
		feed["seekers.csv"] = append(feed["seekers.csv"], map[string]any{"seeker_id": id + "x", "coach_id": "C-1",
			"status": "unemployed"})
	}
	mustImport(t, s, feed)
	var got []string
	if err := s.Cases(t.Context(), func(cases []notice.Awake) error {
		for i := range cases {
			got = append(got, cases[i].Seeker.ID)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(got) != len(ids)+1 || !slices.IsSorted(got) {
		t.Fatalf("the order of the bytes is another: %q", got)
	}
}

func toldTwiceInOne(t *testing.T, s *store.DB) {
	item := notice.Item{Seeker: "S-1", Rule: "initial_interview", Anchor: monday, Stage: policy.Overdue}
	lower := item
	lower.Stage = policy.Upcoming
	if err := s.AdoptTold(t.Context(), morning, map[string][]notice.Item{"C-1": {item, lower}}); err != nil {
		t.Fatal(err)
	}
	told, err := s.Told(t.Context(), morning)
	if err != nil || len(told) != 1 || told[policy.Key{Seeker: "S-1", Rule: item.Rule,
		Anchor: monday}]["C-1"] != policy.Overdue {
		t.Fatalf("told %v, %v", told, err)
	}
	yesterday := morning.Add(-24 * time.Hour)
	if err := s.AdoptTold(t.Context(), yesterday, map[string][]notice.Item{"C-2": {lower}}); err != nil {
		t.Fatal(err)
	}
	if err := s.AdoptTold(t.Context(), morning, map[string][]notice.Item{"C-2": {item}}); err != nil {
		t.Fatal(err)
	}
	for by, want := range map[time.Time]policy.Stage{yesterday.Add(-time.Second): policy.NoStage,
		yesterday: policy.Upcoming, morning.Add(-time.Second): policy.Upcoming, morning: policy.Overdue} {
		told, err := s.Told(t.Context(), by)
		if got := told[policy.Key{Seeker: "S-1", Rule: item.Rule, Anchor: monday}]["C-2"]; err != nil || got != want {
			t.Errorf("by %s C-2 knew of %q, want %q; %v", by, got, want, err)
		}
	}
	for by, want := range map[time.Time]int{morning: 3, morning.Add(-time.Second): 1} {
		of, err := s.ToldOf(t.Context(), by, "S-1")
		if err != nil || len(of) != want || of[0].Owner != "C-2" || of[0].Stage != policy.Upcoming ||
			!of[0].At.Equal(yesterday) {
			t.Errorf("by %s: %+v, %v", by, of, err)
		}
	}
}

// importsAtOnce imports the same new rows in several goroutines.
func importsAtOnce(t *testing.T, s *store.DB) {
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if _, err := Import(t, s, Small(), true, true); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if seekers, coaches, err := s.Counts(t.Context()); err != nil || seekers != 3 || coaches != 2 {
		t.Fatalf("%d seekers, %d coaches, %v", seekers, coaches, err)
	}
}

// plansAtOnce plans the same letters in several goroutines, in another order.
func plansAtOnce(t *testing.T, s *store.DB) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var ids []int64
	for n := range 4 {
		wg.Go(func() {
			var p notice.Plan
			for i := range 5 {
				p.Notices = append(p.Notices, letter("appointment_reminder/A-"+string(rune('0'+i))+"/x/72h"))
				p.Skips = append(p.Skips, notice.Skip{Key: "k" + string(rune('0'+i)), Letter: "x", To: "S-1",
					Why: "w" + string(rune('0'+n)), Until: morning})
			}
			if n%2 == 1 {
				slices.Reverse(p.Notices)
				slices.Reverse(p.Skips)
			}
			added, err := s.Add(t.Context(), morning, run("appointments"), p)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			ids = append(ids, added.IDs...)
		})
	}
	wg.Wait()
	slices.Sort(ids)
	if n := len(ids); n != 5 || len(slices.Compact(ids)) != n {
		t.Fatalf("letters %v", ids)
	}
}

func filters(t *testing.T, s *store.DB) {
	ids := add(t, s, 3)
	for name, f := range map[string]notice.Filter{
		"state": {State: "pending"}, "letter": {Letter: notice.AppointmentReminder}, "to": {To: "S-1"}, "day": {Day: monday},
		"all": {},
	} {
		if entries, err := s.Letters(t.Context(), f); err != nil || len(entries) != 3 {
			t.Errorf("by %s: %d letters, %v", name, len(entries), err)
		}
	}
	for name, f := range map[string]notice.Filter{
		"id": {ID: slices.Min(ids)}, "limit": {Limit: 1},
	} {
		if entries, err := s.Letters(t.Context(), f); err != nil || len(entries) != 1 || entries[0].ID != slices.Min(ids) {
			t.Errorf("by %s: %v, %v", name, entries, err)
		}
	}
	if entries, err := s.Letters(t.Context(), notice.Filter{ID: 1 << 40, Day: monday + 1}); err != nil ||
		len(entries) != 0 {
		t.Errorf("%v, %v", entries, err)
	}
}

// training asks for cases of training in every way.
func training(t *testing.T, s *store.DB) {
	feed := Small()
	feed["training.csv"] = Rows{{"training_id": "V-1", "seeker_id": "S-1", "kind": "self_motivated", "state": "open",
		"applied_on":  "2024-02-01",
		"notified_on": "2024-03-01", "handler_id": "C-2"}}
	mustImport(t, s, feed)
	o := policy.Obligation{Seeker: "S-1", Rule: "clarification", Subject: "V-1", Anchor: monday, DueStrict: monday,
		Due: monday, Stage: policy.Due, Owner: "S-1"}
	refresh(t, s, map[string][]policy.Obligation{"S-1": {o}})
	decided, err := s.Decisions(t.Context(), monday-10, monday)
	named, err2 := s.Matters(t.Context(), []string{"V-1", "V-2"})
	awaited, err3 := s.Clarifications(t.Context())
	if err != nil || err2 != nil || err3 != nil {
		t.Fatal(err, err2, err3)
	}
	if len(decided) != 1 || decided[0].HandlerID != "C-2" || decided[0].Seeker.ID != "S-1" {
		t.Errorf("decided: %+v", decided)
	}
	if diff := cmp.Diff(decided, named); diff != "" {
		t.Errorf("-decided +named\n%s", diff)
	}
	if len(awaited) != 1 || awaited[0].Clarification == nil || *awaited[0].Clarification != o {
		t.Errorf("awaited: %+v", awaited)
	}
}

// many letters are due; then all of them have failed.
func many(t *testing.T, s *store.DB) {
	const letters = 1234
	mustImport(t, s, Small())
	add(t, s, letters)
	if _, err := s.Release(t.Context(), morning, "appointments", monday); err != nil { // so many are held first
		t.Fatal(err)
	}
	if n, err := s.Due(t.Context(), morning); err != nil || n != letters {
		t.Errorf("%d due, %v", n, err)
	}
	claimed, err := s.Claim(t.Context(), morning, morning, nil, letters)
	if err != nil {
		t.Fatal(err)
	}
	reports := make([]notice.Report, len(claimed))
	for i := range claimed {
		reports[i] = report(claimed[i], notice.Failed)
	}
	if _, err := s.Record(t.Context(), morning, reports); err != nil {
		t.Fatal(err)
	}
	if held, failed, err := s.Waiting(t.Context(), morning); err != nil || held != 0 || failed != letters {
		t.Errorf("%d held, %d failed, %v", held, failed, err)
	}
}

// operators asks what operators ask, and does what they do.
func operators(t *testing.T, s *store.DB) {
	mustImport(t, s, Small())
	ids := add(t, s, 2)
	c := claim(t, s, morning)
	if _, err := s.Record(t.Context(), morning, []notice.Report{report(c[0], notice.Deferred),
		report(c[1], notice.Sent)}); err != nil {
		t.Fatal(err)
	}
	later := morning.Add(time.Hour)
	tally, err := s.Tally(t.Context(), monday)
	if err != nil || tally[notice.AppointmentReminder][notice.Deferred] != 1 ||
		tally[notice.AppointmentReminder][notice.Sent] != 1 {
		t.Errorf("tally %v, %v", tally, err)
	}
	if runs, err := s.Runs(t.Context(), 5); err != nil || len(runs) != 1 || runs[0].Planned != len(ids) {
		t.Errorf("runs %v, %v", runs, err)
	}
	if at, err := s.NextDue(t.Context()); err != nil || !at.Equal(morning.Add(time.Minute)) {
		t.Errorf("next %s, %v", at, err)
	}
	if err := s.Hasten(t.Context(), morning); err != nil {
		t.Error(err)
	}
	if n, err := s.Due(t.Context(), morning); err != nil || n != 1 {
		t.Errorf("%d due, %v", n, err)
	}
	if err := s.Retry(t.Context(), later, c[0].ID); err != nil {
		t.Error(err)
	}
	if n, err := s.Due(t.Context(), morning); err != nil || n != 0 {
		t.Errorf("%d due before a person decided, %v", n, err)
	}
	// the run of a past day brings out what is tried again by hand today
	if err := s.Hasten(t.Context(), morning); err != nil {
		t.Error(err)
	}
	if n, err := s.Due(t.Context(), morning); err != nil || n != 1 {
		t.Errorf("%d due of what is tried again, %v", n, err)
	}
	if err := s.Hasten(t.Context(), morning.Add(-time.Hour)); err != nil {
		t.Error(err)
	}
	if n, err := s.Due(t.Context(), morning.Add(-time.Minute)); err != nil || n != 0 {
		t.Errorf("%d due before their own time, %v", n, err)
	}
	if err := s.Retry(t.Context(), later, c[1].ID); err == nil {
		t.Error("a letter that is out was tried again")
	}
	if err := s.Adopt(t.Context(), morning, monday, map[string]int{"digests": 9}, 2); err != nil {
		t.Error(err)
	}
	if b, err := s.Bookings(t.Context(), []string{"A-1", "A-2", "A-3"}); err != nil || len(b) != 3 || b[2].Told == nil {
		t.Errorf("adopted %+v, %v", b, err)
	}
	if soon, err := s.Soon(t.Context(), morning, morning.Add(1000*time.Hour)); err != nil || len(soon) != 3 {
		t.Errorf("%d soon, %v", len(soon), err)
	}
	if _, found, err := s.NextBooking(t.Context()); err != nil || !found {
		t.Errorf("no appointment is awake, %v", err)
	}
	if yes, err := s.Suppressed(t.Context(), "S-1"); err != nil || yes {
		t.Errorf("suppressed %v, %v", yes, err)
	}
	if found, err := s.Seekers(t.Context(), []string{"S-1", "S-9"}); err != nil || len(found) != 1 {
		t.Errorf("seekers %v, %v", found, err)
	}
	if told, err := s.ToldPhone(t.Context()); err != nil || len(told) != 0 {
		t.Errorf("told %v, %v", told, err)
	}
	for _, q := range []func() ([]notice.Skip, error){
		func() ([]notice.Skip, error) { return s.Unwritten(t.Context(), morning) },
		func() ([]notice.Skip, error) { return s.SkipsTo(t.Context(), morning, "S-1") },
	} {
		if skips, err := q(); err != nil || len(skips) != 0 {
			t.Errorf("skips %v, %v", skips, err)
		}
	}
	if err := s.Forget(t.Context(), later, later); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := s.Prepare(t.Context(), monday, "p1"); err != nil {
			t.Error(err)
		}
	}
	if v, err := s.Schema(t.Context()); err != nil || v < 1 {
		t.Errorf("schema %d, %v", v, err)
	}
}
