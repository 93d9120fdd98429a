package policy

import (
	"fmt"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
)

// Stage is how far an obligation has come; a later stage is a greater number.
type Stage int

// The stages in their order. The zero Stage is "nothing to say yet".
const (
	NoStage Stage = iota
	Upcoming
	Due
	Overdue
	Escalated
)

func (s Stage) String() string {
	return [...]string{"", "upcoming", "due", "overdue", "escalated"}[s]
}

// ParseStage reads what String wrote.
func ParseStage(s string) (Stage, error) {
	for st := NoStage; st <= Escalated; st++ {
		if st.String() == s {
			return st, nil
		}
	}
	return NoStage, fmt.Errorf("no such stage %q", s)
}

// MarshalText writes the stage as String does.
func (s Stage) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *Stage) UnmarshalText(b []byte) (err error) {
	*s, err = ParseStage(string(b))
	return err
}

// StageDays gives the day of each stage: `upcoming` working days before due_strict, the last open day on or before
// due_strict, the first open day after due, and `escalated` working days after due. Office closures do not move them.
func (p *Policy) StageDays(o Obligation) [Escalated + 1]calendar.Day {
	l := p.Ladders[o.Rule]
	return [...]calendar.Day{
		Upcoming:  p.Days.WorkingDaysFrom(o.DueStrict, -l.Upcoming),
		Due:       p.Days.LastOpen(o.DueStrict),
		Overdue:   p.Days.NextOpen(o.Due + 1),
		Escalated: p.Days.WorkingDaysFrom(o.Due, l.Escalated),
	}
}

// StageOn gives the stage of an obligation on a day: the last one whose day has come.
func (p *Policy) StageOn(o Obligation, day calendar.Day) Stage {
	days := p.StageDays(o)
	for s := Escalated; s > NoStage; s-- {
		if days[s] <= day {
			return s
		}
	}
	return NoStage
}

// Wake gives the next day after `day` on which time alone changes something about the case: an obligation comes, goes
// or reaches its next stage. 0 means that only a new fact can change anything. Between the two days Obligations gives
// the same answer.
func (p *Policy) Wake(c caseload.Case, day calendar.Day) calendar.Day {
	var wake calendar.Day
	at := func(d calendar.Day) {
		if d > day && (wake == 0 || d < wake) {
			wake = d
		}
	}
	at(c.Seeker.JobSearchStarted)
	at(c.Seeker.JobSearchEnded)
	at(c.Seeker.UnemploymentStarted)
	for i := range c.Contacts {
		at(c.Contacts[i].HeldOn)
	}
	for i := range c.Training {
		t := &c.Training[i]
		at(t.AppliedOn)
		at(t.InformationCompleteOn)
		at(t.DecidedOn)
		at(t.NotifiedOn)
	}
	for _, o := range p.Obligations(c, day) {
		for _, d := range p.StageDays(o) {
			at(d)
		}
	}
	if c := newCaseOn(c, day); c.initialInterview != 0 && c.closed() == "" {
		k := 1
		for c.initialInterview.AddMonths(6*k).AddMonths(1) < day {
			k++
		}
		at(c.initialInterview.AddMonths(6 * k))
		at(c.initialInterview.AddMonths(6*k).AddMonths(1) + 1)
	}
	return wake
}
