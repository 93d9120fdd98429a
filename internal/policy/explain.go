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
	Open    bool     `json:"open"`
	Why     string   `json:"why"`     // empty when open
	Because string   `json:"because"` // Why as a sentence about this person
	Ours    bool     `json:"ours"`    // the day is the office's own: no law sets it
	Steps   []string `json:"steps"`
	Change  string   `json:"change"` // what would change it
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

// Explain tells what every rule says of a case on a day, in the order of the policy. Rules of other eras are told too.
func (p *Policy) Explain(c caseload.Case, day calendar.Day) []Verdict {
	v := look(c, day)
	var verdicts []Verdict
	p.each(c, day, func(s *step, o Obligation, why string) {
		f := finding{p: p, step: s, v: &v, o: &o, why: why}
		for i := range c.Training {
			if t, _ := c.Training[i].On(day); len(s.rule.Kinds) > 0 && t.ID == o.Subject {
				f.t = &t
			}
		}
		if !f.concerns() {
			f.why = OtherEra
		}
		verdict := Verdict{Obligation: o, Open: why == "", Why: f.why, Ours: s.rule.Ours, Steps: f.steps()}
		if verdict.Because, verdict.Change = f.reason(); verdict.Open {
			verdict.Steps = append(verdict.Steps, p.ladder(o, day))
		}
		verdicts = append(verdicts, verdict)
	})
	return verdicts
}

// steps tells how the due day follows from the anchor, and what was held already where that matters.
func (f *finding) steps() []string {
	steps := []string{}
	if f.o.Anchor != 0 {
		era := ""
		if f.o.Era != "" {
			era = " (era " + f.o.Era + ")"
		}
		steps = append(steps, "counted from: "+f.anchored()+" "+spoken(f.o.Anchor)+era)
	}
	if f.o.Due == 0 {
		return steps
	}
	return append(append(steps, f.count()...), f.held()...)
}

func (f *finding) count() []string {
	p, o := f.p, f.o
	steps := []string{"due day: " + f.interval() + spoken(o.DueStrict)}
	if strings.Contains(f.rule.Due, string(calendar.WorkingDays)) {
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
		steps = append(steps, fmt.Sprintf("rolled: %s is no working day, so it ends on %s (Act 150/1930, section 5)", spoken(o.DueStrict), spoken(o.Due)))
	}
	return steps
}

// interval writes how long after or before the anchor something is due: "3 months after that is ".
func (f *finding) interval() string {
	text, word := f.rule.Due, "after"
	if cut, before := strings.CutSuffix(text, " before"); before {
		text, word = cut, "before"
	}
	i, err := calendar.ParseInterval(strings.TrimSuffix(text, " after"))
	if err != nil { // the seeker's own
		i = calendar.Interval{N: f.v.seeker.SupplementaryWeeks, Unit: calendar.Weeks}
	}
	if i.N == 0 {
		return "that day itself, "
	}
	return fmt.Sprintf("%s %s that is ", written(i), word)
}

// written writes 1 months as 1 month, and 5 working_days as 5 working days.
func written(i calendar.Interval) string {
	text := strings.ReplaceAll(i.String(), "_", " ")
	if i.N == 1 {
		text = strings.TrimSuffix(text, "s")
	}
	return text
}

func (p *Policy) ladder(o Obligation, day calendar.Day) string {
	days := p.StageDays(o)
	parts := make([]string, 0, Escalated)
	for s := Upcoming; s <= Escalated; s++ {
		parts = append(parts, s.String()+" from "+days[s].String())
	}
	stage := "there is nothing to say yet"
	if o.Stage != NoStage {
		stage = "it is " + o.Stage.String()
	}
	return fmt.Sprintf("stages: %s; on %s %s", strings.Join(parts, ", "), day, stage)
}

func spoken(d calendar.Day) string { return d.Weekday().String()[:3] + " " + d.String() }
