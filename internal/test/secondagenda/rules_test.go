package secondagenda

import "testing"

func TestEveryLadderBeginsAndEndsOnItsDays(t *testing.T) {
	monday := mustDay(t, "2024-09-16") // no closed day near
	for rule, days := range map[string]struct{ upcoming, escalated string }{
		"first_interview":          {"2024-09-11", "2024-09-19"},
		"initial_interview":        {"2024-09-11", "2024-09-19"},
		"periodic_interview":       {"2024-09-02", "2024-09-23"},
		"job_search_discussion":    {"2024-09-02", "2024-09-23"},
		"supplementary_discussion": {"2024-09-11", "2024-09-23"},
		"intensive_month":          {"2024-09-11", "2024-09-23"},
		"statement":                {"2024-08-30", "2024-09-17"},
		"decision_before_start":    {"2024-09-02", "2024-09-18"},
		"selection_result":         {"2024-09-02", "2024-09-18"},
		"notify_decision":          {"2024-09-13", "2024-09-23"},
		"clarification":            {"2024-09-13", "2024-09-23"},
	} {
		o := obligation{rule: rule, strict: monday, due: monday}
		first := map[string]string{}
		for day := mustDay(t, "2024-08-01"); day.Before(mustDay(t, "2024-10-15")); day = day.AddDate(0, 0, 1) {
			if stage := stageOn(o, day); first[stage] == "" {
				first[stage] = show(day)
			}
		}
		want := map[string]string{"": "2024-08-01", "upcoming": days.upcoming, "due": "2024-09-16",
			"overdue": "2024-09-17", "escalated": days.escalated}
		if rule == "statement" {
			want["overdue"] = "" // escalation falls on the same day and wins
		}
		for stage, day := range want {
			if first[stage] != day {
				t.Errorf("%s: stage %q first on %s, want %s", rule, stage, first[stage], day)
			}
		}
	}
}

func TestErasChangeOnTheirBorders(t *testing.T) {
	for day, want := range map[string]string{
		"2016-12-31": " ", "2017-01-01": "periodic 1456/2016", "2022-05-01": "periodic 1456/2016",
		"2022-05-02": "nordic 1379/2021", "2024-12-31": "nordic 1379/2021", "2025-01-01": "municipal 380/2023",
		"2025-12-31": "municipal 380/2023", "2026-01-01": "needs_based 380/2023",
	} {
		era := eraOf(mustDay(t, day))
		if got := era + " " + basisOf(era); got != want {
			t.Errorf("%s: %q, want %q", day, got, want)
		}
	}
}
