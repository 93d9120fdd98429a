package policy

import (
	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
)

// caseOn is a case as seen from a day, with what the rules ask about it found once.
type caseOn struct {
	day              calendar.Day
	seeker           caseload.Seeker
	lastInterview    calendar.Day // initial, periodic, job search discussion
	lastDiscussion   calendar.Day // an interview or a supplementary discussion
	initialInterview calendar.Day // the last one
	supplementary    []calendar.Day
}

// newCaseOn keeps the contacts of the current job search that were held by the day; attempts, calls and letters never
// count.
func newCaseOn(raw caseload.Case, day calendar.Day) caseOn {
	c := caseOn{day: day, seeker: raw.Seeker.On(day)}
	if c.seeker.JobSearchStarted == 0 {
		return c
	}
	for i := range raw.Contacts {
		held := raw.Contacts[i].HeldOn
		if held > day || held < c.seeker.JobSearchStarted {
			continue
		}
		switch raw.Contacts[i].Kind {
		case caseload.SupplementaryDiscussion:
			c.supplementary = append(c.supplementary, held)
		case caseload.InitialInterview:
			c.initialInterview = max(c.initialInterview, held)
			c.lastInterview = max(c.lastInterview, held)
		case caseload.PeriodicInterview, caseload.JobSearchDiscussion:
			c.lastInterview = max(c.lastInterview, held)
		default:
			continue
		}
		c.lastDiscussion = max(c.lastDiscussion, held)
	}
	return c
}

// closed gives the reason why no contacts are due at all, or "".
func (c *caseOn) closed() string {
	switch {
	case c.seeker.JobSearchStarted == 0:
		return NotYet
	case c.seeker.JobSearchEnded != 0:
		return JobSearchEnded
	case c.seeker.Status == caseload.InService:
		return InService
	case c.seeker.Status == caseload.Employed:
		return Employed
	}
	return ""
}

// resumed says whether the search began within the policy's time after the previous one ended, so that no new initial
// interview is needed.
func (c *caseOn) resumed(p *Policy) bool {
	previous := c.seeker.PreviousJobSearchEnded
	if previous == 0 || previous > c.seeker.JobSearchStarted {
		return false
	}
	limit, _ := p.Days.After(previous, p.resumed)
	return limit >= c.seeker.JobSearchStarted
}

// supplementaryBetween counts supplementary discussions, both days inclusive.
func (c *caseOn) supplementaryBetween(from, to calendar.Day) int {
	n := 0
	for _, d := range c.supplementary {
		if d >= from && d <= to {
			n++
		}
	}
	return n
}

// intensiveMonth gives the first day of the intensive month that the day lies in: initial interview + 6·k months, and
// the month from it, both inclusive; 0 outside of one.
func (c *caseOn) intensiveMonth() calendar.Day {
	for k := 1; c.initialInterview != 0; k++ {
		from := c.initialInterview.AddMonths(6 * k)
		if from > c.day {
			break
		}
		if c.day <= from.AddMonths(1) {
			return from
		}
	}
	return 0
}

// nextIntensiveMonth gives the first day of the first intensive month after the day; 0 without an initial interview.
func (c *caseOn) nextIntensiveMonth() calendar.Day {
	if c.initialInterview == 0 {
		return 0
	}
	k := 1
	for c.initialInterview.AddMonths(6*k) <= c.day {
		k++
	}
	return c.initialInterview.AddMonths(6 * k)
}
