package policy

import (
	"fmt"
	"strconv"
	"strings"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
)

// condition is a word that a rule may ask for in `when`.
type condition struct {
	unmet   func(f *finding) string // the reason why the obligation does not exist; "" when the condition holds
	explain func(f *finding) (because, change string)
}

func conditions() map[string]condition {
	needs := func(why string, holds func(*finding) bool, explain func(*finding) (string, string)) condition {
		return condition{func(f *finding) string {
			if holds(f) {
				return ""
			}
			return why
		}, explain}
	}
	heldOn := func(text string, day func(c *caseOn) calendar.Day, change string) func(*finding) (string, string) {
		return func(f *finding) (string, string) { return text + dayText(day(f.c)), change }
	}
	return map[string]condition{
		"no_discussion_held": needs(Met, func(f *finding) bool { return f.c.lastDiscussion == 0 },
			heldOn("an interview or discussion was held on ", func(c *caseOn) calendar.Day { return c.lastDiscussion },
				"a new job search")),
		"discussion_held": needs(NotYet, func(f *finding) bool { return f.c.lastDiscussion != 0 },
			sentences("no interview or discussion has been held in this job search", "the first one held")),
		"initial_interview_held": needs(NotYet, func(f *finding) bool { return f.c.initialInterview != 0 },
			sentences("no initial interview has been held in this job search", "an initial interview held")),
		"no_initial_interview_held": needs(Met, func(f *finding) bool { return f.c.initialInterview == 0 },
			heldOn("the initial interview was held on ", func(c *caseOn) calendar.Day { return c.initialInterview },
				"a new job search")),
		"not_resumed": needs(SkippedBySixMonths, func(f *finding) bool { return !f.c.resumed(f.p) },
			func(f *finding) (string, string) {
				return "the job search that ended on " + dayText(f.c.seeker.PreviousJobSearchEnded) + " was resumed within " +
					intervalText(f.p.resumed), "a new job search"
			}),
		"unemployed": needs(OtherStatus, func(f *finding) bool { return f.c.seeker.Status == caseload.Unemployed },
			func(f *finding) (string, string) {
				return "the rule is for the unemployed, and the status is " + plain(f.c.seeker.Status), "status unemployed"
			}),
		"not_notified": needs(Met, func(f *finding) bool { return f.t == nil || f.t.NotifiedOn == 0 },
			func(f *finding) (string, string) {
				return "the decision was notified" + onDay(f.t.NotifiedOn), "nothing"
			}),
		"due_in_window": needs(OutsideWindow, func(f *finding) bool {
			end, _ := f.p.Days.After(f.c.initialInterview, f.window)
			return f.o.DueStrict >= f.c.initialInterview && f.o.DueStrict <= end
		}, sentences("its due day lies outside the window after the initial interview", "another initial interview")),
	}
}

// fewerThan gives the condition "fewer_than n in_window" or "fewer_than n in_month".
func fewerThan(n int, place string) condition {
	return condition{
		func(f *finding) string {
			from, to := f.counted(place)
			if f.c.supplementaryBetween(from, to) >= n {
				return Met
			}
			return ""
		},
		func(*finding) (because, change string) {
			if place == inWindow {
				return fmt.Sprintf("%d supplementary discussions were held in the window after the initial interview, and no more "+
					"are asked for", n), "another initial interview"
			}
			if n == 1 {
				return "a supplementary discussion was held in the month", "the next such month, 6 months later"
			}
			return fmt.Sprintf("%d supplementary discussions were held in the month", n), "the next such month, 6 months later"
		},
	}
}

const inWindow, inMonth = "in_window", "in_month"

// counted gives the days in which supplementary discussions are counted, both inclusive: the rule's window from the
// initial interview, or the month from the anchor.
func (f *finding) counted(place string) (from, to calendar.Day) {
	if place == inWindow {
		to, _ = f.p.Days.After(f.c.initialInterview, f.window)
		return f.c.initialInterview, to
	}
	return f.o.Anchor, f.o.Anchor.AddMonths(1)
}

// parseFewerThan reads "fewer_than 5 in_window"; n is 0 when it is not a number.
func parseFewerThan(word string) (n int, place string, ok bool) {
	rest, ok := strings.CutPrefix(word, "fewer_than ")
	number, place, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(number)
	if err != nil {
		n = 0
	}
	return n, place, ok
}

func parseCondition(word string) (condition, error) {
	if n, place, ok := parseFewerThan(word); ok {
		if n > 0 && (place == inWindow || place == inMonth) {
			return fewerThan(n, place), nil
		}
		return condition{}, fmt.Errorf("%q is not like \"fewer_than 5 in_window\" or \"fewer_than 1 in_month\"", word)
	}
	known := conditions()
	if c, ok := known[word]; ok {
		return c, nil
	}
	return condition{}, fmt.Errorf("no such condition %q; there are: %s, fewer_than N in_window, fewer_than N in_month",
		word, joinKeys(known))
}

// parseDue reads "5 working_days after", "10 working_days before" or "supplementary_weeks after" (the weeks agreed with
// the seeker). The function sets the due days of a finding, and is false when no weeks are agreed.
func parseDue(text string) (func(*finding) bool, error) {
	if text == "supplementary_weeks after" {
		return func(f *finding) bool {
			weeks := f.c.seeker.SupplementaryWeeks
			if weeks <= 0 {
				return false
			}
			f.o.DueStrict, f.o.Due = f.p.Days.After(f.o.Anchor, calendar.Interval{N: weeks, Unit: calendar.Weeks})
			return true
		}, nil
	}
	cut := max(0, strings.LastIndexByte(text, ' '))
	interval, err := calendar.ParseInterval(text[:cut])
	if err != nil {
		return nil, fmt.Errorf("%q is not like \"5 working_days after\", \"10 working_days before\" or "+
			"\"supplementary_weeks after\"", text)
	}
	switch strings.TrimSpace(text[cut:]) {
	case "after":
		return func(f *finding) bool {
			f.o.DueStrict, f.o.Due = f.p.Days.After(f.o.Anchor, interval)
			return true
		}, nil
	case "before":
		return func(f *finding) bool {
			f.o.DueStrict = f.p.Days.Before(f.o.Anchor, interval)
			f.o.Due = f.o.DueStrict
			return true
		}, nil
	}
	return nil, fmt.Errorf("%q ends neither in \"after\" nor in \"before\"", text)
}
