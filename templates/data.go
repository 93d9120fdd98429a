package templates

import "time"

// The tags say who may read a field: `tier:"neutral"` and everybody above it in
// the order neutral, consented, secure; `tier:"staff"` only coaches and leads.
// A field without a tag never stands in a letter's text. Only fields marked
// `subject:"yes"` may stand in a subject.

// Names is a name by language. A language without one uses the Finnish name.
type Names map[string]string

func (n Names) in(language string) string {
	if name := n[language]; name != "" {
		return name
	}
	return n["fi"]
}

// Digest is the data of coach_digest: what one coach has to do on a day.
type Digest struct {
	Town  Names     `tier:"staff" subject:"yes"`
	Coach string    `tier:"staff"` // coach id
	Day   time.Time `tier:"staff" subject:"yes"`
	Items []Item    `tier:"staff"` // most urgent first
	Rest  int       `tier:"staff"` // how many more there are than Items
	// New and Late count what is new to the reader and what is past its due day,
	// Rest included. Where both are zero, they are counted from Items.
	New     int `tier:"staff" subject:"yes"`
	Late    int `tier:"staff" subject:"yes"`
	RestNew int `tier:"staff"` // set by Render: how many of Rest are new
}

// Escalation is the data of lead_escalation: what has waited too long in a team.
type Escalation struct {
	Town  Names     `tier:"staff" subject:"yes"`
	Team  string    `tier:"staff"` // team id
	Day   time.Time `tier:"staff" subject:"yes"`
	Items []Item    `tier:"staff"`               // most urgent first
	Total int       `tier:"staff" subject:"yes"` // set by Render: how many Items
}

// Item is one line of a letter to staff.
type Item struct {
	Seeker   string `tier:"staff"` // seeker id
	Initials string `tier:"staff"`
	// Rule is a rule of the policy, or short_notice (an appointment booked or moved
	// to less than 7 days ahead: phone too), or reach_by_phone (no e-mail can go to
	// this seeker).
	Rule        string    `tier:"staff"`
	Subject     string    `tier:"staff"` // training or appointment id, "1" or "2" for intensive_month
	Stage       string    `tier:"staff"` // upcoming, due, overdue, escalated; "" for the two phone rules
	New         bool      `tier:"staff"` // not in an earlier letter to this reader
	Due         time.Time `tier:"staff"` // the day by which it must be done; zero for the phone rules
	DaysOverdue int       `tier:"staff"` // calendar days past Due
	For         string    `tier:"staff"` // id of the absent coach whom the reader stands in for
	At          time.Time `tier:"staff"` // start of the appointment, for the phone rules
	Why         string    `tier:"staff"` // reason of the skip, for reach_by_phone
	Owner       string    `tier:"staff"` // coach id, in the lead's letter
}

// Appointment is the data of the four letters about a booked time.
type Appointment struct {
	Town        Names     `tier:"neutral" subject:"yes"`
	Switchboard string    `tier:"neutral"`               // phone number
	ServiceURL  string    `tier:"neutral"`               // e-service, https
	Start       time.Time `tier:"neutral" subject:"yes"` // in the town's zone
	OldStart    time.Time `tier:"neutral" subject:"yes"` // the time in an earlier letter; only for appointment_changed

	FirstName      string `tier:"consented"` // the seeker's
	CoachFirstName string `tier:"consented"`
	Kind           string `tier:"consented"` // as in the register: initial_interview, …
	Mode           string `tier:"consented"` // office, phone, video
	Place          string `tier:"consented"` // for mode office
	ChangePhone    string `tier:"consented"` // number to call to change the time; "" means the switchboard

	// These are only for the .ics.
	Minutes   int
	ID        string    // appointment id, the same in every letter about it
	Sequence  int       // 0 when booked, one more at each change, cancelling included
	Stamp     time.Time // when the letter was planned: the same when it is sent again
	Organizer string    // address the letter comes from
	Attendee  string    // address the letter goes to
}

// Matter is the data of matter_update: something waits in the e-service.
type Matter struct {
	Town        Names     `tier:"neutral" subject:"yes"`
	Switchboard string    `tier:"neutral"` // phone number
	ServiceURL  string    `tier:"neutral"` // e-service, https
	FirstName   string    `tier:"consented"`
	Kind        string    `tier:"secure"` // clarification or decision
	Due         time.Time `tier:"secure"` // day by which an answer is awaited; zero for a decision
}

// kind is a letter: who reads it and what it is made of.
type kind struct {
	name    string
	tiers   []Tier
	data    any      // zero value of its data
	method  string   // iTIP method of its .ics, "" for none
	samples []string // beside sample.json
}

func kinds() []kind {
	seeker, staff := []Tier{Neutral, Consented, Secure}, []Tier{Staff}
	return []kind{
		{"appointment_booked", seeker, Appointment{}, "REQUEST", nil},
		{"appointment_cancelled", seeker, Appointment{}, "CANCEL", nil},
		{"appointment_changed", seeker, Appointment{}, "REQUEST", nil},
		{"appointment_reminder", seeker, Appointment{}, "", nil},
		{"coach_digest", staff, Digest{}, "", nil},
		{"lead_escalation", staff, Escalation{}, "", nil},
		{"matter_update", seeker, Matter{}, "", []string{"decision"}},
	}
}

func kindOf(letter string) (kind, bool) {
	for _, k := range kinds() {
		if k.name == letter {
			return k, true
		}
	}
	return kind{}, false
}
