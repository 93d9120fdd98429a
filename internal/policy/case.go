package policy

import (
	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
)

// view is a case as seen from a day, with what the rules ask about it found once.
type view struct {
	day              calendar.Day
	seeker           caseload.Seeker
	lastInterview    calendar.Day // initial, periodic, job search discussion
	lastDiscussion   calendar.Day // an interview or a supplementary discussion
	initialInterview calendar.Day // the last one
	supplementary    []calendar.Day
}

// look keeps the held contacts of the current job search up to the day; attempts, calls and letters never count.
func look(c caseload.Case, day calendar.Day) view {
	v := view{day: day, seeker: c.Seeker.On(day)}
	if v.seeker.JobSearchStarted == 0 {
		return v
	}
	for i := range c.Contacts {
		held := c.Contacts[i].HeldOn
		if held > day || held < v.seeker.JobSearchStarted {
			continue
		}
		switch c.Contacts[i].Kind {
		case caseload.SupplementaryDiscussion:
			v.supplementary = append(v.supplementary, held)
		case caseload.InitialInterview:
			v.initialInterview = max(v.initialInterview, held)
			v.lastInterview = max(v.lastInterview, held)
		case caseload.PeriodicInterview, caseload.JobSearchDiscussion:
			v.lastInterview = max(v.lastInterview, held)
		default:
			continue
		}
		v.lastDiscussion = max(v.lastDiscussion, held)
	}
	return v
}

// closed says why contacts are not asked for at all, or "".
func (v *view) closed() string {
	switch {
	case v.seeker.JobSearchStarted == 0:
		return NotYet
	case v.seeker.JobSearchEnded != 0:
		return JobSearchEnded
	case v.seeker.Status == caseload.InService:
		return InService
	case v.seeker.Status == caseload.Employed:
		return Employed
	}
	return ""
}

// resumed says whether the search began within the policy's time after the previous one ended, so that no new initial interview is needed.
func (v *view) resumed(p *Policy) bool {
	previous := v.seeker.PreviousJobSearchEnded
	if previous == 0 || previous > v.seeker.JobSearchStarted {
		return false
	}
	limit, _ := p.Days.After(previous, p.resumed)
	return limit >= v.seeker.JobSearchStarted
}

// supplementaryBetween counts supplementary discussions, both days inclusive.
func (v *view) supplementaryBetween(from, to calendar.Day) int {
	n := 0
	for _, d := range v.supplementary {
		if d >= from && d <= to {
			n++
		}
	}
	return n
}

// intensiveMonth gives the first day of the intensive month that the day lies in: initial interview + 6·k months, and the month
// from it, both inclusive; 0 outside of one.
func (v *view) intensiveMonth() calendar.Day {
	for k := 1; v.initialInterview != 0; k++ {
		from := v.initialInterview.AddMonths(6 * k)
		if from > v.day {
			break
		}
		if v.day <= from.AddMonths(1) {
			return from
		}
	}
	return 0
}

// nextIntensiveMonth gives the first day of the first one after the day; 0 without an initial interview.
func (v *view) nextIntensiveMonth() calendar.Day {
	if v.initialInterview == 0 {
		return 0
	}
	k := 1
	for v.initialInterview.AddMonths(6*k) <= v.day {
		k++
	}
	return v.initialInterview.AddMonths(6 * k)
}
