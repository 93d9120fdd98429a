package templates

import (
	"bytes"
	"strings"
	"testing"

	ics "github.com/arran4/golang-ical"
)

func TestEveryLetterAboutATimeIsTheSameEvent(t *testing.T) {
	set := load(t)
	for letter, want := range map[string]struct{ method, sequence, status, start string }{
		"appointment_booked":    {"REQUEST", "0", "CONFIRMED", "20240304T090000"},
		"appointment_changed":   {"REQUEST", "1", "CONFIRMED", "20240305T103000"},
		"appointment_cancelled": {"CANCEL", "2", "CANCELLED", "20240304T090000"},
	} {
		for _, tier := range []Tier{Consented, Secure} {
			m := render(t, set, letter, "fi", tier, sample[any](t, set, letter))
			if m.Method != want.method {
				t.Errorf("%s: method %s", letter, m.Method)
			}
			cal, err := ics.ParseCalendar(bytes.NewReader(m.Calendar))
			if err != nil {
				t.Fatal(err)
			}
			event := cal.Events()[0]
			for property, value := range map[ics.ComponentProperty]string{
				ics.ComponentPropertyUniqueId:  "A-812@lahti.example",
				ics.ComponentPropertySequence:  want.sequence,
				ics.ComponentPropertyStatus:    want.status,
				ics.ComponentPropertyDtStart:   want.start,
				ics.ComponentPropertyDtstamp:   "20240226T060000Z",
				ics.ComponentPropertySummary:   "Varattu aika – Lahden kaupunki",
				ics.ComponentPropertyOrganizer: "mailto:tyollisyys@lahti.example",
				ics.ComponentPropertyAttendee:  "mailto:matti@example.org",
				ics.ComponentPropertyClass:     "PRIVATE",
			} {
				if got := event.GetProperty(property); got == nil || got.Value != value {
					t.Errorf("%s: %s is %v, want %s", letter, property, got, value)
				}
			}
			text := string(m.Calendar)
			if strings.Count(text, "\n") != strings.Count(text, "\r\n") {
				t.Errorf("%s: lines must end in CRLF", letter)
			}
			if zone := strings.Index(text, "BEGIN:VTIMEZONE"); zone < 0 || zone > strings.Index(text, "BEGIN:VEVENT") {
				t.Errorf("%s: the zone must stand before the event", letter)
			}
			if strings.Contains(text, "haastattelu") || strings.Contains(text, "Matti\r") {
				t.Errorf("%s: the calendar tells the kind of meeting", letter)
			}
		}
	}
}

func TestTheReminderCarriesNoEvent(t *testing.T) {
	set := load(t)
	m := render(t, set, "appointment_reminder", "fi", Consented, sample[any](t, set, "appointment_reminder"))
	if m.Calendar != nil || m.Method != "" {
		t.Error("a second invitation to the same event")
	}
}

func TestAnAppointmentWithoutLengthHasNoEnd(t *testing.T) {
	set := load(t)
	a := sample[Appointment](t, set, "appointment_booked")
	a.Minutes = 0
	m := render(t, set, "appointment_booked", "fi", Consented, a)
	if strings.Contains(string(m.Calendar), "DTEND") {
		t.Error("an end was made up")
	}
}
