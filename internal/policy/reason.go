package policy

import (
	"slices"
	"strings"

	"vireilla/internal/caseload"
)

// reason explains why there is no obligation ("" when there is one), and what would change that.
func (f *finding) reason() (because, change string) {
	switch {
	case f.why == "":
		return "", f.endedBy()
	case f.t == nil && f.c.closed() != "":
		return f.closedReason()
	case f.why == OtherEra:
		return "the rule belongs to other years", "nothing"
	case f.t != nil && !slices.Contains(f.States, f.t.State):
		return f.stateReason()
	case f.o.Anchor == 0:
		return f.anchor.missing(f)
	case f.o.Due == 0:
		return "no weeks between supplementary discussions are agreed with this person", "such a number of weeks"
	}
	for _, c := range f.when {
		if c.unmet(f) != "" {
			return c.explain(f)
		}
	}
	return f.why, "another case"
}

// endedBy says what would end an obligation.
func (f *finding) endedBy() string {
	switch {
	case f.Owner == "seeker":
		return "the seeker's answer to the request for clarification"
	case f.Name == "notify_decision":
		return "the decision being notified"
	case f.t != nil:
		return "a decision, or another state of the case"
	case f.Name == "initial_interview":
		return "an initial interview held, or the end of the job search"
	case f.Name == "periodic_interview" || f.Name == "job_search_discussion":
		return "an interview or job search discussion held, or the end of the job search"
	}
	return "a discussion held, or the end of the job search"
}

func (f *finding) closedReason() (because, change string) {
	switch f.why {
	case JobSearchEnded:
		return "the job search ended on " + dayText(f.c.seeker.JobSearchEnded), "a new job search"
	case InService:
		return "the person is in a service", "another status"
	case Employed:
		return "the person has work", "another status"
	}
	return "no job search has started", "a job search"
}

// stateReason explains why the rule asks for nothing in the state of a training case.
func (f *finding) stateReason() (because, change string) {
	switch {
	case f.why == Withdrawn:
		return "the application was withdrawn", "nothing"
	case f.Anchor == "clarification_due" && f.why == Met:
		return "the clarification that was asked for is no longer awaited", "another request for clarification"
	case f.Anchor == "clarification_due":
		return "no clarification has been asked for", "a request for clarification"
	case f.why == Met && decided(f.States[0]) > 0:
		return "the decision was notified" + onDay(f.t.NotifiedOn), "nothing"
	case f.why == Met:
		return "the case was decided" + onDay(f.t.DecidedOn), "nothing"
	case decided(f.States[0]) > 0:
		return "there is no decision yet", "a decision"
	case f.t.State == caseload.ClarificationRequested:
		return "a clarification is awaited from the seeker, and the time does not run meanwhile", "the clarification"
	}
	return "the case is in state " + plain(f.t.State), "one of the states " + plain(strings.Join(f.States, ", "))
}
