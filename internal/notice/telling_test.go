package notice

import (
	"testing"

	"vireilla/internal/caseload"
)

func TestWhichVersionALetterTells(t *testing.T) {
	fresh := booked("2024-03-14 09:00", "2024-03-01 07:00")
	known := fresh.told("2024-03-01 09:00").version(2)
	moved := known.moved("2024-03-15 09:00")
	newPlace := moved.told("2024-03-04 09:00").version(3)
	newPlace.Place = "Vesijärvenkatu 8"
	cancelled := known.cancelled("2024-03-04 08:00")
	for _, v := range []struct {
		name, letter string
		unsure       int
		b            Booking
		sequence     int // -1: it tells none
		start        string
		cancelled    bool
	}{
		{"the first", AppointmentBooked, 0, fresh, 0, "2024-03-14 09:00", false},
		{"a change", AppointmentChanged, 0, moved, 3, "2024-03-15 09:00", false},
		{"the same change once more", AppointmentChanged, 1, moved.told("2024-03-04 09:00").version(3), 3,
			"2024-03-15 09:00", false},
		{"the same change once more, which nobody could record", AppointmentChanged, 1, moved, 3, "2024-03-15 09:00", false},
		{"once more, but the place is another", AppointmentChanged, 1, newPlace, 4, "2024-03-15 09:00", false},
		{"a cancelling", AppointmentCancelled, 0, cancelled, 3, "2024-03-14 09:00", true},
		{"the same cancelling once more", AppointmentCancelled, 1, cancelled.toldCancelled().version(3), 3,
			"2024-03-14 09:00", true},
		{"the same cancelling, which nobody could record", AppointmentCancelled, 1, cancelled, 3, "2024-03-14 09:00", true},
		{"booked again", AppointmentBooked, 0, known.toldCancelled(), 3, "2024-03-14 09:00", false},
		{"a reminder", AppointmentReminder, 0, known, -1, "", false},
		{"a reminder of what nobody told", AppointmentReminder, 0, fresh, 0, "2024-03-14 09:00", false},
	} {
		t.Run(v.name, func(t *testing.T) {
			c := Claimed{Notice: Notice{Letter: v.letter, Start: v.b.StartsAt}, Unsure: v.unsure}
			got := c.Telling(&Recheck{Booking: &v.b}, at("2024-03-04 10:00"))
			if v.sequence < 0 {
				if got != nil {
					t.Errorf("tells %+v", got)
				}
				return
			}
			if got == nil || got.Sequence != v.sequence || !got.StartsAt.Equal(at(v.start)) || got.Cancelled != v.cancelled ||
				got.Place != v.b.Place || !got.At.Equal(at("2024-03-04 10:00")) {
				t.Errorf("tells %+v, want version %d", got, v.sequence)
			}
		})
	}
}

func TestOtherLettersTellNoVersion(t *testing.T) {
	c := Claimed{Notice: Notice{Letter: CoachDigest}}
	if got := c.Telling(&Recheck{Seekers: map[string]caseload.Seeker{}}, at("2024-03-04 10:00")); got != nil {
		t.Errorf("%+v", got)
	}
}
