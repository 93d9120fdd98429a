package caseload

import (
	"time"

	"vireilla/internal/calendar"
)

// Seen from a day: what had not happened by the end of that day does not exist yet, so that a past day can be asked about and
// gives the answer of that day. Coach, status, address and tier have no history and count as they stand.

// On gives the seeker as seen from a day.
func (s Seeker) On(day calendar.Day) Seeker {
	hide(&s.JobSearchEnded, day)
	hide(&s.UnemploymentStarted, day)
	hide(&s.JobSearchStarted, day)
	return s
}

// On gives the training case as seen from a day; false when it did not exist yet. After a decision that is not told yet the
// state is decided_positive: which of the two it is makes no difference to what is due.
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

// At gives the appointment as seen at an instant; false when it was not booked yet. What is held or missed later is booked now.
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
