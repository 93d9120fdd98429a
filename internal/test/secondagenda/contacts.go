package secondagenda

import "time"

// history is what was held in the current job search by the end of the day asked about.
type history struct {
	lastInterview  time.Time
	lastDiscussion time.Time
	lastInitial    time.Time
	supplementary  []time.Time
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// heldBy collects the contacts that count (section 2).
func heldBy(asked, started time.Time, contacts []contact) history {
	var h history
	for _, c := range contacts {
		if c.on.After(asked) || c.on.Before(started) {
			continue
		}
		switch c.kind {
		case "initial_interview":
			h.lastInitial = later(h.lastInitial, c.on)
			h.lastInterview = later(h.lastInterview, c.on)
			h.lastDiscussion = later(h.lastDiscussion, c.on)
		case "periodic_interview", "job_search_discussion":
			h.lastInterview = later(h.lastInterview, c.on)
			h.lastDiscussion = later(h.lastDiscussion, c.on)
		case "supplementary_discussion":
			h.supplementary = append(h.supplementary, c.on)
			h.lastDiscussion = later(h.lastDiscussion, c.on)
		}
	}
	return h
}

// supplementaryWithin counts supplementary discussions from one day to another, both inclusive.
func (h history) supplementaryWithin(from, to time.Time) int {
	n := 0
	for _, day := range h.supplementary {
		if onOrAfter(day, from) && onOrBefore(day, to) {
			n++
		}
	}
	return n
}

// resumed says whether a new job search began within six months of the end of the one before.
func resumed(s seeker) bool {
	if s.previousEnded.IsZero() {
		return false
	}
	return onOrBefore(s.previousEnded, s.started) && onOrAfter(monthsAfter(s.previousEnded, 6), s.started)
}

// contactObligations applies the table of section 4 row by row. The owner is the seeker's coach, before absences are
// applied.
func contactObligations(s seeker, contacts []contact, asked time.Time) []obligation {
	if s.started.IsZero() || s.started.After(asked) {
		return nil
	}
	if !s.ended.IsZero() && onOrBefore(s.ended, asked) {
		return nil
	}
	if s.status == "in_service" || s.status == "employed" {
		return nil
	}
	h := heldBy(asked, s.started, contacts)

	var found []obligation
	add := func(rule, subject string, anchor, strict time.Time) {
		found = append(found, obligation{
			seeker: s.id, rule: rule, subject: subject,
			anchor: anchor, strict: strict, due: rolled(strict), owner: s.coach,
		})
	}

	if eraOf(s.started) == "periodic" && h.lastDiscussion.IsZero() {
		add("first_interview", "", s.started, weeksAfter(s.started, 2))
	}

	if s.status == "unemployed" && !h.lastDiscussion.IsZero() {
		anchor := h.lastInterview
		if onOrBefore(s.unemployed, asked) {
			anchor = later(anchor, s.unemployed)
		}
		if eraOf(anchor) == "periodic" {
			add("periodic_interview", "", anchor, monthsAfter(anchor, 3))
		}
	}

	if h.lastInitial.IsZero() && !resumed(s) {
		switch eraOf(s.started) {
		case "nordic", "municipal":
			add("initial_interview", "", s.started, workingDaysAfter(s.started, 5))
		case "needs_based":
			add("initial_interview", "", s.started, workingDaysAfter(s.started, 10))
		}
	}

	anchor := h.lastInterview
	if anchor.IsZero() && resumed(s) {
		anchor = s.started
	}
	switch eraOf(anchor) {
	case "nordic", "municipal", "needs_based":
		add("job_search_discussion", "", anchor, monthsAfter(anchor, 3))
	}

	switch eraOf(h.lastDiscussion) {
	case "nordic", "municipal":
		if supplementaryDue(h) {
			add("supplementary_discussion", "", h.lastDiscussion, weeksAfter(h.lastDiscussion, 2))
		}
	case "needs_based":
		if s.weeks > 0 {
			add("supplementary_discussion", "", h.lastDiscussion, weeksAfter(h.lastDiscussion, s.weeks))
		}
	}

	if first := intensiveMonth(h, asked); !first.IsZero() {
		end := monthsAfter(first, 1)
		held := h.supplementaryWithin(first, end)
		if held < 1 {
			add("intensive_month", "1", first, weeksAfter(first, 2))
		}
		if held < 2 {
			add("intensive_month", "2", first, end)
		}
	}
	return found
}

// supplementaryDue says whether the two-weekly discussions of the first three months still go on.
func supplementaryDue(h history) bool {
	if h.lastInitial.IsZero() {
		return false
	}
	end := monthsAfter(h.lastInitial, 3)
	strict := weeksAfter(h.lastDiscussion, 2)
	if strict.Before(h.lastInitial) || strict.After(end) {
		return false
	}
	return h.supplementaryWithin(h.lastInitial, end) < 5
}

// intensiveMonth is the first day of the intensive month that the day asked about lies in, or the zero time.
func intensiveMonth(h history, asked time.Time) time.Time {
	if h.lastInitial.IsZero() {
		return time.Time{}
	}
	for k := 1; ; k++ {
		first := monthsAfter(h.lastInitial, 6*k)
		if first.After(asked) {
			return time.Time{}
		}
		if onOrBefore(asked, monthsAfter(first, 1)) {
			if era := eraOf(first); era == "nordic" || era == "municipal" {
				return first
			}
			return time.Time{}
		}
	}
}
