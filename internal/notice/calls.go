package notice

import (
	"cmp"
	"slices"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
	"vireilla/internal/policy"
)

// AwakeBooking is an appointment to be looked at. Rev counts the imports that touched it.
type AwakeBooking struct {
	Booking
	Rev int64
}

// Looked is an appointment that was looked at, as of a Rev, and when to look again though nothing is imported: the zero time means never.
type Evaluated struct {
	ID   string
	Rev  int64
	Wake time.Time
}

const phoneWeight = 100 // above every rule: it is about the next days

// PhoneItems makes the digest items that are no rule: appointments booked or moved to so near that the coach phones too, and letters that could not be written
// though they were due. Both stand until the appointment starts.
func PhoneItems(now time.Time, p *policy.Policy, soon, unwritten []AwakeBooking, matters []Matter, skips []Skip) []Staged {
	var items []Staged
	item := func(rule, seeker, coach, subject, why string, at time.Time) {
		anchor := calendar.DayOf(at, p.Location)
		items = append(items, Staged{At: at, Why: why, Obligation: policy.Obligation{Seeker: seeker, Rule: rule, Subject: subject, Anchor: anchor,
			DueStrict: anchor, Due: anchor, Stage: policy.Due, Owner: coach, Coach: coach, Weight: phoneWeight}})
	}
	for _, b := range soon {
		if seen, exists := b.At(now); exists && seen.State == caseload.Booked && seen.StartsAt.After(now) && Short(p, seen) && !b.ChangedAt.After(now) {
			item(ShortNotice, b.SeekerID, b.CoachID, b.ID, "", b.StartsAt)
		}
	}
	day := calendar.DayOf(now, p.Location)
	bySubject := map[string]Skip{}
	for _, k := range skips {
		bySubject[k.Subject] = k
	}
	for _, b := range unwritten {
		why := Unreachable(b.Seeker, b.Suppressed, day)
		if seen, exists := b.At(now); exists && why != "" && seen.StartsAt.After(now) {
			item(ReachByPhone, b.SeekerID, b.CoachID, b.ID, why, b.StartsAt)
		}
	}
	for _, m := range matters {
		if why := Unreachable(m.Seeker, m.Suppressed, day); why != "" {
			item(ReachByPhone, m.SeekerID, cmp.Or(m.HandlerID, m.Seeker.CoachID), m.ID, why, bySubject[m.ID].Until)
		}
	}
	slices.SortFunc(items, func(a, b Staged) int {
		return cmp.Or(cmp.Compare(a.Seeker, b.Seeker), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Subject, b.Subject))
	})
	return items
}

// Look finds the obligations of a case as of a day, and when time alone will change something.
func Evaluate(p *policy.Policy, a *Awake, day calendar.Day) Agenda {
	found := Agenda{Seeker: a.Seeker.ID}
	if !a.Gone {
		found.Obligations, found.Wake = p.Obligations(a.Case, day), p.Wake(a.Case, day)
	}
	return found
}
