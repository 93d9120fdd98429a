package workers

import (
	"context"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
)

// RecheckFacts is what is read of the register just before a letter goes out.
type RecheckFacts interface {
	SubjectFacts
	Staff(ctx context.Context) (*notice.Staff, error)
	Staged(ctx context.Context, seekers ...string) ([]notice.Staged, error)
	Seekers(ctx context.Context, ids []string) (map[string]caseload.Seeker, error)
}

// recheck reads what is true now of the person and the matter of each letter, for a whole batch at once.
func (d *Deliver) recheck(ctx context.Context, claimed []notice.Claimed) ([]notice.Recheck, error) {
	if err := d.Refresh(ctx, d.Clock()); err != nil {
		return nil, err
	}
	staff, err := d.Facts.Staff(ctx)
	if err != nil {
		return nil, err
	}
	var appointments, training, seekers []string
	var phone []notice.Item
	for i := range claimed {
		c := &claimed[i]
		switch {
		case c.Role != notice.ToSeeker:
			for _, item := range c.Items {
				seekers = append(seekers, item.Seeker)
				if item.ToPhone() {
					phone = append(phone, item)
				}
			}
		case c.Letter == notice.MatterUpdate:
			training = append(training, c.Subject)
			seekers = append(seekers, c.To)
		default:
			appointments = append(appointments, c.Subject)
		}
	}
	f, err := d.read(ctx, appointments, training, seekers)
	if err != nil {
		return nil, err
	}
	stand, err := callsStanding(ctx, d.Facts, d.Policy, d.Clock(), phone)
	if err != nil {
		return nil, err
	}
	f.staged = append(f.staged, stand...)
	day := calendar.DayOf(d.Clock(), d.Policy.Location)
	checks := make([]notice.Recheck, len(claimed))
	for i := range claimed {
		checks[i] = f.recheck(d.Policy, staff, &claimed[i], day)
	}
	return checks, nil
}

// found is what a batch of letters is about, by id.
type found struct {
	bookings map[string]*notice.Booking
	matters  map[string]*notice.Matter
	seekers  map[string]caseload.Seeker
	staged   []notice.Staged
}

func (d *Deliver) read(ctx context.Context, appointments, training, seekers []string) (f found, err error) {
	f = found{bookings: map[string]*notice.Booking{}, matters: map[string]*notice.Matter{}}
	bookings, err := d.Facts.Bookings(ctx, appointments)
	if err != nil {
		return f, err
	}
	for i := range bookings {
		f.bookings[bookings[i].ID] = &bookings[i].Booking
	}
	for _, part := range inParts(seekers) {
		staged, err := d.Facts.Staged(ctx, part...)
		if err != nil {
			return f, err
		}
		f.staged = append(f.staged, staged...)
	}
	if f.seekers, err = d.Facts.Seekers(ctx, seekers); err != nil {
		return f, err
	}
	matters, err := d.Facts.Matters(ctx, training)
	for i := range matters {
		m := &matters[i]
		f.matters[m.ID] = m
		for j := range f.staged {
			if o := &f.staged[j].Obligation; o.Rule == "clarification" && o.Subject == m.ID {
				m.Clarification = o
			}
		}
	}
	return f, err
}

func (f *found) recheck(p *policy.Policy, staff *notice.Staff, c *notice.Claimed, day calendar.Day) notice.Recheck {
	r := notice.Recheck{Staff: staff, Staged: f.staged, Seekers: f.seekers}
	var person caseload.Seeker
	switch {
	case c.Role == notice.ToSeeker:
		if c.Letter == notice.MatterUpdate {
			if r.Matter = f.matters[c.Subject]; r.Matter != nil {
				person = r.Matter.Seeker
			}
		} else if r.Booking = f.bookings[c.Subject]; r.Booking != nil {
			person = r.Booking.Seeker
		}
		r.Address, r.Authority = person.Email, p.AuthorityOf(person.Municipality, day)
	default:
		team, coach := staff.Teams[c.To], staff.Coaches[c.To]
		r.Address = team.LeadEmail
		if coach.ID != "" {
			team = staff.Teams[coach.TeamID]
			if r.Address = coach.Email; coach.Gone {
				r.Address = ""
			}
		}
		r.Authority = p.AuthorityNamed(team.Authority)
	}
	return r
}
