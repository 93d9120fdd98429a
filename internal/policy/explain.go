package policy

import (
	"fmt"
	"strings"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
)

// Verdict is what one rule says of a case: the obligation, or why there is none, and the arithmetic step by step.
type Verdict struct {
	Obligation
	Open   bool     `json:"open"`
	Why    string   `json:"why"` // empty when open
	Steps  []string `json:"steps"`
	Change string   `json:"change"` // what would change it
}

// Quiet says why a case has no contact obligation on a day (section 8), or lacks the first one because its search is resumed; "" when neither is so.
func (p *Policy) Quiet(c caseload.Case, day calendar.Day) string {
	v := look(c, day)
	if why := v.closed(); why != "" {
		return why
	}
	why := Met
	p.each(c, day, func(s *step, _ Obligation, w string) {
		switch {
		case len(s.rule.Kinds) > 0 || why == SkippedBySixMonths:
		case w == "" || w == SkippedBySixMonths:
			why = w
		}
	})
	return why
}

// Explain tells what every rule says of a case on a day, in the order of the policy. Rules of another era and without an anchor are told too.
func (p *Policy) Explain(c caseload.Case, day calendar.Day) []Verdict {
	var verdicts []Verdict
	p.each(c, day, func(s *step, o Obligation, why string) {
		v := Verdict{Obligation: o, Open: why == "", Why: why, Change: change(s.rule, why, o)}
		if o.Anchor != 0 {
			v.Steps = append(v.Steps, fmt.Sprintf("anchor: %s is %s, era %s", strings.ReplaceAll(s.rule.Anchor, "_", " "), spoken(o.Anchor), orNone(o.Era)))
		}
		if o.Due != 0 {
			v.Steps = append(v.Steps, p.count(s.rule, o)...)
		}
		if why == "" {
			v.Steps = append(v.Steps, p.ladder(o, day))
		}
		verdicts = append(verdicts, v)
	})
	return verdicts
}

// count tells how the due day follows from the anchor.
func (p *Policy) count(r *Rule, o Obligation) []string {
	steps := []string{fmt.Sprintf("due: %s %s = %s", strings.ReplaceAll(r.Due, "_", " "), o.Anchor, spoken(o.DueStrict))}
	if strings.Contains(r.Due, string(calendar.WorkingDays)) {
		step, from, to := calendar.Day(1), o.Anchor, o.DueStrict
		if to < from {
			step = -1
		}
		var counted, left []string
		for d := from + step; ; d += step {
			if p.Days.Counts(d) {
				counted = append(counted, d.String()[5:])
			} else if p.Days.Closed(d) {
				left = append(left, d.String()[5:])
			}
			if d == to || len(counted) > 70 {
				break
			}
		}
		steps = append(steps, "counted: "+strings.Join(counted, " "))
		if len(left) > 0 {
			steps = append(steps, "closed, not counted: "+strings.Join(left, " "))
		}
	}
	if o.Due != o.DueStrict {
		steps = append(steps, fmt.Sprintf("rolled: %s is no working day, so it ends on %s (Act 150/1930, section 5)", o.DueStrict, spoken(o.Due)))
	}
	return steps
}

func (p *Policy) ladder(o Obligation, day calendar.Day) string {
	days := p.StageDays(o)
	parts := make([]string, 0, Escalated)
	for s := Upcoming; s <= Escalated; s++ {
		parts = append(parts, s.String()+" "+days[s].String())
	}
	stage := "nothing to say yet"
	if o.Stage != NoStage {
		stage = o.Stage.String()
	}
	return fmt.Sprintf("stages: %s; on %s: %s", strings.Join(parts, ", "), day, stage)
}

// change says what would change a verdict.
func change(r *Rule, why string, o Obligation) string {
	switch why {
	case "":
		switch {
		case r.Owner == "seeker":
			return "the seeker's answer to the request for clarification"
		case len(r.Kinds) > 0 && r.Name == "notify_decision":
			return "the decision being notified"
		case len(r.Kinds) > 0:
			return "a decision, or another state of the case"
		case r.Name == "initial_interview":
			return "an initial interview held, or the end of the job search"
		case r.Name == "periodic_interview" || r.Name == "job_search_discussion":
			return "an interview or job search discussion held, or the end of the job search"
		}
		return "a discussion held, or the end of the job search"
	case JobSearchEnded:
		return "a new job search"
	case NotYet:
		return "a job search, and the interview or discussion that must come first"
	case OtherStatus:
		return "status unemployed"
	case InService, Employed:
		return "another status"
	case OtherEra:
		return "nothing: the rule belongs to other years than " + o.Anchor.String()
	case NoAnchor:
		return "the day that the rule counts from (" + strings.ReplaceAll(r.Anchor, "_", " ") + ")"
	}
	return "a new job search, or time"
}

func spoken(d calendar.Day) string { return d.Weekday().String()[:3] + " " + d.String() }

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
