package notice

import (
	"cmp"
	"slices"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
	"vireilla/internal/policy"
)

const phoneWeight = 100 // above every rule, since phone items are about the next days

// PhoneItems makes the digest items that ask a coach to phone: appointments booked or moved so close to their start
// that the coach phones too, and letters that were due and could not be written. Both stand until the appointment
// starts.
func PhoneItems(now time.Time, p *policy.Policy, soon, unwritten []AwakeBooking, matters []Matter, skips []Skip) []Staged {
	var items []Staged
	item := func(rule, seeker, coach, subject, why string, at time.Time) {
		anchor := calendar.DayOf(at, p.Location)
		items = append(items, Staged{At: at, Why: why, Obligation: policy.Obligation{Seeker: seeker, Rule: rule,
			Subject: subject, Anchor: anchor, DueStrict: anchor, Due: anchor, Stage: policy.Due, Owner: coach, Coach: coach,
			Weight: phoneWeight}})
	}
	for _, b := range soon {
		seen, exists := b.At(now)
		ahead := exists && seen.State == caseload.Booked && seen.StartsAt.After(now)
		if ahead && short(p, seen) && !b.ChangedAt.After(now) {
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

// short says whether an appointment was booked, or last moved, so close to its start that the coach phones too.
func short(p *policy.Policy, a caseload.Appointment) bool {
	set := a.BookedAt
	if a.ChangedAt.After(set) {
		set = a.ChangedAt
	}
	return a.StartsAt.Sub(set) < time.Duration(p.Appointments.ShortNoticeDays)*24*time.Hour
}
