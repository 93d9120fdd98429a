package notice

import (
	"fmt"
	"strings"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
	"vireilla/internal/policy"
)

// Recheck holds the facts about a letter's recipient and subject just before it goes out.
type Recheck struct {
	Staff     *Staff
	Staged    []Staged                   // of the seekers whom the items name; phone items too
	Seekers   map[string]caseload.Seeker // of the items, for their initials
	Booking   *Booking                   // of an appointment letter; nil when it left the register
	Matter    *Matter                    // of a matter update
	Authority *policy.Authority          // whose letter it is
	Address   string
}

// Verdict is the result of a check: with Why the letter is withdrawn, with Until it waits. For a digest, Items are
// those that still hold, Told those of them that its recipient is told for the first time, and Late counts the items
// past their due day.
type Verdict struct {
	Why         string
	Until       time.Time
	Items, Told []Item
	Late        int
}

// Check says whether a letter is still true, and may go out now.
func (c *Claimed) Check(p *policy.Policy, d *Recheck, now time.Time) Verdict {
	if !now.Before(c.Expires) {
		return Verdict{Why: TooLate}
	}
	day := calendar.DayOf(now, p.Location)
	v := Verdict{}
	switch KindOf(c.Letter).About {
	case AboutItems:
		return c.checkDigest(d, day)
	case AboutMatter:
		v.Why = c.checkMatter(p, d, day)
	default:
		v.Why = c.checkBooking(p, d, now, day)
	}
	if v.Why != "" {
		return v
	}
	if next := (window{p, d.Authority}).next(now); next.After(now) {
		if !next.Before(c.Expires) {
			return Verdict{Why: OutsideWindow}
		}
		v.Until = next
	}
	return v
}

// checkDigest keeps the items that still stand on the agenda for the same owner.
func (c *Claimed) checkDigest(d *Recheck, day calendar.Day) Verdict {
	if d.Address == "" {
		return Verdict{Why: NoAddress}
	}
	still := map[policy.Key]bool{}
	for i := range d.Staged {
		s := &d.Staged[i]
		owner := d.Staff.Owner(s.Coach, day)
		if c.Letter == LeadEscalation {
			owner = d.Staff.Coaches[s.Coach].TeamID
		}
		if owner == c.To && s.Stage > policy.NoStage {
			still[s.Key()] = true
		}
	}
	v := Verdict{Late: c.Late}
	left := map[policy.Key]bool{}
	for _, i := range c.Items {
		if still[i.key()] {
			v.Items = append(v.Items, i)
			continue
		}
		left[i.key()] = true
		if i.DaysOverdue > 0 {
			v.Late--
		}
	}
	for _, i := range c.Told {
		if !left[i.key()] {
			v.Told = append(v.Told, i)
		}
	}
	if len(v.Items) == 0 {
		v.Why = policy.Met
	}
	return v
}

func (i *Item) key() policy.Key {
	return policy.Key{Seeker: i.Seeker, Rule: i.Rule, Subject: i.Subject, Anchor: i.Anchor}
}

func (c *Claimed) checkBooking(p *policy.Policy, d *Recheck, now time.Time, day calendar.Day) string {
	if d.Booking == nil {
		return Superseded
	}
	if why := Unreachable(d.Booking.Seeker, d.Booking.Suppressed, day); why != "" {
		return why
	}
	seen, exists := d.Booking.At(now)
	t := d.Booking.Told
	switch {
	case !exists:
		return Superseded
	case d.Booking.Seeker.ID != c.To:
		return Superseded
	case c.Letter == AppointmentCancelled:
		if seen.State != caseload.Cancelled {
			return Superseded
		}
		if t == nil || c.Unsure == 0 && t.Cancelled {
			return AlreadyTold
		}
		if !t.StartsAt.Equal(c.Start) {
			return Superseded // another letter has told another time meanwhile
		}
	case seen.State != caseload.Booked || !seen.StartsAt.Equal(c.Start):
		return Superseded
	case c.Letter == AppointmentReminder && c.overtaken(appointment{now: now, seen: seen, win: window{p, d.Authority}}, p):
		return Superseded
	case c.Letter != AppointmentReminder && c.Unsure == 0 && t.matches(seen):
		return AlreadyTold
	}
	return ""
}

// overtaken says whether the moment of the next reminder has come. After a relay was down, two would arrive at once.
func (c *Claimed) overtaken(a appointment, p *policy.Policy) bool {
	hours := p.ReminderHours(calendar.DayOf(c.Start, p.Location))
	for i, h := range hours {
		if strings.HasSuffix(c.Key, fmt.Sprintf("/%dh", h)) {
			return a.nextHasCome(hours[i+1:])
		}
	}
	return false
}

func (c *Claimed) checkMatter(p *policy.Policy, d *Recheck, day calendar.Day) string {
	if d.Matter == nil || d.Matter.Seeker.ID != c.To {
		return Superseded
	}
	if why := Unreachable(d.Matter.Seeker, d.Matter.Suppressed, day); why != "" {
		return why
	}
	key, _, why := d.Matter.due(p, day)
	if why == "" && key != c.Key {
		return Superseded
	}
	return why
}

// Telling gives the version of an appointment that the seeker is told when the letter goes out; nil when the letter
// tells none. A reminder counts only when the seeker was told nothing before.
func (c *Claimed) Telling(d *Recheck, now time.Time) *ToldBooking {
	if d.Booking == nil {
		return nil
	}
	b := d.Booking
	v := &ToldBooking{StartsAt: b.StartsAt, Mode: b.Mode, Place: b.Place, At: now}
	switch c.Letter {
	case AppointmentReminder:
		if b.Told != nil {
			return nil
		}
	case AppointmentCancelled:
		v.Cancelled, v.StartsAt = true, c.Start
	}
	if b.Told != nil {
		v.Sequence, v.Was = b.Told.Sequence+1, b.Told.StartsAt
		if c.Unsure > 0 && v.same(b.Told) { // the same version once more
			v.Sequence, v.Was = b.Told.Sequence, b.Told.Was
		}
	}
	return v
}

func (t *ToldBooking) same(o *ToldBooking) bool {
	return t.StartsAt.Equal(o.StartsAt) && t.Mode == o.Mode && t.Place == o.Place && t.Cancelled == o.Cancelled
}
