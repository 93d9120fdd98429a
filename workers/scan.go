package workers

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
)

// Scan finds what is due by now and not yet told, and books the letters: facts -> plan -> outbox -> ring.
type Scan struct {
	Policy   *policy.Policy
	PolicyID string // version and fingerprint: another policy looks at everybody anew
	Agenda   interface {
		Prepare(ctx context.Context, day calendar.Day, policyID string) error
		Awake(ctx context.Context, on calendar.Day) ([]notice.Awake, error)
		SetAgenda(ctx context.Context, found []notice.Agenda) error
	}
	Facts interface {
		Staff(ctx context.Context) (*notice.Staff, error)
		Staged(ctx context.Context, seekers ...string) ([]notice.Staged, error)
		PhoneFacts
		Clarifications(ctx context.Context) ([]notice.Matter, error)
		Decisions(ctx context.Context, from, to calendar.Day) ([]notice.Matter, error)
	}
	Bookings interface {
		AwakeBookings(ctx context.Context, now time.Time) ([]notice.AwakeBooking, error)
		Sleep(ctx context.Context, bookings []notice.AwakeBooking, wake []time.Time) error
	}
	Outbox interface {
		Add(ctx context.Context, now time.Time, run notice.Run, plan notice.Plan) (notice.Added, error)
	}
	Ring func(ctx context.Context, ids []int64) error
	Log  *slog.Logger
}

// Run does the scan of an entry of the timetable: contacts, training, digests, leads or appointments.
func (s *Scan) Run(ctx context.Context, entry string, now time.Time) error {
	if err := s.Refresh(ctx, now); err != nil {
		return fmt.Errorf("scan %s: %w", entry, err)
	}
	var err error
	switch entry {
	case "contacts": // the agenda is all that it is for: the digest reads it
	case "training":
		err = s.training(ctx, now)
	case "digests", "leads":
		err = s.digests(ctx, entry, now)
	case "appointments":
		err = s.appointments(ctx, now)
	default:
		err = fmt.Errorf("no such entry")
	}
	if err != nil {
		return fmt.Errorf("scan %s: %w", entry, err)
	}
	return nil
}

// Refresh looks at the cases that wake by today, and at no others: a day costs what is due that day.
func (s *Scan) Refresh(ctx context.Context, now time.Time) error {
	day := s.day(now)
	if err := s.Agenda.Prepare(ctx, day, s.PolicyID); err != nil {
		return err
	}
	for {
		awake, err := s.Agenda.Awake(ctx, day)
		if err != nil || len(awake) == 0 {
			return err
		}
		found := make([]notice.Agenda, len(awake))
		for i := range awake {
			found[i] = notice.Look(s.Policy, &awake[i], day)
		}
		if err := s.Agenda.SetAgenda(ctx, found); err != nil {
			return err
		}
	}
}

func (s *Scan) digests(ctx context.Context, entry string, now time.Time) error {
	staff, err := s.Facts.Staff(ctx)
	if err != nil {
		return err
	}
	staged, err := s.Facts.Staged(ctx)
	if err != nil {
		return err
	}
	if entry == "leads" {
		return s.book(ctx, entry, now, notice.Leads(now, s.Policy, staff, staged))
	}
	phone, err := PhoneItems(ctx, s.Facts, s.Policy, now)
	if err != nil {
		return err
	}
	return s.book(ctx, entry, now, notice.Digests(now, s.Policy, staff, append(staged, phone...)))
}

func (s *Scan) training(ctx context.Context, now time.Time) error {
	day := s.day(now)
	awaited, err := s.Facts.Clarifications(ctx)
	if err != nil {
		return err
	}
	decided, err := s.Facts.Decisions(ctx, day-calendar.Day(s.Policy.Appointments.DecisionNewsDays), day)
	if err != nil {
		return err
	}
	return s.book(ctx, "training", now, notice.Matters(now, s.Policy, append(awaited, decided...)))
}

func (s *Scan) appointments(ctx context.Context, now time.Time) error {
	for {
		awake, err := s.Bookings.AwakeBookings(ctx, now)
		if err != nil || len(awake) == 0 {
			return err
		}
		bookings := make([]notice.Booking, len(awake))
		for i := range awake {
			bookings[i] = awake[i].Booking
		}
		plan, wake := notice.Appointments(now, s.Policy, bookings)
		if err := s.book(ctx, "appointments", now, plan); err != nil {
			return err
		}
		if err := s.Bookings.Sleep(ctx, awake, wake); err != nil { // after booking: a crash in between plans the same keys again
			return err
		}
	}
}

// book writes a plan down and rings for what may go out.
func (s *Scan) book(ctx context.Context, kind string, now time.Time, plan notice.Plan) error {
	run := notice.Run{Kind: kind, Day: s.day(now), Policy: s.Policy.Version, Guard: s.Policy.Guard}
	added, err := s.Outbox.Add(ctx, now, run, plan)
	if err != nil {
		return err
	}
	if added.Held > 0 {
		s.Log.Warn("the guard holds a run: look at it, then release or withdraw it", "run", kind+"/"+run.Day.String(), "letters", added.Held)
	}
	if len(added.IDs) > 0 {
		s.Log.Info("planned", "run", kind+"/"+run.Day.String(), "letters", len(added.IDs))
	}
	if err := s.Ring(ctx, added.IDs); err != nil {
		s.Log.Warn("could not ring; the sweep will", "letters", len(added.IDs), "err", err)
	}
	return nil
}

func (s *Scan) day(now time.Time) calendar.Day { return calendar.DayOf(now, s.Policy.Location) }
