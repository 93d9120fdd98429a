package notice

import (
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
	"vireilla/internal/policy"
)

// Awake is a case that must be evaluated. Gone means that it left the register.
type Awake struct {
	caseload.Case
	Gone bool
}

// Agenda is what was found for a case: its obligations as of a day, and the next day on which time alone changes
// something (0: none).
type Agenda struct {
	Seeker      string
	Obligations []policy.Obligation
	Wake        calendar.Day
}

// Evaluate finds the obligations of a case as of a day, and the day on which it must be evaluated again.
func Evaluate(p *policy.Policy, a *Awake, day calendar.Day) Agenda {
	found := Agenda{Seeker: a.Seeker.ID}
	if !a.Gone {
		found.Obligations, found.Wake = p.Obligations(a.Case, day), p.Wake(a.Case, day)
	}
	return found
}

// AwakeBooking is an appointment that must be planned. Rev counts the imports that touched it.
type AwakeBooking struct {
	Booking
	Rev int64
}

// Evaluated is an appointment that was planned as of a Rev, and when it must be planned again though nothing is
// imported; the zero time means never.
type Evaluated struct {
	ID   string
	Rev  int64
	Wake time.Time
}
