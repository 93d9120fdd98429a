package notice

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vireilla/internal/caseload"
)

// everyTen is a timetable that scans every ten minutes.
func everyTen(t time.Time) time.Time {
	if at := t.Truncate(10 * time.Minute); at.Before(t) {
		return at.Add(10 * time.Minute)
	}
	return t
}

func forecastOf(from, until string, b Booking) []string {
	return words(Forecast(at(from), at(until), office(), []Booking{b}, everyTen))
}

func TestADayBringsWhatIsBookedChangedAndCancelledOnIt(t *testing.T) {
	cancelled := func(b Booking, when string) Booking {
		b.State, b.CancelledAt = caseload.Cancelled, at(when)
		return b
	}
	for _, c := range []struct {
		name string
		b    Booking
		want []string
	}{
		{"booked after the digests, for the same afternoon", booked("2024-03-06 13:15", "2024-03-06 08:03"), []string{
			"send appointment_booked/A-1/2024-03-06T13:15 at 2024-03-06 08:10",
			"skip appointment_reminder S-1 A-1 too_close_to_booking", "skip appointment_reminder S-1 A-1 too_close_to_booking"}},
		{"booked in the evening: planned for the morning", booked("2024-03-20 13:15", "2024-03-06 18:00"), []string{
			"send appointment_booked/A-1/2024-03-20T13:15 at 2024-03-07 08:00",
			"skip appointment_reminder S-1 A-1 not_yet", "skip appointment_reminder S-1 A-1 not_yet"}},
		{"cancelled before its letter goes out", cancelled(booked("2024-03-20 13:15", "2024-03-06 06:00"),
			"2024-03-06 07:30"), []string{
			"skip appointment_booked S-1 A-1 superseded", "skip appointment_cancelled S-1 A-1 met"}},
		{"cancelled after its letter went out", cancelled(booked("2024-03-20 13:15", "2024-03-06 09:00"),
			"2024-03-06 14:00"), []string{
			"send appointment_booked/A-1/2024-03-20T13:15 at 2024-03-06 09:00",
			"send appointment_cancelled/A-1/2024-03-20T13:15/1 at 2024-03-06 14:00"}},
		{"a reminder at its moment", booked("2024-03-09 13:15", "2024-03-01 09:00").told("2024-03-01 09:00"), []string{
			"send appointment_reminder/A-1/2024-03-09T13:15/72h at 2024-03-06 13:15",
			"skip appointment_reminder S-1 A-1 not_yet"}},
		{"told, and nothing new", booked("2024-03-20 13:15", "2024-03-01 09:00").told("2024-03-01 09:00"), []string{
			"skip appointment_booked S-1 A-1 already_told", "skip appointment_reminder S-1 A-1 not_yet", "skip appointment_reminder S-1 A-1 not_yet"}},
	} {
		t.Run(c.name, func(t *testing.T) { expect(t, forecastOf("2024-03-06 00:00", "2024-03-07 00:00", c.b), c.want) })
	}
}

// A forecast holds what goes out while the days pass, as long as the register does not change.
func TestWhatIsForecastIsWhatGoesOut(t *testing.T) {
	p := office("2024-03-12")
	rapid.Check(t, func(t *rapid.T) {
		s := anyStory(t, p)
		s.events, s.down, s.mute = nil, [2]int{}, [2]int{}
		if rapid.Bool().Draw(t, "cancelled") {
			s.first.State = caseload.Cancelled
			s.first.CancelledAt = s.first.BookedAt.Add(time.Duration(rapid.IntRange(0, 7*24*60).Draw(t, "after")) * time.Minute)
		}
		var want, got []string
		sent, _ := s.play(true)
		for _, l := range sent {
			want = append(want, l.key)
		}
		for _, n := range Forecast(s.begin, s.at(steps), p, []Booking{s.first}, everyTen).Notices {
			if !n.SendAt.After(s.at(steps - 1)) {
				got = append(got, n.Key)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("booked %s for %s, cancelled %s\nforecast %v\nwent out %v", s.first.BookedAt, s.first.StartsAt,
				s.first.CancelledAt, got, want)
		}
	})
}
