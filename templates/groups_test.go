package templates

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestItemsStandUnderHeadingsInTheOrderTheyCame(t *testing.T) {
	items := []Item{
		{Seeker: "1", Stage: "escalated", New: true},
		{Seeker: "2", Stage: "overdue", For: "C-2"},
		{Seeker: "3", Stage: "overdue"},
		{Seeker: "4", Rule: "reach_by_phone", New: true},
		{Seeker: "5", Stage: "due"},
		{Seeker: "6", Stage: "upcoming"},
		{Seeker: "7", Stage: "due", For: "C-1"},
		{Seeker: "8", Rule: "short_notice", For: "C-2"},
		{Seeker: "9", Stage: "due"},
	}
	var got []string
	for _, g := range groups(items) {
		var seekers []string
		for _, item := range g.Items {
			seekers = append(seekers, item.Seeker)
		}
		got = append(got, g.Name+" "+g.For+": "+strings.Join(seekers, " "))
	}
	want := []string{"late : 1 3", "due : 5 9", "phone : 4", "upcoming : 6", "deputy C-2: 2 8", "deputy C-1: 7"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if fresh, late := count(items); fresh != 2 || late != 3 {
		t.Errorf("got %d new, %d late; want 2, 3", fresh, late)
	}
}

func TestTheDigestCountsWhatTheCallerDidNot(t *testing.T) {
	set := load(t)
	d := sample[Digest](t, set, "coach_digest")
	d.New, d.Late = 0, 0
	if m := render(t, set, "coach_digest", "en", Staff, d); !strings.Contains(m.Subject, "5 new, 3 late") {
		t.Errorf("got %q", m.Subject)
	}
	d.New, d.Late = 60, 44
	if m := render(t, set, "coach_digest", "en", Staff, d); !strings.Contains(m.Subject, "60 new, 44 late") || !strings.Contains(m.Text, "and 73 more, 55 of them new\n") {
		t.Errorf("got %q and %s", m.Subject, m.Text)
	}
}

func TestAProtectedSeekerIsNotToldApartFromOneWhoSaidNo(t *testing.T) {
	set := load(t)
	item := Item{Seeker: "S-1", Initials: "AB", Rule: "reach_by_phone"}
	var texts []string
	for _, why := range []string{"protected", "no_consent"} {
		item.Why = why
		texts = append(texts, render(t, set, "coach_digest", "fi", Staff, Digest{Items: []Item{item}}).Text)
	}
	if texts[0] != texts[1] {
		t.Error("the digest tells who is protected")
	}
}
