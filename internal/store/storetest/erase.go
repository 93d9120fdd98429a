package storetest

import (
	"testing"
	"time"

	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/internal/store"
)

// erased removes a person who has everything, and nobody else.
func erased(t *testing.T, s *store.DB) {
	mustImport(t, s, Small())
	o := policy.Obligation{Seeker: "S-1", Rule: "job_search_discussion", Anchor: monday, Due: monday, DueStrict: monday,
		Stage: policy.Due, Owner: "C-1"}
	other := o
	other.Seeker = "S-2"
	refresh(t, s, map[string][]policy.Obligation{"S-1": {o}, "S-2": {other}})
	items := []notice.Item{{Seeker: "S-1", Rule: o.Rule, Anchor: monday, Stage: policy.Due}}
	if _, err := s.Add(t.Context(), morning, run("digests"), notice.Plan{Notices: []notice.Notice{
		{Key: "coach_digest/C-1/x", Letter: notice.CoachDigest, To: "C-1", Role: notice.ToCoach, SendAt: morning,
			Expires: morning.Add(time.Hour), Items: items, Told: items}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Record(t.Context(), morning, []notice.Report{report(claim(t, s, morning)[0],
		notice.Sent)}); err != nil {
		t.Fatal(err)
	}
	add(t, s, 2)
	counted, err := s.Erasable(t.Context(), "S-1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Case(t.Context(), "S-1"); err != nil {
		t.Errorf("counting removed it: %v", err)
	}
	if n, err := s.Erase(t.Context(), "S-1"); err != nil || n < 9 || n != counted {
		t.Fatalf("%d rows, counted %d, %v", n, counted, err)
	}
	if _, err := s.Case(t.Context(), "S-1"); err == nil {
		t.Error("the case is still there")
	}
	if staged, err := s.Staged(t.Context()); err != nil || len(staged) != 1 || staged[0].Seeker != "S-2" {
		t.Errorf("staged %+v, %v", staged, err)
	}
	if told, err := s.ToldOf(t.Context(), morning.Add(time.Hour), "S-1"); err != nil || len(told) != 0 {
		t.Errorf("told %v, %v", told, err)
	}
	entries, err := s.Letters(t.Context(), notice.Filter{})
	if err != nil || len(entries) != 3 {
		t.Fatal(entries, err)
	}
	for _, e := range entries {
		if e.To == "S-1" || e.Items != 0 || e.Key == "" || e.Role == notice.ToSeeker && e.State != notice.Withdrawn {
			t.Errorf("left of a letter: %+v", e)
		}
	}
	if ids := add(t, s, 2); len(ids) != 0 {
		t.Errorf("planned again: %v", ids)
	}
	if n, err := s.Erase(t.Context(), "S-1"); err != nil || n != 0 {
		t.Errorf("a second time: %d rows, %v", n, err)
	}
	if n, err := s.Erase(t.Context(), "%"); err != nil || n != 0 {
		t.Errorf("of nobody: %d rows, %v", n, err)
	}
}

// clocks compares the database's clock with one that is right and one that is not.
func clocks(t *testing.T, s *store.DB) {
	for _, off := range []time.Duration{0, time.Hour} {
		skew, err := s.Skew(t.Context(), func() time.Time { return time.Now().Add(off) })
		if err != nil || skew != 0 && (skew-off).Abs() > 10*time.Second {
			t.Errorf("%s off: %s, %v", off, skew, err)
		}
	}
}
