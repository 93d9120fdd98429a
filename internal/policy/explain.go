package policy

import (
	"fmt"
	"slices"
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
	Ours    bool     `json:"ours"`    // the office set the day; no law does
	Steps   []string `json:"steps"`
	Change  string   `json:"change"` // what would change it
}

// NoContactReason gives the reason why no contact is due for a case on a day, or SkippedBySixMonths when only the first
// one is missing because the job search is resumed; "" when neither is so.
func (p *Policy) NoContactReason(c caseload.Case, day calendar.Day) string {
	seen := newCaseOn(c, day)
	if why := seen.closed(); why != "" {
		return why
	}
	why := Met
	p.evaluate(c, day, func(f *finding) {
		if len(f.Kinds) == 0 && why != SkippedBySixMonths && (f.why == "" || f.why == SkippedBySixMonths) {
			why = f.why
		}
	})
	return why
}

// Explain gives what every rule says of a case on a day, in the order of the policy, rules of other eras included.
func (p *Policy) Explain(c caseload.Case, day calendar.Day) []Verdict {
	var verdicts []Verdict
	p.evaluate(c, day, func(f *finding) {
		open := f.why == ""
		if !f.applies() {
			f.why = OtherEra
		}
		v := Verdict{Obligation: f.o, Open: open, Why: f.why, Ours: f.Ours, Steps: f.steps()}
		if v.Because, v.Change = f.reason(); open {
			v.Steps = append(v.Steps, p.stageText(f.o, day))
		}
		verdicts = append(verdicts, v)
	})
	return verdicts
}

// applies says whether the rule can ask anything of the person at all. An anchor that is still missing comes on the day
// asked about at the earliest.
func (f *finding) applies() bool {
	if len(f.Eras) == 0 || f.o.Anchor != 0 || f.c.closed() != "" {
		return f.why != OtherEra
	}
	anchor := f.c.day
	if f.Anchor == "intensive_month" {
		anchor = max(anchor, f.c.nextIntensiveMonth())
	}
	era, _ := f.p.EraOf(anchor)
	return slices.Contains(f.Eras, era.Name)
}

// steps explains how the due day follows from the anchor, and what was held already where that matters.
func (f *finding) steps() []string {
	steps := []string{}
	if f.o.Anchor != 0 {
		era := ""
		if f.o.Era != "" {
			era = " (era " + f.o.Era + ")"
		}
		steps = append(steps, "counted from: "+f.anchor.text(f)+" "+dayText(f.o.Anchor)+era)
	}
	if f.o.Due == 0 {
		return steps
	}
	return append(append(steps, f.countingText()...), f.heldText()...)
}

func (f *finding) countingText() []string {
	days, o := f.p.Days, &f.o
	steps := []string{"due day: " + f.dueText() + dayText(o.DueStrict)}
	if strings.Contains(f.Due, string(calendar.WorkingDays)) {
		step, from, to := calendar.Day(1), o.Anchor, o.DueStrict
		if to < from {
			step = -1
		}
		var counted, left []string
		for d := from + step; ; d += step {
			if days.Counts(d) {
				counted = append(counted, d.String()[5:])
			} else if days.Closed(d) {
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
		steps = append(steps, fmt.Sprintf("rolled: %s is no working day, so it ends on %s (Act 150/1930, section 5)",
			dayText(o.DueStrict), dayText(o.Due)))
	}
	return steps
}

// dueText writes how long after or before the anchor something is due: "3 months after that is ".
func (f *finding) dueText() string {
	text, word := f.Due, "after"
	if cut, before := strings.CutSuffix(text, " before"); before {
		text, word = cut, "before"
	}
	i, err := calendar.ParseInterval(strings.TrimSuffix(text, " after"))
	if err != nil { // the weeks agreed with the seeker
		i = calendar.Interval{N: f.c.seeker.SupplementaryWeeks, Unit: calendar.Weeks}
	}
	if i.N == 0 {
		return "that day itself, "
	}
	return fmt.Sprintf("%s %s that is ", intervalText(i), word)
}

// heldText says what was held in the days in which the rule counts supplementary discussions.
func (f *finding) heldText() []string {
	for _, word := range f.When {
		n, place, counts := parseFewerThan(word)
		if !counts || f.c.initialInterview == 0 {
			continue
		}
		what := "month"
		if place == inWindow {
			what = "window of " + intervalText(f.window) + " from the initial interview"
		}
		from, to := f.counted(place)
		return []string{fmt.Sprintf("held in the %s, %s to %s: %d supplementary; asked for while fewer than %d are",
			what, dayText(from), dayText(to), f.c.supplementaryBetween(from, to), n)}
	}
	return nil
}

func (p *Policy) stageText(o Obligation, day calendar.Day) string {
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

// intervalText writes "1 months" as "1 month", and "5 working_days" as "5 working days".
func intervalText(i calendar.Interval) string {
	text := plain(i.String())
	if i.N == 1 {
		text = strings.TrimSuffix(text, "s")
	}
	return text
}

// dayText writes a day as "Mon 2024-03-04".
func dayText(d calendar.Day) string { return d.Weekday().String()[:3] + " " + d.String() }

func onDay(d calendar.Day) string {
	if d == 0 {
		return ""
	}
	return " on " + dayText(d)
}

func plain(word string) string { return strings.ReplaceAll(word, "_", " ") }
