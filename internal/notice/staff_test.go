package notice

import (
	"testing"

	"vireilla/internal/caseload"
	"vireilla/internal/policy"
)

func TestWhoStandsInForAnAbsentCoach(t *testing.T) {
	for _, c := range []struct {
		name, day string
		absences  []caseload.Absence
		want      string
	}{
		{"nobody is away", "2024-03-05", nil, "C-1"},
		{"the day before", "2024-03-03", []caseload.Absence{away("C-1", "C-2", "2024-03-04", "2024-03-08")}, "C-1"},
		{"the first day", "2024-03-04", []caseload.Absence{away("C-1", "C-2", "2024-03-04", "2024-03-08")}, "C-2"},
		{"the last day", "2024-03-08", []caseload.Absence{away("C-1", "C-2", "2024-03-04", "2024-03-08")}, "C-2"},
		{"the day after", "2024-03-09", []caseload.Absence{away("C-1", "C-2", "2024-03-04", "2024-03-08")}, "C-1"},
		{"no deputy", "2024-03-05", []caseload.Absence{away("C-1", "", "2024-03-04", "2024-03-08")}, "T-1"},
		{"the deputy is away too", "2024-03-05", []caseload.Absence{away("C-1", "C-2", "2024-03-04", "2024-03-08"),
			away("C-2", "C-3", "2024-03-05", "2024-03-05")}, "T-1"},
		{"the deputy is unknown", "2024-03-05", []caseload.Absence{away("C-1", "C-404", "2024-03-04", "2024-03-08")}, "T-1"},
		{"two deputies, the first away", "2024-03-05",
			[]caseload.Absence{away("C-1", "C-3", "2024-03-05", "2024-03-06"), away("C-1", "C-2", "2024-03-04", "2024-03-08"),
				away("C-2", "", "2024-03-05", "2024-03-05")}, "C-3"},
		{"a deputy of another team", "2024-03-05", []caseload.Absence{away("C-1", "C-9", "2024-03-04", "2024-03-08")}, "C-9"},
	} {
		if got := team(c.absences...).Owner("C-1", on(c.day)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestACoachWhoLeftIsAbsentForGood(t *testing.T) {
	staff := NewStaff([]caseload.Team{{ID: "T-1", Authority: "lahti_region"}},
		[]caseload.Coach{{ID: "C-1", TeamID: "T-1", Gone: true}}, nil)
	expect(t, words(digests(at("2024-03-05 07:30"), office(), staff,
		[]Staged{owed("S-1", "statement", policy.Due, "2024-03-05")})),
		[]string{"send coach_digest/T-1/2024-03-05 at 2024-03-05 07:30: S-1!"})
}

func TestTheDeputysDigestHoldsBoth(t *testing.T) {
	own := owed("S-2", "initial_interview", policy.Upcoming, "2024-03-08").of("C-2").told("C-2", policy.Upcoming)
	absent := owed("S-1", "initial_interview", policy.Upcoming, "2024-03-08").told("C-1", policy.Upcoming)
	plan := digests(at("2024-03-05 07:30"), office(), team(away("C-1", "C-2", "2024-03-05", "2024-03-05")),
		[]Staged{own, absent})
	expect(t, words(plan), []string{"send coach_digest/C-2/2024-03-05 at 2024-03-05 07:30: S-1! S-2",
		"skip coach_digest C-1 met", "skip coach_digest C-3 met",
		"skip coach_digest C-9 met"})
	if n := plan.Notices[0]; n.Role != ToCoach || n.Items[0].Coach != "C-1" || n.Items[1].Coach != "C-2" {
		t.Errorf("%+v", n)
	}
}

func TestTheLeadsDigestForAnAbsentCoach(t *testing.T) {
	plan := digests(at("2024-03-05 07:30"), office(), team(away("C-1", "", "2024-03-05", "2024-03-05")),
		[]Staged{owed("S-1", "initial_interview", policy.Upcoming, "2024-03-08").told("C-1", policy.Upcoming)})
	expect(t, words(plan)[:1], []string{"send coach_digest/T-1/2024-03-05 at 2024-03-05 07:30: S-1!"})
	if n := plan.Notices[0]; n.Role != ToLead || n.To != "T-1" || n.Language != "sv" {
		t.Errorf("%+v", n)
	}
}
