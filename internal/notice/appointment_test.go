package notice

import (
	"testing"
	"time"

	"vireilla/internal/caseload"
	"vireilla/internal/policy"
)

// booked is appointment A-1 of S-1 in the office.
func booked(start, bookedAt string) Booking {
	return Booking{
		Appointment: caseload.Appointment{ID: "A-1", SeekerID: "S-1", CoachID: "C-1", Kind: caseload.InitialInterview,
			Mode: "office", Place: "Askonkatu 2",
			State: caseload.Booked, StartsAt: at(start), BookedAt: at(bookedAt), Minutes: 45},
		Seeker: caseload.Seeker{ID: "S-1", CoachID: "C-1", Email: "kanaria.s1@example.org", EmailTier: "neutral",
			Language: "fi", Municipality: "Lahti",
			Status: caseload.Unemployed, JobSearchStarted: on("2024-01-02")},
	}
}

// told marks the booking as told by a letter, as it stands.
func (b Booking) told(when string) Booking {
	b.Told = &ToldBooking{StartsAt: b.StartsAt, Mode: b.Mode, Place: b.Place, At: at(when)}
	return b
}

func (b Booking) version(sequence int) Booking {
	t := *b.Told
	t.Sequence = sequence
	b.Told = &t
	return b
}

func (b Booking) toldCancelled() Booking {
	t := *b.Told
	t.Cancelled = true
	b.Told = &t
	return b
}

func (b Booking) moved(start string) Booking {
	b.StartsAt = at(start)
	return b
}

func (b Booking) cancelled(when string) Booking {
	b.State, b.CancelledAt = caseload.Cancelled, at(when)
	return b
}

// ahead plans one booking, and adds its wake time.
func ahead(now string, p *policy.Policy, b Booking) []string {
	plan, wake := Appointments(at(now), p, []Booking{b})
	lines := words(plan)
	if !wake[0].IsZero() {
		lines = append(lines, "wake "+local(wake[0]))
	}
	return lines
}

const (
	toldAlready = "skip appointment_booked S-1 A-1 already_told"
	notYet      = "skip appointment_reminder S-1 A-1 not_yet"
	tooClose    = "skip appointment_reminder S-1 A-1 too_close_to_booking"
	superseded  = "skip appointment_reminder S-1 A-1 superseded"
)

func TestABookingIsToldAtTheNextWindowTime(t *testing.T) {
	const key = "send appointment_booked/A-1/2024-03-14T09:00 at "
	for now, sendAt := range map[string]string{
		"2024-03-01 10:00": "2024-03-01 10:00",
		"2024-03-01 07:10": "2024-03-01 08:00",
		"2024-03-01 08:00": "2024-03-01 08:00",
		"2024-03-01 16:00": "2024-03-01 16:00", // both ends belong to the window
		"2024-03-01 16:01": "2024-03-04 08:00",
		"2024-03-02 12:00": "2024-03-04 08:00",
		"2024-03-03 23:59": "2024-03-04 08:00",
	} {
		got := ahead(now, office(), booked("2024-03-14 09:00", "2024-03-01 07:00"))
		expect(t, got, []string{key + sendAt, notYet, notYet, "wake 2024-03-11 09:00"})
	}
	got := ahead("2024-03-28 16:30", office("2024-04-02"), booked("2024-04-11 09:00", "2024-03-28 16:25"))
	// Easter, then an office closure.
	expect(t, got[:1], []string{"send appointment_booked/A-1/2024-04-11T09:00 at 2024-04-03 08:00"})
}

func TestRemindersComeAtTheirHours(t *testing.T) {
	for _, c := range []struct {
		name, start, told, now string
		want                   []string
	}{
		{"three days before", "2024-03-14 09:00", "2024-03-01 10:00", "2024-03-11 09:00",
			[]string{"send appointment_reminder/A-1/2024-03-14T09:00/72h at 2024-03-11 09:00", toldAlready, notYet,
				"wake 2024-03-13 09:00"}},
		{"a minute earlier", "2024-03-14 09:00", "2024-03-01 10:00", "2024-03-11 08:59",
			[]string{toldAlready, notYet, notYet, "wake 2024-03-11 09:00"}},
		{"the day before", "2024-03-14 09:00", "2024-03-01 10:00", "2024-03-13 09:00",
			[]string{"send appointment_reminder/A-1/2024-03-14T09:00/24h at 2024-03-13 09:00", toldAlready, superseded}},
		{"Monday: told on Friday morning", "2024-03-11 09:00", "2024-03-01 10:00", "2024-03-08 09:00",
			[]string{"send appointment_reminder/A-1/2024-03-11T09:00/72h at 2024-03-08 09:00", toldAlready, notYet,
				"wake 2024-03-08 16:00"}},
		{"Monday: the day before is Friday evening", "2024-03-11 09:00", "2024-03-01 10:00", "2024-03-08 16:00",
			[]string{"send appointment_reminder/A-1/2024-03-11T09:00/24h at 2024-03-08 16:00", toldAlready, superseded}},
		{"after Easter both fall on Thursday", "2024-04-02 09:00", "2024-03-01 10:00", "2024-03-28 16:00",
			[]string{"send appointment_reminder/A-1/2024-04-02T09:00/24h at 2024-03-28 16:00", toldAlready, superseded}},
		{"an early hour moves to the evening before", "2024-03-14 07:30", "2024-03-01 10:00", "2024-03-08 15:59",
			[]string{toldAlready, notYet, notYet, "wake 2024-03-08 16:00"}},
		{"a late hour to four o'clock", "2024-03-14 18:00", "2024-03-01 10:00", "2024-03-13 16:00",
			[]string{"send appointment_reminder/A-1/2024-03-14T18:00/24h at 2024-03-13 16:00", toldAlready, superseded}},
		{"the last day of two reminders", "2026-02-28 10:00", "2026-02-02 10:00", "2026-02-26 10:00",
			[]string{"send appointment_reminder/A-1/2026-02-28T10:00/72h at 2026-02-25 10:00", toldAlready, notYet,
				"wake 2026-02-27 10:00"}},
		{"from March 2026 one", "2026-03-01 10:00", "2026-02-02 10:00", "2026-02-26 10:00",
			[]string{"send appointment_reminder/A-1/2026-03-01T10:00/72h at 2026-02-26 10:00", toldAlready}},
		{"from March 2026 none the day before", "2026-03-12 10:00", "2026-02-02 10:00", "2026-03-10 10:00",
			[]string{"send appointment_reminder/A-1/2026-03-12T10:00/72h at 2026-03-09 10:00", toldAlready}},
		{"over the change of clocks", "2024-04-03 09:00", "2024-03-01 10:00", "2024-04-02 09:00",
			[]string{"send appointment_reminder/A-1/2024-04-03T09:00/24h at 2024-04-02 09:00", toldAlready, superseded}},
	} {
		t.Run(c.name, func(t *testing.T) {
			expect(t, ahead(c.now, office(), booked(c.start, "2024-02-20 12:00").told(c.told)), c.want)
		})
	}
}

func TestNoReminderSoonAfterTheBookingLetter(t *testing.T) {
	const reminder = "send appointment_reminder/A-1/2024-03-14T09:00/"
	for _, c := range []struct {
		name, now string
		b         Booking
		want      []string
	}{
		{"told an hour before", "2024-03-11 09:00", booked("2024-03-14 09:00", "2024-03-11 08:00").told("2024-03-11 08:00"),
			[]string{toldAlready, tooClose, notYet, "wake 2024-03-13 09:00"}},
		{"told twelve hours before", "2024-03-11 09:00",
			booked("2024-03-14 09:00", "2024-03-10 21:00").told("2024-03-10 21:00"),
			[]string{reminder + "72h at 2024-03-11 09:00", toldAlready, notYet, "wake 2024-03-13 09:00"}},
		{"told a minute less before", "2024-03-11 09:00",
			booked("2024-03-14 09:00", "2024-03-10 21:00").told("2024-03-10 21:01"),
			[]string{toldAlready, tooClose, notYet, "wake 2024-03-13 09:00"}},
		{"told after its moment", "2024-03-12 12:00", booked("2024-03-14 09:00", "2024-03-12 09:00").told("2024-03-12 09:10"),
			[]string{toldAlready, tooClose, notYet, "wake 2024-03-13 09:00"}},
		{"not told at all yet", "2024-03-13 09:00", booked("2024-03-14 09:00", "2024-03-12 09:00"),
			[]string{"send appointment_booked/A-1/2024-03-14T09:00 at 2024-03-13 09:00", tooClose, tooClose}},
		{"the letter of a change counts as one", "2024-03-13 09:00",
			booked("2024-03-20 09:00", "2024-03-01 09:00").told("2024-03-13 08:40").moved("2024-03-14 09:00"),
			[]string{"send appointment_changed/A-1/2024-03-14T09:00/1 at 2024-03-13 09:00", tooClose, tooClose}},
	} {
		t.Run(c.name, func(t *testing.T) { expect(t, ahead(c.now, office(), c.b), c.want) })
	}
}

func TestAMissedMomentIsCaughtUpWhileItMakesSense(t *testing.T) {
	const reminder = "send appointment_reminder/A-1/2024-03-14T09:00/"
	b := booked("2024-03-14 09:00", "2024-03-01 09:00").told("2024-03-01 09:10")
	for _, c := range []struct {
		name, now string
		b         Booking
		want      []string
	}{
		{"an hour late", "2024-03-11 10:00", b, []string{reminder + "72h at 2024-03-11 09:00", toldAlready, notYet,
			"wake 2024-03-13 09:00"}},
		{"in the night", "2024-03-12 02:00", b, []string{reminder + "72h at 2024-03-12 08:00", toldAlready, notYet,
			"wake 2024-03-13 09:00"}},
		{"two days late: only the newest", "2024-03-13 10:00", b,
			[]string{reminder + "24h at 2024-03-13 09:00", toldAlready, superseded}},
		{"the evening before", "2024-03-13 22:00", b,
			[]string{reminder + "24h at 2024-03-14 08:00", toldAlready, superseded}},
		{"a minute before the start", "2024-03-14 08:59", b,
			[]string{reminder + "24h at 2024-03-13 09:00", toldAlready, superseded}},
		{"at the start", "2024-03-14 09:00", b, []string{}},
		{"after it", "2024-03-14 11:00", b, []string{}},
		{"no window time is left", "2024-03-14 07:00",
			booked("2024-03-14 07:45", "2024-03-01 09:00").told("2024-03-01 09:10"),
			[]string{toldAlready, superseded, "skip appointment_reminder S-1 A-1 outside_window"}},
		{"a booking letter the same", "2024-03-14 07:00", booked("2024-03-14 07:45", "2024-03-14 06:50"),
			[]string{"skip appointment_booked S-1 A-1 outside_window", tooClose, tooClose}},
		{"a window time at the very start is none", "2024-03-14 07:00", booked("2024-03-14 08:00", "2024-03-14 06:50"),
			[]string{"skip appointment_booked S-1 A-1 outside_window", tooClose, tooClose}},
	} {
		t.Run(c.name, func(t *testing.T) { expect(t, ahead(c.now, office(), c.b), c.want) })
	}
}

func TestAChangeIsToldAsWhatItIs(t *testing.T) {
	const now = "2024-03-04 09:00"
	b := booked("2024-03-21 09:00", "2024-02-20 12:00")
	place, mode := b.told("2024-02-20 12:10"), b.told("2024-02-20 12:10")
	place.Place, mode.Mode = "Vesijärvenkatu 8", "phone"
	quiet := []string{notYet, notYet, "wake 2024-03-18 09:00"}
	for _, c := range []struct {
		name string
		b    Booking
		want []string
	}{
		{"nothing", b.told("2024-02-20 12:10"), append([]string{toldAlready}, quiet...)},
		{"the time", b.told("2024-02-20 12:10").moved("2024-03-22 09:00"),
			[]string{"send appointment_changed/A-1/2024-03-22T09:00/1 at " + now, notYet, notYet, "wake 2024-03-19 09:00"}},
		{"the place", place, append([]string{"send appointment_changed/A-1/2024-03-21T09:00/1 at " + now}, quiet...)},
		{"the mode", mode, append([]string{"send appointment_changed/A-1/2024-03-21T09:00/1 at " + now}, quiet...)},
		{"there and back again", b.moved("2024-03-22 09:00").told("2024-02-27 12:00").version(1).moved("2024-03-21 09:00"),
			append([]string{"send appointment_changed/A-1/2024-03-21T09:00/2 at " + now}, quiet...)},
		{"back before anybody was told", b.told("2024-02-20 12:10").moved("2024-03-22 09:00").moved("2024-03-21 09:00"),
			append([]string{toldAlready}, quiet...)},
		{"told as past, booked anew", b.moved("2024-03-01 09:00").told("2024-02-20 12:10").moved("2024-03-21 09:00"),
			append([]string{"send appointment_changed/A-1/2024-03-21T09:00/1 at " + now}, quiet...)},
		{"cancelled", b.told("2024-02-20 12:10").version(3).cancelled("2024-03-04 08:50"),
			[]string{"send appointment_cancelled/A-1/2024-03-21T09:00/4 at " + now}},
		{"moved and cancelled: what was told is taken back",
			b.told("2024-02-20 12:10").moved("2024-03-22 09:00").cancelled("2024-03-04 08:50"),
			[]string{"send appointment_cancelled/A-1/2024-03-21T09:00/1 at " + now}},
		{"cancelled before anybody was told", b.cancelled("2024-03-04 08:50"),
			[]string{"skip appointment_cancelled S-1 A-1 met"}},
		{"cancelled after its time", b.moved("2024-03-01 09:00").told("2024-02-20 12:10").cancelled("2024-03-04 08:50"),
			[]string{"skip appointment_cancelled S-1 A-1 met"}},
		{"the cancelling told", b.told("2024-03-04 08:50").toldCancelled().cancelled("2024-03-04 08:40"),
			[]string{"skip appointment_cancelled S-1 A-1 met"}},
		{"cancelled, then booked again", b.told("2024-02-20 12:10").version(1).toldCancelled(),
			append([]string{"send appointment_booked/A-1/2024-03-21T09:00/2 at " + now}, quiet...)},
		{"cancelled later: it stands yet", b.told("2024-02-20 12:10").cancelled("2024-03-05 08:00"),
			[]string{toldAlready, notYet, notYet, "wake 2024-03-05 08:00"}},
		{"booked later: it is not there yet", booked("2024-03-21 09:00", "2024-03-04 09:20"),
			[]string{"wake 2024-03-04 09:20"}},
	} {
		t.Run(c.name, func(t *testing.T) { expect(t, ahead(now, office(), c.b), c.want) })
	}
}

func TestWhatWasHeldInTheEndIsBookedUntilThen(t *testing.T) {
	b := booked("2024-03-21 09:00", "2024-02-20 12:00").told("2024-02-20 12:10")
	for state, want := range map[string][]string{caseload.Held: {}, caseload.Missed: {}, caseload.Booked: {}} {
		b.State = state
		expect(t, ahead("2024-03-04 09:00", office(), b), []string{toldAlready, notYet, notYet, "wake 2024-03-18 09:00"})
		expect(t, ahead("2024-03-21 09:30", office(), b), want)
	}
}

func TestWhyASeekerGetsNoEmail(t *testing.T) {
	s := caseload.Seeker{ID: "S-1", Email: "", EmailTier: "none", Protected: true, JobSearchEnded: on("2024-03-01")}
	day := on("2024-03-04")
	for _, step := range []struct {
		want string
		mend func()
	}{ // each reason hides the ones after it
		{Protected, func() { s.Protected = false }},
		{policy.JobSearchEnded, func() { s.JobSearchEnded = on("2024-03-05") }}, // it has not ended yet
		{NoAddress, func() { s.Email = "kanaria.s1@example.org" }},
		{NoConsent, func() { s.EmailTier = "neutral" }},
		{SuppressedAddress, func() {}},
	} {
		if got := Unreachable(s, true, day); got != step.want {
			t.Fatalf("%q, want %q", got, step.want)
		}
		step.mend()
	}
	if got := Unreachable(s, false, day); got != "" {
		t.Errorf("unreachable: %s", got)
	}
	if got := Unreachable(s, false, day+1); got != policy.JobSearchEnded {
		t.Errorf("the day after: %q", got)
	}
}

func TestALetterThatCannotBeWrittenIsKeptAsASkip(t *testing.T) {
	b := booked("2024-03-14 09:00", "2024-03-01 09:00")
	b.Seeker.Protected = true
	plan, _ := Appointments(at("2024-03-01 10:00"), office(), []Booking{b})
	if len(plan.Notices) != 0 {
		t.Fatalf("planned %+v", plan.Notices)
	}
	got := plan.Skips[0]
	if got.Why != Protected || got.Key != "appointment_booked/A-1/2024-03-14T09:00" ||
		!got.Until.Equal(at("2024-03-14 09:00")) {
		t.Errorf("%+v", got)
	}
}

func TestALetterOfAnAppointmentEndsWithItsStart(t *testing.T) {
	b := booked("2024-03-14 09:00", "2024-03-01 09:00")
	b.Seeker.Language = "fi-selko"
	plan, _ := Appointments(at("2024-03-01 10:00").UTC(), office(), []Booking{b})
	n := plan.Notices[0]
	if n.To != "S-1" || n.Role != ToSeeker || n.Subject != "A-1" || n.Language != "fi-selko" ||
		!n.Expires.Equal(b.StartsAt) || !n.Start.Equal(b.StartsAt) {
		t.Errorf("%+v", n)
	}
	if _, offset := n.SendAt.Zone(); offset != int((2 * time.Hour).Seconds()) {
		t.Errorf("send_at is %s, not in the town's zone", n.SendAt)
	}
}

func TestAReminderThatNobodyMayWriteSaysWhy(t *testing.T) {
	b := booked("2024-03-14 09:00", "2024-03-01 09:00")
	b.Seeker.Protected = true // so that no letter told it either
	expect(t, ahead("2024-03-11 10:00", policy.Default(), b), []string{"skip appointment_booked S-1 A-1 protected",
		"skip appointment_reminder S-1 A-1 protected", "skip appointment_reminder S-1 A-1 not_yet", "wake 2024-03-13 09:00"})
}
