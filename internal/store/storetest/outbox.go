package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/internal/store"
)

func sameKey(t *testing.T, s *store.DB) {
	if ids := add(t, s, 3); len(ids) != 3 {
		t.Fatalf("%d letters", len(ids))
	}
	if ids := add(t, s, 4); len(ids) != 1 {
		t.Fatalf("%d new letters the second time", len(ids))
	}
	known, err := s.Known(t.Context(), []string{"appointment_reminder/A-0/x/72h", "other"}, morning)
	if err != nil || len(known) != 1 {
		t.Fatalf("known: %v, %v", known, err)
	}
}

func claimedOnce(t *testing.T, s *store.DB) {
	add(t, s, 5)
	var mu sync.Mutex
	seen := map[int64]int{}
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			for range 3 {
				claimed, err := s.Claim(context.Background(), morning, morning, nil, 2)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				for _, c := range claimed {
					seen[c.ID]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(seen) != 5 {
		t.Errorf("%d letters claimed", len(seen))
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("letter %d claimed %d times", id, n)
		}
	}
}

func report(c notice.Claimed, state notice.State) notice.Report {
	return notice.Report{Claimed: c, Next: notice.Next{State: state, Try: morning.Add(time.Minute),
		Ambiguous: state == notice.Unsure}}
}

func oldFence(t *testing.T, s *store.DB) {
	add(t, s, 1)
	old := claim(t, s, morning)[0]
	later := morning.Add(store.ClaimFor + time.Second)
	if n, err := s.FreeStuck(t.Context(), later, nil); err != nil || n != 1 {
		t.Fatalf("freed %d, %v", n, err)
	}
	lost, err := s.Record(t.Context(), later, []notice.Report{report(old, notice.Sent)})
	if err != nil || len(lost) != 1 {
		t.Fatalf("lost %v, %v", lost, err)
	}
	if n := states(t, s); n[notice.Unsure] != 1 {
		t.Fatalf("states %v", n)
	}
}

// oneFence: giving back a claim that the database undid must not end the next claim.
func oneFence(t *testing.T, s *store.DB) {
	add(t, s, 5)
	seen := map[int64]bool{}
	for range 5 {
		claimed, err := s.Claim(t.Context(), morning, morning, nil, 1)
		if err != nil || len(claimed) != 1 {
			t.Fatal(claimed, err)
		}
		if seen[claimed[0].Fence] {
			t.Fatalf("fence %d is there twice", claimed[0].Fence)
		}
		seen[claimed[0].Fence] = true
	}
}

// recordedAlready: the answer to the first try was lost.
func recordedAlready(t *testing.T, s *store.DB) {
	add(t, s, 3)
	all := claim(t, s, morning)
	reports := []notice.Report{report(all[0], notice.Sent), report(all[1], notice.Unsure), report(all[2], notice.Deferred)}
	for range 2 {
		if lost, err := s.Record(t.Context(), morning, reports); err != nil || len(lost) != 0 {
			t.Fatalf("lost %v, %v", lost, err)
		}
	}
	entries, err := s.Letters(t.Context(), notice.Filter{State: string(notice.Unsure)})
	if err != nil || len(entries) != 1 || entries[0].Unsure != 1 {
		t.Errorf("%+v, %v", entries, err)
	}
}

// neverClaimed: the answer to a claim was lost, and the claim with it. To give it back changes nothing.
func neverClaimed(t *testing.T, s *store.DB) {
	add(t, s, 1)
	entries, err := s.Letters(t.Context(), notice.Filter{})
	if err != nil || len(entries) != 1 {
		t.Fatal(entries, err)
	}
	back := report(notice.Claimed{ID: entries[0].ID, Fence: 1}, notice.Deferred)
	back.Returned = true
	if lost, err := s.Record(t.Context(), morning, []notice.Report{back}); err != nil || len(lost) != 1 {
		t.Fatalf("lost %v, %v", lost, err)
	}
	if n := states(t, s); n[notice.Pending] != 1 {
		t.Fatalf("states %v", n)
	}
}

func sentTells(t *testing.T, s *store.DB) {
	mustImport(t, s, Small())
	anchor := calendar.Date(2024, 1, 12)
	o := policy.Obligation{Seeker: "S-1", Rule: "job_search_discussion", Era: "nordic", Anchor: anchor,
		DueStrict: anchor + 91, Due: anchor + 91,
		Stage: policy.Upcoming, Owner: "C-1", Coach: "C-1", Weight: 40, Basis: "1379/2021"}
	refresh(t, s, map[string][]policy.Obligation{"S-1": {o}})
	item := notice.Item{Seeker: "S-1", Rule: o.Rule, Anchor: anchor, Stage: policy.Upcoming, Due: o.Due, Coach: "C-1",
		New: true}
	n := notice.Notice{Key: "coach_digest/C-1/2024-03-04", Letter: notice.CoachDigest, To: "C-1", Role: notice.ToCoach,
		Language: "fi", SendAt: morning,
		Expires: morning.Add(time.Hour), Items: []notice.Item{item}, Told: []notice.Item{item}, Rest: 7, Late: 2}
	if _, err := s.Add(t.Context(), morning, run("digests"), notice.Plan{Notices: []notice.Notice{n}}); err != nil {
		t.Fatal(err)
	}
	c := claim(t, s, morning)[0]
	if len(c.Items) != 1 || c.Items[0] != item || c.Rest != 7 || c.Late != 2 {
		t.Fatalf("claimed %+v", c)
	}
	if _, err := s.Record(t.Context(), morning, []notice.Report{report(c, notice.Sent)}); err != nil {
		t.Fatal(err)
	}
	staged, err := s.Staged(t.Context())
	if err != nil || len(staged) != 1 || staged[0].Obligation != o || staged[0].Told["C-1"] != policy.Upcoming {
		t.Fatalf("staged %+v, %v", staged, err)
	}
}

func stuck(t *testing.T, s *store.DB) {
	add(t, s, 1)
	at := morning
	for _, want := range []notice.State{notice.Unsure, notice.Held} {
		if c := claim(t, s, at); len(c) != 1 {
			t.Fatalf("%d claimed at %s", len(c), at)
		}
		at = at.Add(store.ClaimFor + time.Second)
		if _, err := s.FreeStuck(t.Context(), at, nil); err != nil {
			t.Fatal(err)
		}
		if n := states(t, s); n[want] != 1 {
			t.Fatalf("states %v, want %s", n, want)
		}
		if c := claim(t, s, at); len(c) != 0 {
			t.Fatal("an unsure letter was claimed before its time")
		}
		at = at.Add(notice.UnsureWait)
	}
	if c := claim(t, s, at.Add(time.Hour)); len(c) != 0 {
		t.Fatal("a held letter was claimed")
	}
}

func guard(t *testing.T, s *store.DB) {
	if ids := add(t, s, 6); len(ids) != 0 { // the floor is 5
		t.Fatalf("%d letters may go out", len(ids))
	}
	if c := claim(t, s, morning); len(c) != 0 {
		t.Fatal("a held letter was claimed")
	}
	if n, err := s.Release(t.Context(), morning, "appointments", monday); err != nil || n != 6 {
		t.Fatalf("released %d, %v", n, err)
	}
	if c := claim(t, s, morning); len(c) != 6 {
		t.Fatalf("%d claimed after the release", len(c))
	}
	if _, err := s.Release(t.Context(), morning, "appointments", monday); err == nil {
		t.Fatal("released twice")
	}
}

// Letters of the morning were tried and put off, then the run grew beyond the guard.
func guardHoldsTheTried(t *testing.T, s *store.DB) {
	add(t, s, 2)
	claimed := claim(t, s, morning)
	again, unsure := report(claimed[0], notice.Deferred), report(claimed[1], notice.Unsure)
	unsure.Ambiguous = true
	if _, err := s.Record(t.Context(), morning, []notice.Report{again, unsure}); err != nil {
		t.Fatal(err)
	}
	if ids := add(t, s, 6); len(ids) != 0 {
		t.Fatalf("%d letters may go out", len(ids))
	}
	if c := claim(t, s, morning.Add(time.Hour)); len(c) != 0 {
		t.Fatalf("%d letters of a held run were claimed", len(c))
	}
	if n, err := s.Release(t.Context(), morning, "appointments", monday); err != nil || n != 6 {
		t.Fatalf("released %d, %v", n, err)
	}
	if n := states(t, s); n[notice.Pending] != 5 || n[notice.Unsure] != 1 {
		t.Fatalf("after the release: %v", n)
	}
}

// releasedOnce releases a run. What is planned after that counts anew, and when it is too much, it alone is held.
func releasedOnce(t *testing.T, s *store.DB) {
	expect := func(what string, got, want any) {
		t.Helper()
		if got != want {
			t.Fatalf("%s: %v, want %v", what, got, want)
		}
	}
	release := func() int {
		t.Helper()
		n, err := s.Release(t.Context(), morning, "appointments", monday)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	expect("planned first", len(add(t, s, 7)), 0) // the floor is 5
	held, err := s.Letters(t.Context(), notice.Filter{State: string(notice.Held)})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Withdraw(t.Context(), morning, held[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := s.Retry(t.Context(), morning, held[1].ID); err != nil {
		t.Fatal(err)
	}
	expect("planned while it is held", len(add(t, s, 8)), 0)
	expect("pending, by hand", states(t, s)[notice.Pending], 1)
	expect("released", release(), 6)
	expect("planned after that", len(add(t, s, 13)), 5)
	expect("planned beyond", len(add(t, s, 14)), 0)
	expect("held", states(t, s)[notice.Held], 6)
	out := claim(t, s, morning)
	expect("claimed", len(out), 7)
	again := report(out[0], notice.Withdrawn)
	if _, err := s.Record(t.Context(), morning, []notice.Report{again}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Add(t.Context(), morning, run("appointments"),
		notice.Plan{Notices: []notice.Notice{letter(again.Key)}}); err != nil {
		t.Fatal(err)
	}
	expect("held, with one that was planned again", states(t, s)[notice.Held], 7)
	expect("released once more", release(), 7)
}

func withdrawnAgain(t *testing.T, s *store.DB) {
	add(t, s, 1)
	c := claim(t, s, morning)[0]
	if _, err := s.Record(t.Context(), morning, []notice.Report{report(c, notice.Withdrawn)}); err != nil {
		t.Fatal(err)
	}
	again := letter(c.Key)
	again.Language = "sv" // what has changed since
	added, err := s.Add(t.Context(), morning, run("appointments"), notice.Plan{Notices: []notice.Notice{again}})
	if err != nil || len(added.IDs) != 1 || added.IDs[0] != c.ID {
		t.Fatalf("planned again: %v, %v", added.IDs, err)
	}
	if c := claim(t, s, morning)[0]; c.Language != "sv" {
		t.Fatalf("planned again in %s", c.Language)
	} else if _, err := s.Record(t.Context(), morning, []notice.Report{report(c, notice.Deferred)}); err != nil {
		t.Fatal(err)
	}
	if err := s.Withdraw(t.Context(), morning, c.ID); err != nil {
		t.Fatal(err)
	}
	if ids := add(t, s, 1); len(ids) != 0 {
		t.Fatal("what a person withdrew came back")
	}
}

func killSwitch(t *testing.T, s *store.DB) {
	add(t, s, 1)
	if err := s.SetKillSwitch(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if c := claim(t, s, morning); len(c) != 0 {
		t.Fatal("claimed while the kill switch is on")
	}
	if err := s.SetKillSwitch(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if c := claim(t, s, morning); len(c) != 1 {
		t.Fatal("nothing claimed after the kill switch was turned off")
	}
}

func toldBooking(t *testing.T, s *store.DB) {
	mustImport(t, s, Small())
	add(t, s, 1)
	r := report(claim(t, s, morning)[0], notice.Sent)
	r.Told = &notice.ToldBooking{StartsAt: morning.Add(96 * time.Hour), Mode: "office", Place: "x", Sequence: 2,
		At: morning}
	if _, err := s.Record(t.Context(), morning, []notice.Report{r}); err != nil {
		t.Fatal(err)
	}
	b, err := s.Bookings(t.Context(), []string{"A-1"})
	if err != nil || len(b) != 1 || b[0].Told == nil || *b[0].Told != *r.Told {
		t.Fatalf("told %+v, %v", b, err)
	}
	ahead, err := s.Ahead(t.Context(), morning)
	if err != nil || len(ahead) != 3 {
		t.Fatalf("%d ahead, %v", len(ahead), err)
	}
}

func suppressed(t *testing.T, s *store.DB) {
	mustImport(t, s, Small())
	add(t, s, 1)
	r := report(claim(t, s, morning)[0], notice.Failed)
	r.Code, r.Suppress = 550, "kanaria.s@example.org"
	if _, err := s.Record(t.Context(), morning, []notice.Report{r}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false} {
		b, err := s.Bookings(t.Context(), []string{"A-1"})
		if err != nil || b[0].Suppressed != want {
			t.Fatalf("step %d: suppressed %v, %v", i, b[0].Suppressed, err)
		}
		fresh := Small()
		fresh["seekers.csv"][0]["email"] = fmt.Sprintf("kanaria.new%d@example.org", i)
		mustImport(t, s, fresh)
	}
	if ids := add(t, s, 1); len(ids) != 1 || ids[0] != r.ID {
		t.Fatalf("what the old address refused is not written to the new one: %v", ids)
	}
}

// heldWhenStuck frees letters of a kind that the policy holds, and one of an appointment that changed since the claim.
func heldWhenStuck(t *testing.T, s *store.DB) {
	mustImport(t, s, Small())
	start := morning.Add(96 * time.Hour)
	other := letter("appointment_changed/A-2/x/1")
	other.Letter, other.Subject = notice.AppointmentChanged, "A-2"
	if _, err := s.Add(t.Context(), morning, run("appointments"),
		notice.Plan{Notices: []notice.Notice{letter("appointment_reminder/A-1/x/72h"), other}}); err != nil {
		t.Fatal(err)
	}
	claim(t, s, morning)
	changed := Small()
	changed["appointments.csv"][1]["changed_at"] = morning.Add(time.Minute).UnixMilli()
	mustImport(t, s, changed)
	if n, err := s.FreeStuck(t.Context(), morning.Add(store.ClaimFor), []string{notice.AppointmentChanged}); n != 2 ||
		err != nil {
		t.Fatalf("freed %d, %v", n, err)
	}
	if n := states(t, s); n[notice.Held] != 1 || n[notice.Unsure] != 1 {
		t.Fatalf("states %v", n)
	}
	b, err := s.Bookings(t.Context(), []string{"A-1", "A-2"})
	if err != nil || len(b) != 2 {
		t.Fatal(b, err)
	}
	for i, mode := range []string{b[0].Mode, ""} { // of what changed since, only the start is known
		if told := b[i].Told; told == nil || !told.StartsAt.Equal(start) || told.Mode != mode || told.Sequence != 0 {
			t.Errorf("%s: told %+v", b[i].ID, told)
		}
	}
}

// closedNeverWakes closes what was booked; nothing is to be evaluated.
func closedNeverWakes(t *testing.T, s *store.DB) {
	mustImport(t, s, Small())
	sleepAll(t, s)
	without := Small()
	without["appointments.csv"] = without["appointments.csv"][:2]
	without["seekers.csv"] = without["seekers.csv"][1:]
	mustImport(t, s, without)
	if _, found, err := s.NextBooking(t.Context()); err != nil || found {
		t.Fatalf("something wakes: %v, %v", found, err)
	}
	if err := s.Prepare(t.Context(), monday, "another policy"); err != nil {
		t.Fatal(err)
	}
	sleepAll(t, s)
	if _, found, err := s.NextBooking(t.Context()); err != nil || found {
		t.Fatalf("something wakes after another policy: %v, %v", found, err)
	}
}
