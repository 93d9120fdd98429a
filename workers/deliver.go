package workers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/tasks"
	"vireilla/templates"
)

// Deliver takes letters to the relay: claim -> still true? -> render -> send -> what became of it -> record.
type Deliver struct {
	Clock  func() time.Time
	Wall   func() time.Time // the real time, by which claims hold; Clock differs from it when a day is run later
	Policy *policy.Policy
	Outbox interface {
		Claim(ctx context.Context, now, wall time.Time, ids []int64, n int) ([]notice.Claimed, error)
	}
	Facts   DoorFacts
	Refresh func(ctx context.Context, now time.Time) error // brings the agenda up to what was imported
	Letters *templates.Set
	From    string // sender, an address or `Name <address>`
	Send    func(ctx context.Context, m Mail) notice.Outcome
	Record  *Recorder
	Stop    context.Context  // once done, no further letter is begun
	NotOver func() time.Time // when set, no further try is made before this
	Log     *slog.Logger
}

// DoorFacts is what is read of the register before a letter goes out.
type DoorFacts interface {
	Staff(ctx context.Context) (*notice.Staff, error)
	Staged(ctx context.Context, seekers ...string) ([]notice.Staged, error)
	Bookings(ctx context.Context, ids []string) ([]notice.AwakeBooking, error)
	Matters(ctx context.Context, ids []string) ([]notice.Matter, error)
	Seekers(ctx context.Context, ids []string) (map[string]caseload.Seeker, error)
}

// Mail is one composed letter for one address.
type Mail struct {
	From, To, Subject, Text, HTML, Language, MessageID string
	Date                                               time.Time
	Calendar                                           []byte
	Method                                             string
}

// Run delivers the named letters, then whatever else is due, until nothing is or the time of the task runs out. While one batch goes out, what became of the one
// before is being written down: it is waited for one batch later.
func (d *Deliver) Run(ctx context.Context, ids []int64) error {
	end := d.Wall().Add(time.Minute)
	var before *group
	for d.Stop.Err() == nil && ctx.Err() == nil {
		claimed, err := d.Outbox.Claim(ctx, d.Clock(), d.Wall(), ids, tasks.Batch)
		if err != nil {
			return fmt.Errorf("deliver: %w", errors.Join(err, before.wait()))
		}
		if len(claimed) > 0 {
			batch, err := d.batch(ctx, claimed)
			if err := errors.Join(err, before.wait()); err != nil {
				return fmt.Errorf("deliver: %w", errors.Join(err, batch.wait()))
			}
			before = batch
		}
		if len(claimed) == 0 && len(ids) == 0 || d.Wall().After(end) {
			break
		}
		ids = nil
	}
	if err := before.wait(); err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	return nil
}

// batch takes claimed letters to the relay one by one and hands in what became of them; the group it gives is done when all is written down.
func (d *Deliver) batch(ctx context.Context, claimed []notice.Claimed) (*group, error) {
	group := d.Record.group()
	doors, err := d.doors(ctx, claimed)
	if err != nil {
		for i := range claimed {
			group.add(ctx, released(&claimed[i], d.Clock()))
		}
		return group, err
	}
	not := map[string]int{}
	for i := range claimed {
		r := d.letter(ctx, &claimed[i], &doors[i])
		if r.State != notice.Sent && r.State != notice.Withdrawn && !r.Released {
			not[string(r.State)+" "+r.Why]++
		}
		group.add(ctx, r)
	}
	if len(not) > 0 {
		d.Log.Warn("letters did not go out", "of", len(claimed), "became", not)
	}
	return group, nil
}

// letter takes one letter to the relay; a letter that panics fails alone.
func (d *Deliver) letter(ctx context.Context, c *notice.Claimed, door *notice.Door) (r notice.Report) {
	defer func() {
		if v := recover(); v != nil {
			d.Log.Error("a letter panicked", "letter", c.ID, "kind", c.Letter)
			r = notice.Report{Claimed: *c, Next: notice.Next{State: notice.Failed, Why: "panic"}}
		}
	}()
	now := d.Clock()
	if d.Stop.Err() != nil || ctx.Err() != nil || d.Wall().After(c.Until.Add(-ClaimMargin)) {
		return released(c, now)
	}
	v := c.Check(d.Policy, door, now)
	if v.Why != "" {
		return notice.Report{Claimed: *c, Next: notice.Next{State: notice.Withdrawn, Why: v.Why}}
	}
	if !v.Until.IsZero() {
		r := released(c, v.Until)
		r.Why = notice.OutsideWindow
		return r
	}
	if c.Role != notice.ToSeeker {
		c.Notice.Told, c.Late = v.Told, v.Late // what it does not say is not told
	}
	mail, err := d.compose(c, door, v.Items, now)
	if err != nil {
		d.Log.Error("a letter cannot be written", "letter", c.ID, "kind", c.Letter, "err", err)
		return notice.Report{Claimed: *c, Next: notice.Next{State: notice.Failed, Why: "render"}}
	}
	outcome := d.Send(ctx, mail)
	return d.became(c, door, outcome)
}

// ClaimMargin is the end of a claim in which no letter is begun any more.
const ClaimMargin = 11 * time.Minute

// became says what a letter becomes after an attempt.
func (d *Deliver) became(c *notice.Claimed, door *notice.Door, o notice.Outcome) notice.Report {
	now := d.Clock()
	attempt := notice.Attempt{Tries: c.Tries, Unsure: c.Unsure, HoldWhen: d.Policy.Letters[c.Letter].Unsure}
	r := notice.Report{Claimed: *c, Next: attempt.After(o, now), Code: o.Code}
	switch r.State {
	case notice.Sent, notice.Unsure, notice.Held:
		r.Told = c.Telling(door, now)
	case notice.Failed:
		if c.Role == notice.ToSeeker && o.Code >= 500 {
			r.Suppress = door.Address
		}
	}
	if r.State == notice.Deferred && d.NotOver != nil && r.Try.Before(d.NotOver()) {
		r.Try = d.NotOver()
	}
	if r.State != notice.Sent {
		d.Log.Debug("a letter did not go out", "letter", c.ID, "kind", c.Letter, "state", string(r.State), "code", o.Code, "why", r.Why, "tries", c.Tries)
	}
	return r
}

// released gives a claimed letter back, to be taken again at a time; the try is not counted.
func released(c *notice.Claimed, at time.Time) notice.Report {
	state := notice.Deferred
	if c.Unsure > 0 {
		state = notice.Unsure
	}
	return notice.Report{Claimed: *c, Released: true, Next: notice.Next{State: state, Try: at}}
}

// doors reads what is true now of each letter's person and matter, for a whole batch at once.
func (d *Deliver) doors(ctx context.Context, claimed []notice.Claimed) ([]notice.Door, error) {
	if err := d.Refresh(ctx, d.Clock()); err != nil {
		return nil, err
	}
	staff, err := d.Facts.Staff(ctx)
	if err != nil {
		return nil, err
	}
	var appointments, training, seekers []string
	for i := range claimed {
		c := &claimed[i]
		switch {
		case c.Role != notice.ToSeeker:
			for _, item := range c.Items {
				seekers = append(seekers, item.Seeker)
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
	day := calendar.DayOf(d.Clock(), d.Policy.Location)
	doors := make([]notice.Door, len(claimed))
	for i := range claimed {
		doors[i] = f.door(d.Policy, staff, &claimed[i], day)
	}
	return doors, nil
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

func (f *found) door(p *policy.Policy, staff *notice.Staff, c *notice.Claimed, day calendar.Day) notice.Door {
	door := notice.Door{Staff: staff, Staged: f.staged, Seekers: f.seekers}
	var person caseload.Seeker
	switch {
	case c.Role == notice.ToSeeker:
		if c.Letter == notice.MatterUpdate {
			if door.Matter = f.matters[c.Subject]; door.Matter != nil {
				person = door.Matter.Seeker
			}
		} else if door.Booking = f.bookings[c.Subject]; door.Booking != nil {
			person = door.Booking.Seeker
		}
		door.Address, door.Authority = person.Email, p.AuthorityOf(person.Municipality, day)
	default:
		team, coach := staff.Teams[c.To], staff.Coaches[c.To]
		door.Address = team.LeadEmail
		if coach.ID != "" {
			team = staff.Teams[coach.TeamID]
			if door.Address = coach.Email; coach.Gone {
				door.Address = ""
			}
		}
		door.Authority = p.AuthorityNamed(team.Authority)
	}
	return door
}
