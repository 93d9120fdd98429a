package main

import (
	"slices"
	"strings"
	"testing"

	"vireilla/internal/notice"
)

// What a person is told that somebody gets on a day is what the plan of that day says.
func TestExplainTellsTheLettersThatThePlanTells(t *testing.T) {
	t.Parallel()
	data, rules := office(t, "2024-03-06")
	line := func(letter, subject, why string) string { return letter + " " + subject + " " + why }
	want := map[string][]string{}
	plan := decode[planAnswer](t, must(t, "--data", data, "--policy", rules, "plan", "--at", "2024-03-06", "--format", "json"))
	for _, n := range plan.Notices {
		if n.Role == notice.ToSeeker {
			want[n.To] = append(want[n.To], line(n.Letter, n.Subject, n.SendAt.Format("15:04")))
		}
	}
	for _, k := range plan.Skips {
		if k.Letter != notice.CoachDigest && k.Letter != notice.LeadEscalation {
			want[k.To] = append(want[k.To], line(k.Letter, k.Subject, k.Why))
		}
	}
	kinds := map[string]bool{}
	for seeker, lines := range want {
		slices.Sort(lines)
		lines = slices.Compact(lines)
		fresh := len(kinds) == 0
		for _, l := range lines {
			letter, _, _ := strings.Cut(l, " ")
			kind := letter + l[strings.LastIndex(l, " "):]
			fresh = fresh || !kinds[kind]
			kinds[kind] = true
		}
		if !fresh {
			continue
		}
		e := decode[explanation](t, must(t, "--data", data, "--policy", rules, "explain", seeker, "--at", "2024-03-06", "--format", "json"))
		var got []string
		for _, n := range e.Planned {
			got = append(got, line(n.Letter, n.Subject, n.SendAt.Format("15:04")))
		}
		for _, k := range e.Unwritten {
			got = append(got, line(k.Letter, k.Subject, k.Why))
		}
		if slices.Sort(got); !slices.Equal(got, lines) {
			t.Errorf("%s: %q, the plan has %q", seeker, got, lines)
		}
	}
	for _, kind := range []string{"appointment_booked no_address", "appointment_reminder not_yet", "matter_update too_late"} {
		if !kinds[kind] {
			t.Errorf("nobody with %s in %v", kind, kinds)
		}
	}
}

func TestExplainLeavesOutRulesOfOtherYearsInTheText(t *testing.T) {
	t.Parallel()
	data, _ := office(t, "2024-03-06")
	type row struct{ Seeker, Rule string }
	for _, r := range decode[[]row](t, must(t, "--data", data, "agenda", "--at", "2024-03-06", "--format", "json")) {
		if r.Rule != "job_search_discussion" {
			continue
		}
		out := must(t, "--data", data, "explain", r.Seeker, "--at", "2024-03-06")
		if strings.Contains(out, "first_interview") || strings.Contains(out, "other_era") || !strings.Contains(out, "rules of other years do not concern this person") {
			t.Error(out)
		}
		all := must(t, "--data", data, "explain", r.Seeker, "--at", "2024-03-06", "--format", "json")
		if !strings.Contains(all, "first_interview") || strings.Contains(all, ": null") {
			t.Error(all)
		}
		return
	}
	t.Fatal("nobody awaits a discussion")
}
