package policy

import (
	"fmt"
	"slices"
	"strings"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
)

// finding is what a rule found in a case, to be told to people.
type finding struct {
	p *Policy
	*step
	v   *view
	t   *caseload.Training // nil for contact rules
	o   *Obligation
	why string
}

// concerns says whether the rule can ask anything of the person at all: an anchor that is not there yet comes on the day asked about at the earliest.
func (f *finding) concerns() bool {
	if len(f.rule.Eras) == 0 || f.o.Anchor != 0 || f.v.closed() != "" {
		return f.why != OtherEra
	}
	anchor := f.v.day
	if f.rule.Anchor == "intensive_month" {
		anchor = max(anchor, f.v.nextIntensiveMonth())
	}
	era, _ := f.p.EraOf(anchor)
	return slices.Contains(f.rule.Eras, era.Name)
}

// anchored says what happened on the anchor.
func (f *finding) anchored() string {
	v := f.v
	switch f.rule.Anchor {
	case "job_search_started":
		return "the job search started on"
	case "last_discussion":
		return "the last interview or discussion was held on"
	case "last_interview_or_unemployment":
		if v.seeker.UnemploymentStarted > v.lastInterview {
			return "unemployment started on"
		}
		return "the last interview was held on"
	case "last_interview_or_resumed_search":
		if v.lastInterview == 0 {
			return "the job search was resumed on"
		}
		return "the last interview was held on"
	case "intensive_month":
		return "the intensive month after the initial interview on " + spoken(v.initialInterview) + " began on"
	case "information_complete_on":
		return "the information was complete on"
	case "clarification_due":
		return "the clarification is asked for by"
	case "study_starts_on":
		return "the studies start on"
	case "decided_on":
		return "the decision was made on"
	}
	return plain(f.rule.Anchor) + " is"
}

// held tells what was held in the stretch of time that the rule looks at.
func (f *finding) held() []string {
	for _, word := range f.rule.When {
		n, place, counts := countedWord(word)
		if !counts || f.v.initialInterview == 0 {
			continue
		}
		from, to, what := f.o.Anchor, f.o.Anchor.AddMonths(1), "month"
		if place == "in_window" {
			from, what = f.v.initialInterview, "window of "+written(f.window)+" from the initial interview"
			to, _ = f.p.Days.After(from, f.window)
		}
		return []string{fmt.Sprintf("held in the %s, %s to %s: %d supplementary; asked for while fewer than %d are", what, spoken(from), spoken(to), f.v.supplementaryBetween(from, to), n)}
	}
	return nil
}

// reason says why there is no obligation, "" when there is one, and what would change it.
func (f *finding) reason() (because, change string) {
	switch {
	case f.why == "":
		return "", f.doing()
	case f.t == nil && f.v.closed() != "":
		return f.closed()
	case f.why == OtherEra:
		return "the rule belongs to other years", "nothing"
	case f.t != nil && !slices.Contains(f.rule.States, f.t.State):
		return f.ofState()
	case f.o.Anchor == 0:
		return f.unanchored()
	case f.o.Due == 0:
		return "no weeks between supplementary discussions are agreed with this person", "such a number of weeks"
	}
	for i, holds := range f.when {
		if holds(f.p, f.step, f.v, f.t, f.o) != "" {
			return f.unmet(f.rule.When[i])
		}
	}
	return f.why, "another case"
}

// doing says what would end an obligation.
func (f *finding) doing() string {
	switch {
	case f.rule.Owner == "seeker":
		return "the seeker's answer to the request for clarification"
	case f.rule.Name == "notify_decision":
		return "the decision being notified"
	case f.t != nil:
		return "a decision, or another state of the case"
	case f.rule.Name == "initial_interview":
		return "an initial interview held, or the end of the job search"
	case f.rule.Name == "periodic_interview" || f.rule.Name == "job_search_discussion":
		return "an interview or job search discussion held, or the end of the job search"
	}
	return "a discussion held, or the end of the job search"
}

func (f *finding) closed() (because, change string) {
	switch f.why {
	case JobSearchEnded:
		return "the job search ended on " + spoken(f.v.seeker.JobSearchEnded), "a new job search"
	case InService:
		return "the person is in a service", "another status"
	case Employed:
		return "the person has work", "another status"
	}
	return "no job search has started", "a job search"
}

// ofState speaks of a training case in a state in which the rule asks nothing.
func (f *finding) ofState() (because, change string) {
	switch {
	case f.why == Withdrawn:
		return "the application was withdrawn", "nothing"
	case f.rule.Anchor == "clarification_due" && f.why == Met:
		return "the clarification that was asked for is no longer awaited", "another request for clarification"
	case f.rule.Anchor == "clarification_due":
		return "no clarification has been asked for", "a request for clarification"
	case f.why == Met && decided(f.rule.States[0]) > 0:
		return "the decision was notified" + perhapsOn(f.t.NotifiedOn), "nothing"
	case f.why == Met:
		return "the case was decided" + perhapsOn(f.t.DecidedOn), "nothing"
	case decided(f.rule.States[0]) > 0:
		return "there is no decision yet", "a decision"
	case f.t.State == caseload.ClarificationRequested:
		return "a clarification is awaited from the seeker, and the time does not run meanwhile", "the clarification"
	}
	return "the case is in state " + plain(f.t.State), "one of the states " + plain(strings.Join(f.rule.States, ", "))
}

// unanchored speaks of a rule that has no day to count from yet.
func (f *finding) unanchored() (because, change string) {
	v := f.v
	switch f.rule.Anchor {
	case "last_discussion":
		return "no interview or discussion has been held in this job search", "the first one held"
	case "last_interview_or_unemployment":
		return "no interview has been held in this job search, and no day is known on which unemployment started", "the first interview held"
	case "last_interview_or_resumed_search":
		return "no interview has been held in this job search", "the first interview held"
	case "intensive_month":
		if v.initialInterview == 0 {
			return "no initial interview has been held in this job search", "an initial interview held"
		}
		return "the next intensive month begins on " + spoken(v.nextIntensiveMonth()) + ", counted in half-years from the initial interview on " + spoken(v.initialInterview), "that day"
	case "information_complete_on":
		return "it is not known when the information was complete", "the information being complete"
	case "clarification_due":
		return "no day is set for the clarification", "such a day"
	case "study_starts_on":
		return "it is not known when the studies start", "the day on which they start"
	}
	return "it is not known when the decision was made", "the day of the decision"
}

// unmet speaks of a condition of the rule that does not hold.
func (f *finding) unmet(word string) (because, change string) {
	v := f.v
	switch word {
	case "no_discussion_held":
		return "an interview or discussion was held on " + spoken(v.lastDiscussion), "a new job search"
	case "discussion_held":
		return "no interview or discussion has been held in this job search", "the first one held"
	case "initial_interview_held":
		return "no initial interview has been held in this job search", "an initial interview held"
	case "no_initial_interview_held":
		return "the initial interview was held on " + spoken(v.initialInterview), "a new job search"
	case "not_resumed":
		return "the job search that ended on " + spoken(v.seeker.PreviousJobSearchEnded) + " was resumed within " + written(f.p.resumed), "a new job search"
	case "unemployed":
		return "the rule is for the unemployed, and the status is " + plain(v.seeker.Status), "status unemployed"
	case "not_notified":
		return "the decision was notified" + perhapsOn(f.t.NotifiedOn), "nothing"
	case "due_in_window":
		return "its due day lies outside the window after the initial interview", "another initial interview"
	}
	n, place, _ := countedWord(word)
	if place == "in_window" {
		return fmt.Sprintf("%d supplementary discussions were held in the window after the initial interview, and no more are asked for", n), "another initial interview"
	}
	if n == 1 {
		return "a supplementary discussion was held in the month", "the next such month, 6 months later"
	}
	return fmt.Sprintf("%d supplementary discussions were held in the month", n), "the next such month, 6 months later"
}

func perhapsOn(d calendar.Day) string {
	if d == 0 {
		return ""
	}
	return " on " + spoken(d)
}

func plain(word string) string { return strings.ReplaceAll(word, "_", " ") }
