package notice

import (
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
	"vireilla/internal/policy"
)

// Door is what is true of a letter's person and matter when it is about to go out.
type Door struct {
	Staff      *Staff
	Staged     []Staged                   // of the seekers that the letter's items name
	Seekers    map[string]caseload.Seeker // of the items, for their initials
	Booking    *Booking                   // of an appointment letter; nil when it left the register
	Matter     *Matter                    // of a matter update
	Authority  *policy.Authority          // whose letter it is
	Address    string
	Suppressed bool
}

// Verdict is what the door says: Why withdraws the letter, Until lets it wait for a better time, and Items is what is still true of a digest.
type Verdict struct {
	Why   string
	Until time.Time
	Items []Item
}

// Check says whether a letter is still true, and may go out now.
func (c *Claimed) Check(p *policy.Policy, d *Door, now time.Time) Verdict {
	if !now.Before(c.Expires) {
		return Verdict{Why: TooLate}
	}
	day := calendar.DayOf(now, p.Location)
	if c.Role != ToSeeker {
		return c.checkDigest(d, day)
	}
	v := Verdict{}
	switch c.Letter {
	case MatterUpdate:
		v.Why = c.checkMatter(p, d, day)
	default:
		v.Why = c.checkBooking(d, now, day)
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
func (c *Claimed) checkDigest(d *Door, day calendar.Day) Verdict {
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
	var v Verdict
	for _, i := range c.Items {
		_, living := d.Seekers[i.Seeker]
		phone := (i.Rule == ShortNotice || i.Rule == ReachByPhone) && living
		if phone || still[policy.Key{Seeker: i.Seeker, Rule: i.Rule, Subject: i.Subject, Anchor: i.Anchor}] {
			v.Items = append(v.Items, i)
		}
	}
	if len(v.Items) == 0 {
		v.Why = policy.Met
	}
	return v
}

func (c *Claimed) checkBooking(d *Door, now time.Time, day calendar.Day) string {
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
	case seen.State != caseload.Booked || !seen.StartsAt.Equal(c.Start):
		return Superseded
	case c.Letter != AppointmentReminder && c.Unsure == 0 && t != nil && !t.Cancelled && t.StartsAt.Equal(seen.StartsAt) && t.Mode == seen.Mode && t.Place == seen.Place:
		return AlreadyTold
	}
	return ""
}

func (c *Claimed) checkMatter(p *policy.Policy, d *Door, day calendar.Day) string {
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

// Telling gives the version of an appointment that a letter tells when it goes out; nil for other letters. A reminder tells a version only when no letter has.
func (c *Claimed) Telling(d *Door, now time.Time) *ToldBooking {
	if d.Booking == nil {
		return nil
	}
	b := d.Booking
	v := &ToldBooking{StartsAt: b.StartsAt, Mode: b.Mode, Place: b.Place, At: now}
	if b.Told != nil {
		v.Sequence = b.Told.Sequence + 1
		if c.Unsure > 0 {
			v.Sequence = b.Told.Sequence // the same version once more
		}
	}
	switch c.Letter {
	case AppointmentReminder:
		if b.Told != nil {
			return nil
		}
	case AppointmentCancelled:
		v.Cancelled, v.StartsAt = true, c.Start
	}
	return v
}
