package secondagenda

import "time"

// eraOf names the rule set of an anchor day (section 3); empty before the first one.
func eraOf(anchor time.Time) string {
	switch {
	case onOrAfter(anchor, date(2026, time.January, 1)):
		return "needs_based"
	case onOrAfter(anchor, date(2025, time.January, 1)):
		return "municipal"
	case onOrAfter(anchor, date(2022, time.May, 2)):
		return "nordic"
	case onOrAfter(anchor, date(2017, time.January, 1)):
		return "periodic"
	}
	return ""
}

func basisOf(era string) string {
	switch era {
	case "periodic":
		return "1456/2016"
	case "nordic":
		return "1379/2021"
	case "municipal", "needs_based":
		return "380/2023"
	}
	return ""
}

// ladder gives the working days of a rule's upcoming stage before, and of its escalated stage after the
// deadline (section 6).
func ladder(rule string) (upcoming, escalated int) {
	switch rule {
	case "first_interview", "initial_interview":
		return 3, 3
	case "periodic_interview", "job_search_discussion":
		return 10, 5
	case "supplementary_discussion", "intensive_month":
		return 3, 5
	case "statement":
		return 11, 1
	case "decision_before_start", "selection_result":
		return 10, 2
	case "notify_decision", "clarification":
		return 1, 5
	}
	panic("secondagenda: no ladder for rule " + rule)
}

// stageOn checks the stages in their order, so that of two on one day the later wins.
func stageOn(o obligation, asked time.Time) string {
	upcoming, escalated := ladder(o.rule)
	lastWorkingDay := o.strict
	for !working(lastWorkingDay) {
		lastWorkingDay = lastWorkingDay.AddDate(0, 0, -1)
	}
	stage := ""
	if onOrAfter(asked, workingDaysBefore(o.strict, upcoming)) {
		stage = "upcoming"
	}
	if onOrAfter(asked, lastWorkingDay) {
		stage = "due"
	}
	if onOrAfter(asked, workingDaysAfter(o.due, 1)) {
		stage = "overdue"
	}
	if onOrAfter(asked, workingDaysAfter(o.due, escalated)) {
		stage = "escalated"
	}
	return stage
}
