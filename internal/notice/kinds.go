package notice

import "slices"

// The letters.
const (
	AppointmentBooked    = "appointment_booked"
	AppointmentCancelled = "appointment_cancelled"
	AppointmentChanged   = "appointment_changed"
	AppointmentReminder  = "appointment_reminder"
	CoachDigest          = "coach_digest"
	LeadEscalation       = "lead_escalation"
	MatterUpdate         = "matter_update"
)

// Roles of a recipient.
const (
	ToCoach  = "coach"
	ToLead   = "lead"
	ToSeeker = "seeker"
)

// What a letter is about.
const (
	AboutAppointment = "appointment"
	AboutItems       = "items"
	AboutMatter      = "matter"
)

// Kind is one kind of letter.
type Kind struct {
	Letter string
	Role   string // of its reader; where nobody stands in for a coach, the lead gets the digest
	About  string
	Run    string // the kind of run that adds it to the outbox
}

// Kinds lists every kind of letter, by name.
func Kinds() []Kind {
	return []Kind{
		{AppointmentBooked, ToSeeker, AboutAppointment, "appointments"},
		{AppointmentCancelled, ToSeeker, AboutAppointment, "appointments"},
		{AppointmentChanged, ToSeeker, AboutAppointment, "appointments"},
		{AppointmentReminder, ToSeeker, AboutAppointment, "appointments"},
		{CoachDigest, ToCoach, AboutItems, "digests"},
		{LeadEscalation, ToLead, AboutItems, "leads"},
		{MatterUpdate, ToSeeker, AboutMatter, "training"},
	}
}

// KindOf gives the kind of a letter; the zero Kind when there is no such letter.
func KindOf(letter string) Kind {
	for _, k := range Kinds() {
		if k.Letter == letter {
			return k
		}
	}
	return Kind{}
}

// Letters lists the names of the letters.
func Letters() []string {
	var names []string
	for _, k := range Kinds() {
		names = append(names, k.Letter)
	}
	return names
}

// RunKinds lists the kinds of run that add letters to the outbox.
func RunKinds() []string {
	var kinds []string
	for _, k := range Kinds() {
		kinds = append(kinds, k.Run)
	}
	return slices.Compact(kinds)
}
