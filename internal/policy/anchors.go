package policy

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
)

// step is a rule with its words resolved to code.
type step struct {
	rule   *Rule
	anchor anchor
	due    func(*Policy, *view, *Obligation) bool // false: the seeker has no such interval
	window calendar.Interval
	when   []condition
}

type anchor func(*Policy, *view, *caseload.Training) calendar.Day

// condition says why the obligation does not exist, or "".
type condition func(*Policy, *step, *view, *caseload.Training, *Obligation) string

// The words a policy file may use.
func contactAnchors() map[string]anchor {
	return map[string]anchor{
		"job_search_started": func(_ *Policy, v *view, _ *caseload.Training) calendar.Day { return v.seeker.JobSearchStarted },
		"last_discussion":    func(_ *Policy, v *view, _ *caseload.Training) calendar.Day { return v.lastDiscussion },
		"last_interview_or_unemployment": func(_ *Policy, v *view, _ *caseload.Training) calendar.Day {
			return max(v.lastInterview, v.seeker.UnemploymentStarted)
		},
		"last_interview_or_resumed_search": func(p *Policy, v *view, _ *caseload.Training) calendar.Day {
			if v.lastInterview == 0 && v.resumed(p) {
				return v.seeker.JobSearchStarted
			}
			return v.lastInterview
		},
		"intensive_month": func(_ *Policy, v *view, _ *caseload.Training) calendar.Day { return v.intensiveMonth() },
	}
}

func trainingAnchors() map[string]anchor {
	return map[string]anchor{
		"information_complete_on": func(_ *Policy, _ *view, t *caseload.Training) calendar.Day { return t.InformationCompleteOn },
		"clarification_due":       func(_ *Policy, _ *view, t *caseload.Training) calendar.Day { return t.ClarificationDue },
		"study_starts_on":         func(_ *Policy, _ *view, t *caseload.Training) calendar.Day { return t.StudyStartsOn },
		"decided_on":              func(_ *Policy, _ *view, t *caseload.Training) calendar.Day { return t.DecidedOn },
	}
}

func conditions() map[string]condition {
	asks := func(why string, holds func(*Policy, *view) bool) condition {
		return func(p *Policy, _ *step, v *view, _ *caseload.Training, _ *Obligation) string {
			if holds(p, v) {
				return ""
			}
			return why
		}
	}
	return map[string]condition{
		"no_discussion_held":        asks(Met, func(_ *Policy, v *view) bool { return v.lastDiscussion == 0 }),
		"discussion_held":           asks(NotYet, func(_ *Policy, v *view) bool { return v.lastDiscussion != 0 }),
		"initial_interview_held":    asks(NotYet, func(_ *Policy, v *view) bool { return v.initialInterview != 0 }),
		"no_initial_interview_held": asks(Met, func(_ *Policy, v *view) bool { return v.initialInterview == 0 }),
		"not_resumed":               asks(SkippedBySixMonths, func(p *Policy, v *view) bool { return !v.resumed(p) }),
		"unemployed":                asks(OtherStatus, func(_ *Policy, v *view) bool { return v.seeker.Status == caseload.Unemployed }),
		"not_notified": func(_ *Policy, _ *step, _ *view, t *caseload.Training, _ *Obligation) string {
			if t != nil && t.NotifiedOn != 0 {
				return Met
			}
			return ""
		},
		"due_in_window": func(p *Policy, s *step, v *view, _ *caseload.Training, o *Obligation) string {
			if end, _ := p.Days.After(v.initialInterview, s.window); o.DueStrict < v.initialInterview || o.DueStrict > end {
				return OutsideWindow
			}
			return ""
		},
	}
}

// counted conditions: "fewer_than 5 in_window".
func counted(n int, place string) (condition, bool) {
	enough := func(held int) string {
		if held >= n {
			return Met
		}
		return ""
	}
	switch place {
	case "in_window": // of the initial interview
		return func(p *Policy, s *step, v *view, _ *caseload.Training, _ *Obligation) string {
			end, _ := p.Days.After(v.initialInterview, s.window)
			return enough(v.supplementaryBetween(v.initialInterview, end))
		}, true
	case "in_month": // from the anchor
		return func(_ *Policy, _ *step, v *view, _ *caseload.Training, o *Obligation) string {
			return enough(v.supplementaryBetween(o.Anchor, o.Anchor.AddMonths(1)))
		}, true
	}
	return nil, false
}

// countedWord reads "fewer_than 5 in_window"; a number that is none is 0.
func countedWord(word string) (n int, place string, ok bool) {
	rest, ok := strings.CutPrefix(word, "fewer_than ")
	number, place, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(number)
	if err != nil {
		n = 0
	}
	return n, place, ok
}

func parseCondition(word string) (condition, error) {
	if n, place, ok := countedWord(word); ok {
		if c, known := counted(n, place); known && n > 0 {
			return c, nil
		}
		return nil, fmt.Errorf("%q is not like \"fewer_than 5 in_window\" or \"fewer_than 1 in_month\"", word)
	}
	known := conditions()
	if c, ok := known[word]; ok {
		return c, nil
	}
	return nil, fmt.Errorf("no such condition %q; there are: %s, fewer_than N in_window, fewer_than N in_month", word, words(known))
}

// parseDue reads "5 working_days after", "10 working_days before" or "supplementary_weeks after".
func parseDue(text string) (func(*Policy, *view, *Obligation) bool, error) {
	if text == "supplementary_weeks after" {
		return func(p *Policy, v *view, o *Obligation) bool {
			if v.seeker.SupplementaryWeeks <= 0 {
				return false
			}
			o.DueStrict, o.Due = p.Days.After(o.Anchor, calendar.Interval{N: v.seeker.SupplementaryWeeks, Unit: calendar.Weeks})
			return true
		}, nil
	}
	cut := strings.LastIndexByte(text, ' ')
	if cut < 0 {
		cut = 0
	}
	interval, err := calendar.ParseInterval(text[:cut])
	if err != nil {
		return nil, fmt.Errorf("%q is not like \"5 working_days after\", \"10 working_days before\" or \"supplementary_weeks after\"", text)
	}
	switch strings.TrimSpace(text[cut:]) {
	case "after":
		return func(p *Policy, _ *view, o *Obligation) bool {
			o.DueStrict, o.Due = p.Days.After(o.Anchor, interval)
			return true
		}, nil
	case "before":
		return func(p *Policy, _ *view, o *Obligation) bool {
			o.DueStrict = p.Days.Before(o.Anchor, interval)
			o.Due = o.DueStrict
			return true
		}, nil
	}
	return nil, fmt.Errorf("%q ends neither in \"after\" nor in \"before\"", text)
}

// Words lists what a policy file may say where it does not name things of its own, a line each: what it is, and the words.
func Words() [][2]string {
	return [][2]string{
		{"rule", strings.Join(ruleNames, ", ")},
		{"anchor of a contact rule", words(contactAnchors())},
		{"anchor of a training rule", words(trainingAnchors())},
		{"due", "N working_days after, N days after, N weeks after, N months after, the same with before, supplementary_weeks after"},
		{"when", words(conditions()) + ", fewer_than N in_window, fewer_than N in_month"},
		{"kinds of training", strings.Join(trainingKinds, ", ")},
		{"states of training", strings.Join(trainingStates, ", ")},
		{"owner of a training rule", "handler, seeker"},
		{"letter", strings.Join(letterNames, ", ")},
		{"unsure", "again, hold"},
		{"entry", strings.Join(entryNames, ", ")},
		{"catch_up", "all, latest, none"},
	}
}

func words[V any](m map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(m)), ", ")
}
