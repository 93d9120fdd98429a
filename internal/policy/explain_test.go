package policy

import (
	"slices"
	"strings"
	"testing"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
)

func on(t *testing.T, text string) calendar.Day {
	t.Helper()
	d, err := calendar.ParseDay(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// seekerOf is a person whose job search started on a day, with what was held: "initial_interview 2023-10-02".
func seekerOf(t *testing.T, started string, held ...string) caseload.Case {
	t.Helper()
	c := caseload.Case{Seeker: caseload.Seeker{ID: "S-1", CoachID: "C-1", Status: caseload.Unemployed,
		JobSearchStarted: on(t, started)}}
	for _, h := range held {
		kind, day, _ := strings.Cut(h, " ")
		c.Contacts = append(c.Contacts, caseload.Contact{ID: h, Kind: kind, HeldOn: on(t, day)})
	}
	return c
}

func TestAReasonIsTrueOfThePerson(t *testing.T) {
	study := func(state string, change ...func(*caseload.Training)) caseload.Case {
		c := seekerOf(t, "2024-03-01")
		tr := caseload.Training{ID: "TR-1", Kind: caseload.SelfMotivatedStudy, State: state, AppliedOn: on(t, "2024-02-01"),
			StudyStartsOn: on(t, "2024-04-29")}
		for _, f := range change {
			f(&tr)
		}
		c.Training = []caseload.Training{tr}
		return c
	}
	decided := func(tr *caseload.Training) { tr.DecidedOn = on(t, "2024-02-20") }
	notified := func(tr *caseload.Training) { tr.NotifiedOn = on(t, "2024-02-22") }
	asked := func(tr *caseload.Training) { tr.ClarificationDue = on(t, "2024-03-05") }
	known := seekerOf(t, "2023-09-19", "initial_interview 2023-10-02", "supplementary_discussion 2023-10-12",
		"job_search_discussion 2023-12-27")
	monthly := seekerOf(t, "2023-07-27", "initial_interview 2023-08-07", "job_search_discussion 2024-01-15",
		"supplementary_discussion 2024-02-09")
	busy := seekerOf(t, "2024-01-02", "initial_interview 2024-01-08", "supplementary_discussion 2024-01-15",
		"supplementary_discussion 2024-01-22",
		"supplementary_discussion 2024-01-29", "supplementary_discussion 2024-02-05", "supplementary_discussion 2024-02-26")
	ended := seekerOf(t, "2023-07-27")
	ended.Seeker.JobSearchEnded = on(t, "2024-03-01")
	resumed := seekerOf(t, "2024-03-01")
	resumed.Seeker.PreviousJobSearchEnded = on(t, "2023-12-01")
	partTime := seekerOf(t, "2021-01-04", "periodic_interview 2021-02-01")
	partTime.Seeker.Status = "part_time"
	for _, v := range []struct {
		name string
		c    caseload.Case
		rule string
		why  string
		part string
	}{
		{"a clarification stops the clock", study(caseload.ClarificationRequested, asked), "statement TR-1", NotYet,
			"the time does not run meanwhile"},
		{"a clarification stops the office too", study(caseload.ClarificationRequested, asked), "decision_before_start TR-1",
			NotYet, "a clarification is awaited"},
		{"a decision that is to come", study(caseload.ClarificationRequested, asked), "notify_decision TR-1", NotYet,
			"there is no decision yet"},
		{"under review", study(caseload.UnderReview), "notify_decision TR-1", NotYet, "there is no decision yet"},
		{"nobody asked", study(caseload.UnderReview), "clarification TR-1", NotYet, "no clarification has been asked for"},
		{"nobody asked before the decision", study(caseload.Notified, decided, notified), "clarification TR-1", NotYet,
			"no clarification has been asked for"},
		{"the answer came", study(caseload.UnderReview, asked), "clarification TR-1", Met, "no longer awaited"},
		{"the information is not complete", study(caseload.UnderReview), "statement TR-1", NotYet,
			"when the information was complete"},
		{"decided", study(caseload.DecidedPositive, decided), "statement TR-1", Met, "decided on Tue 2024-02-20"},
		{"notified", study(caseload.Notified, decided, notified), "notify_decision TR-1", Met, "notified on Thu 2024-02-22"},
		{"notified later the same week", study(caseload.DecidedPositive, decided, notified), "notify_decision TR-1", Met,
			"notified on Thu 2024-02-22"},
		{"withdrawn", study(caseload.Withdrawn), "statement TR-1", Withdrawn, "withdrawn"},
		{"the window is over", known, "supplementary_discussion", OutsideWindow, "outside the window"},
		{"enough were held", busy, "supplementary_discussion", Met, "5 supplementary discussions were held in the window"},
		{"its month is to come", known, "intensive_month 1", NotYet, "begins on Tue 2024-04-02"},
		{"held in its month", monthly, "intensive_month 1", Met, "held in the month"},
		{"no month without an interview", seekerOf(t, "2024-03-01"), "intensive_month 2", NotYet,
			"no initial interview has been held"},
		{"nothing to count from", seekerOf(t, "2024-03-01"), "job_search_discussion", NotYet, "no interview has been held"},
		{"interviewed", known, "initial_interview", Met, "held on Mon 2023-10-02"},
		{"resumed", resumed, "initial_interview", SkippedBySixMonths, "ended on Fri 2023-12-01 was resumed within 6 months"},
		{"ended", ended, "initial_interview", JobSearchEnded, "ended on Fri 2024-03-01"},
		{"not unemployed", partTime, "periodic_interview", OtherStatus, "the status is part time"},
		{"a rule of later years", known, "supplementary_discussion", OtherEra, "other years"},
		{"a rule of earlier years", known, "first_interview", OtherEra, "other years"},
	} {
		t.Run(v.name, func(t *testing.T) {
			var got []string
			for _, verdict := range Default().Explain(v.c, on(t, "2024-03-04")) {
				if strings.TrimSpace(verdict.Rule+" "+verdict.Subject) != v.rule {
					continue
				}
				if verdict.Why == v.why && strings.Contains(verdict.Because, v.part) && !verdict.Open && verdict.Change != "" &&
					verdict.Steps != nil {
					return
				}
				got = append(got, verdict.Why+": "+verdict.Because)
			}
			t.Errorf("%s, want %s with %q", got, v.why, v.part)
		})
	}
}

// An intensive month that would begin under the law of 2026 never comes.
func TestARuleThatCanNeverApplyBelongsToOtherYears(t *testing.T) {
	c := seekerOf(t, "2025-10-01", "initial_interview 2025-10-07")
	for _, v := range Default().Explain(c, on(t, "2025-12-01")) {
		if v.Rule == "intensive_month" && v.Why != OtherEra {
			t.Errorf("%s: %s", v.Why, v.Because)
		}
	}
}

func TestWithoutAgreedWeeksNoFurtherDiscussionIsAskedFor(t *testing.T) {
	c := seekerOf(t, "2026-01-05", "initial_interview 2026-01-12")
	for _, v := range Default().Explain(c, on(t, "2026-01-20")) {
		if v.Rule == "supplementary_discussion" && v.Why != OtherEra &&
			(v.Why != NotYet || !strings.Contains(v.Because, "no weeks between supplementary discussions") || v.Due != 0) {
			t.Errorf("due %q, %s: %s", v.Due, v.Why, v.Because)
		}
	}
}

func TestTheArithmeticIsExplainedInWords(t *testing.T) {
	known := seekerOf(t, "2024-01-02", "initial_interview 2024-01-08", "supplementary_discussion 2024-02-26")
	known.Training = []caseload.Training{
		{ID: "TR-1", Kind: caseload.SelfMotivatedStudy, State: caseload.ClarificationRequested,
			AppliedOn: on(t, "2024-02-01"), ClarificationDue: on(t, "2024-03-02")},
		{ID: "TR-2", Kind: caseload.SelfMotivatedStudy, State: caseload.UnderReview, AppliedOn: on(t, "2024-02-01"),
			StudyStartsOn: on(t, "2024-04-05"), InformationCompleteOn: on(t, "2024-02-08")}}
	monthly := seekerOf(t, "2023-07-27", "initial_interview 2023-08-07", "supplementary_discussion 2024-02-09")
	for _, v := range []struct {
		c     caseload.Case
		rule  string
		ours  bool
		steps []string
	}{
		{known, "clarification TR-1", true,
			[]string{"counted from: the clarification is asked for by Sat 2024-03-02 (era nordic)",
				"due day: that day itself, Sat 2024-03-02",
				"rolled: Sat 2024-03-02 is no working day, so it ends on Mon 2024-03-04 (Act 150/1930, section 5)"}},
		{known, "decision_before_start TR-2", true,
			[]string{"counted from: the studies start on Fri 2024-04-05 (era nordic)",
				"due day: 5 working days before that is Wed 2024-03-27",
				"counted: 04-04 04-03 04-02 03-28 03-27", "closed, not counted: 04-01 03-31 03-29"}},
		{known, "statement TR-2", false, []string{"due day: 30 days after that is Sat 2024-03-09"}},
		{known, "supplementary_discussion", false,
			[]string{"counted from: the last interview or discussion was held on Mon 2024-02-26 (era nordic)",
				"due day: 2 weeks after that is Mon 2024-03-11",
				"held in the window of 3 months from the initial interview, Mon 2024-01-08 to Mon 2024-04-08: 1 supplementary; asked for while fewer than 5 are"}},
		{monthly, "intensive_month 2", false,
			[]string{"counted from: the intensive month after the initial interview on Mon 2023-08-07 began on Wed 2024-02-07 (era nordic)",
				"due day: 1 month after that is Thu 2024-03-07", "held in the month, Wed 2024-02-07 to Thu 2024-03-07: 1 supplementary; asked for while fewer than 2 are"}},
	} {
		for _, got := range Default().Explain(v.c, on(t, "2024-03-04")) {
			if strings.TrimSpace(got.Rule+" "+got.Subject) != v.rule || !got.Open {
				continue
			}
			for _, step := range v.steps {
				if !slices.Contains(got.Steps, step) {
					t.Errorf("%s: no %q in\n%s", v.rule, step, strings.Join(got.Steps, "\n"))
				}
			}
			if got.Ours != v.ours {
				t.Errorf("%s: ours %v", v.rule, got.Ours)
			}
			v.rule = ""
		}
		if v.rule != "" {
			t.Errorf("%s is not open", v.rule)
		}
	}
}
