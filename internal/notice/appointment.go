package notice

import (
	"fmt"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
	"vireilla/internal/policy"
)

// Booking is an appointment, whom it is with, and the version that the seeker was last told.
type Booking struct {
	caseload.Appointment
	Seeker     caseload.Seeker
	Suppressed bool // the address bounced
	Told       *ToldBooking
}

// ToldBooking is the version of an appointment that the seeker was told by letter.
type ToldBooking struct {
	StartsAt    time.Time
	Was         time.Time // start in the version before; zero when there was none
	Mode, Place string
	Sequence    int       // of the version, as in RFC 5545 section 3.8.7.4
	At          time.Time // when the letter went out
	Cancelled   bool
}

// matches says whether the seeker was told the appointment as it stands.
func (t *ToldBooking) matches(a caseload.Appointment) bool {
	return t != nil && !t.Cancelled && t.StartsAt.Equal(a.StartsAt) && t.Mode == a.Mode && t.Place == a.Place
}

// Unreachable gives the reason why a seeker gets no e-mail on a day, or "".
func Unreachable(s caseload.Seeker, suppressed bool, day calendar.Day) string {
	ended := s.On(day).JobSearchEnded != 0
	switch {
	case s.Protected:
		return Protected
	case ended:
		return policy.JobSearchEnded
	case s.Email == "":
		return NoAddress
	case s.EmailTier == "none":
		return NoConsent
	case suppressed:
		return SuppressedAddress
	}
	return ""
}

// Appointments plans the letters about appointments that are due by now. wake gives, for each booking, the time at
// which it must be planned again though nothing was imported; the zero time means never.
func Appointments(now time.Time, p *policy.Policy, bookings []Booking) (plan Plan, wake []time.Time) {
	wake = make([]time.Time, len(bookings))
	for i := range bookings {
		a := appointment{Plan: &plan, now: now, p: p, b: &bookings[i], wake: &wake[i]}
		a.plan()
	}
	return plan, wake
}

// appointment is the planning of one booking.
type appointment struct {
	*Plan
	now  time.Time
	p    *policy.Policy
	b    *Booking
	seen caseload.Appointment
	win  window
	why  string // the reason why the seeker gets no e-mail
	wake *time.Time
}

func (a *appointment) plan() {
	seen, exists := a.b.At(a.now)
	a.seen = seen
	day := calendar.DayOf(a.now, a.p.Location)
	a.win = window{a.p, a.p.AuthorityOf(a.b.Seeker.Municipality, day)}
	a.why = Unreachable(a.b.Seeker, a.b.Suppressed, day)
	a.wakeAt(a.b.BookedAt)
	a.wakeAt(a.b.CancelledAt)
	if !exists {
		return
	}
	if seen.State == caseload.Cancelled {
		a.cancelled()
		return
	}
	if seen.State != caseload.Booked || !seen.StartsAt.After(a.now) {
		return
	}
	told := a.current()
	a.remind(told)
}

// current plans the letter about the booking as it stands now, unless the seeker was told so. It gives the time of that
// letter.
func (a *appointment) current() time.Time {
	t := a.b.Told
	if t.matches(a.seen) {
		a.skip(AppointmentBooked, a.seen.SeekerID, a.seen.ID, AlreadyTold)
		return t.At
	}
	letter, sequence := AppointmentBooked, 0
	if t != nil {
		sequence = t.Sequence + 1
		if !t.Cancelled {
			letter = AppointmentChanged
		}
	}
	key := letter + "/" + a.seen.ID + "/" + a.local(a.seen.StartsAt)
	if sequence > 0 {
		key += fmt.Sprintf("/%d", sequence)
	}
	sendAt := a.win.next(a.now)
	a.put(letter, key, sendAt, a.seen.StartsAt)
	return sendAt
}

// remind plans the reminder whose moment has come; told is the time of the letter about the booking as it stands.
func (a *appointment) remind(told time.Time) {
	hours := a.p.ReminderHours(calendar.DayOf(a.seen.StartsAt, a.p.Location))
	for i, h := range hours {
		moment := a.win.earlier(a.seen.StartsAt.Add(-time.Duration(h) * time.Hour))
		tooClose := moment.Before(told.Add(time.Duration(a.p.Appointments.TooCloseHours) * time.Hour))
		key := fmt.Sprintf("%s/%s/%s/%dh", AppointmentReminder, a.seen.ID, a.local(a.seen.StartsAt), h)
		switch {
		case moment.After(a.now):
			a.wakeAt(moment)
			a.skip(AppointmentReminder, a.seen.SeekerID, a.seen.ID, policy.NotYet)
		case a.why != "":
			a.put(AppointmentReminder, key, moment, a.seen.StartsAt)
		case tooClose:
			a.skip(AppointmentReminder, a.seen.SeekerID, a.seen.ID, TooClose)
		case a.nextHasCome(hours[i+1:]):
			a.skip(AppointmentReminder, a.seen.SeekerID, a.seen.ID, Superseded)
		default:
			sendAt := moment
			if next := a.win.next(a.now); next.After(a.now) {
				sendAt = next // the moment was missed, and now lies outside the window
			}
			a.put(AppointmentReminder, key, sendAt, a.seen.StartsAt)
		}
	}
}

func (a *appointment) nextHasCome(hours []int) bool {
	return len(hours) > 0 && !a.win.earlier(a.seen.StartsAt.Add(-time.Duration(hours[0])*time.Hour)).After(a.now)
}

// cancelled plans the letter that cancels what the seeker was told.
func (a *appointment) cancelled() {
	t := a.b.Told
	if t == nil || t.Cancelled || !t.StartsAt.After(a.now) {
		a.skip(AppointmentCancelled, a.seen.SeekerID, a.seen.ID, policy.Met)
		return
	}
	key := fmt.Sprintf("%s/%s/%s/%d", AppointmentCancelled, a.seen.ID, a.local(t.StartsAt), t.Sequence+1)
	a.put(AppointmentCancelled, key, a.win.next(a.now), t.StartsAt)
}

// put plans a letter that must go out before the appointment starts, or the skip that takes its place.
func (a *appointment) put(letter, key string, sendAt, start time.Time) {
	why := a.why
	if why == "" && !sendAt.Before(start) {
		why = OutsideWindow
	}
	if why != "" {
		a.Skips = append(a.Skips, Skip{Letter: letter, To: a.seen.SeekerID, Subject: a.seen.ID, Why: why, Key: key,
			Until: start})
		return
	}
	a.Notices = append(a.Notices, Notice{Key: key, Letter: letter, To: a.seen.SeekerID, Role: ToSeeker,
		Subject: a.seen.ID, Language: a.b.Seeker.Language, SendAt: sendAt.In(a.p.Location), Expires: start, Start: start})
}

func (a *appointment) local(t time.Time) string { return t.In(a.p.Location).Format("2006-01-02T15:04") }

// wakeAt asks for the booking to be planned again at a time; a time that has passed asks for nothing.
func (a *appointment) wakeAt(t time.Time) {
	if t.After(a.now) && (a.wake.IsZero() || t.Before(*a.wake)) {
		*a.wake = t
	}
}
