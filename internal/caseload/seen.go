package caseload

import (
	"time"

	"vireilla/internal/calendar"
)

// The methods On and At hide what happens later than a day or an instant, so that a question about a past day gets the
// answer of that day. The feed has no history of coach, status, address and tier: the present values count on every
// day.

// On gives the seeker without the days of the job search that are later than day.
func (s Seeker) On(day calendar.Day) Seeker {
	hide(&s.JobSearchEnded, day)
	hide(&s.UnemploymentStarted, day)
	hide(&s.JobSearchStarted, day)
	return s
}

// On gives the training case as of day, or false when it did not exist yet. Between the decision and its notification
// the state is decided_positive: rules treat both decisions alike.
func (t Training) On(day calendar.Day) (Training, bool) {
	if t.AppliedOn > day {
		return t, false
	}
	hide(&t.InformationCompleteOn, day)
	switch {
	case t.DecidedOn > day:
		t.State, t.DecidedOn, t.NotifiedOn = UnderReview, 0, 0
	case t.NotifiedOn > day:
		t.State, t.NotifiedOn = DecidedPositive, 0
	}
	return t, true
}

// At gives the appointment as of now, or false when it was not booked yet. Until its start a held or missed appointment
// counts as booked.
func (a Appointment) At(now time.Time) (Appointment, bool) {
	if a.BookedAt.After(now) {
		return a, false
	}
	if a.State == Cancelled && a.CancelledAt.After(now) {
		a.State, a.CancelledAt = Booked, time.Time{}
	}
	if (a.State == Held || a.State == Missed) && a.StartsAt.After(now) {
		a.State = Booked
	}
	return a, true
}

func hide(d *calendar.Day, after calendar.Day) {
	if *d > after {
		*d = 0
	}
}
