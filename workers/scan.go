package workers

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/crash"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
)

// Scan finds what is due by now and not yet told, and books the letters: facts -> plan -> outbox -> ring.
type Scan struct {
	Policy   *policy.Policy
	PolicyID string // version and fingerprint: another policy looks at everybody anew
	Agenda   interface {
		Prepare(ctx context.Context, day calendar.Day, policyID string) error
		Awake(ctx context.Context, on calendar.Day, limit int) (int, error)
		Refresh(ctx context.Context, on calendar.Day, look func(*notice.Awake) notice.Agenda) error
	}
	Facts interface {
		Staff(ctx context.Context) (*notice.Staff, error)
		EachStaged(ctx context.Context, each func(notice.Staged) bool) error
		PhoneFacts
		Clarifications(ctx context.Context) ([]notice.Matter, error)
		Decisions(ctx context.Context, from, to calendar.Day) ([]notice.Matter, error)
	}
	Bookings interface {
		AwakeBookings(ctx context.Context, now time.Time, look func([]notice.AwakeBooking)) error
		Sleep(ctx context.Context, looked []notice.Evaluated) error
	}
	Outbox interface {
		Add(ctx context.Context, now time.Time, run notice.Run, plan notice.Plan) (notice.Added, error)
	}
	Enqueue func(ctx context.Context, ids []int64) error
	Help    func(ctx context.Context, n int) error // asks others to look at cases too; nil where that brings nothing
	Trace   *Trace
	Log     *slog.Logger

	warned sync.Map // of which held runs: run -> true
}

// A scan of more than so many cases is shared, with as many as have enough to do.
const (
	share   = 2000
	helpers = 7
)

// Run does the scan of an entry of the timetable: contacts, training, digests, leads or appointments.
func (s *Scan) Run(ctx context.Context, entry string, now time.Time) error {
	err := s.askForHelp(ctx, now)
	if err == nil {
		err = s.Refresh(ctx, now)
	}
	if err != nil {
		return fmt.Errorf("scan %s: %w", entry, err)
	}
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
	return s.Agenda.Refresh(ctx, day, func(a *notice.Awake) notice.Agenda { return notice.Evaluate(s.Policy, a, day) })
}

// askForHelp calls others when many cases wake: after a change of policy, or on the morning after a long holiday. Refresh returns when none is left, whoever looked.
func (s *Scan) askForHelp(ctx context.Context, now time.Time) error {
	if s.Help == nil {
		return nil
	}
	if err := s.Agenda.Prepare(ctx, s.day(now), s.PolicyID); err != nil {
		return err
	}
	n, err := s.Agenda.Awake(ctx, s.day(now), (helpers+1)*share)
	if err != nil || n < 2*share {
		return err
	}
	if err := unlessQueueDown(s.Help(ctx, n/share-1)); err != nil {
		s.Log.Warn("nobody could be asked for help", "cases", n, "err", err)
	}
	return nil
}

func (s *Scan) digests(ctx context.Context, entry string, now time.Time) error {
	staff, err := s.Facts.Staff(ctx)
	if err != nil {
		return err
	}
	var unread error
	staged := func(each func(notice.Staged) bool) { unread = s.Facts.EachStaged(ctx, each) }
	var plan notice.Plan
	if entry == "leads" {
		plan = notice.Leads(now, s.Policy, staff, staged, plan)
	} else {
		phone, err := PhoneItems(ctx, s.Facts, s.Policy, now)
		if err != nil {
			return err
		}
		plan = notice.Digests(now, s.Policy, staff, func(each func(notice.Staged) bool) {
			staged(each)
			slices.Values(phone)(each)
		})
	}
	if unread != nil {
		return unread
	}
	return s.book(ctx, entry, now, plan)
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

// appointments reads part by part, and of those that are looked at keeps little more than their ids; but it books all at once, for the guard counts what is booked and
// nothing may go out before that.
func (s *Scan) appointments(ctx context.Context, now time.Time) error {
	var plan notice.Plan
	var looked []notice.Evaluated
	err := s.Bookings.AwakeBookings(ctx, now, func(awake []notice.AwakeBooking) {
		bookings := make([]notice.Booking, len(awake))
		for i := range awake {
			bookings[i] = awake[i].Booking
		}
		part, wake := notice.Appointments(now, s.Policy, bookings)
		plan.Add(part)
		for i := range awake {
			looked = append(looked, notice.Evaluated{ID: awake[i].ID, Rev: awake[i].Rev, Wake: wake[i]})
		}
	})
	if err != nil || len(looked) == 0 {
		return err
	}
	if err := s.book(ctx, "appointments", now, plan); err != nil {
		return err
	}
	return s.Bookings.Sleep(ctx, looked) // after booking: a crash in between plans the same keys again
}

// book writes a plan down and rings for what may go out.
func (s *Scan) book(ctx context.Context, kind string, now time.Time, plan notice.Plan) (err error) {
	run := notice.Run{Kind: kind, Day: s.day(now), Policy: s.Policy.Version, Guard: s.Policy.Guard}
	ctx, end := s.Trace.span(ctx, "book", slog.String("run", kind+"/"+run.Day.String()), slog.Int("planned", len(plan.Notices)))
	defer func() { end(err) }()
	crash.Here("plan")
	added, err := s.Outbox.Add(ctx, now, run, plan)
	if err != nil {
		return err
	}
	crash.Here("add")
	if added.Held > 0 {
		if _, known := s.warned.LoadOrStore(kind+"/"+run.Day.String(), true); !known { // it grows with every scan
			s.Log.Warn("the guard holds a run: look at it, then release or withdraw it", "run", kind+"/"+run.Day.String(), "letters", added.Held)
		}
	}
	if len(added.IDs) > 0 {
		s.Log.Info("planned", "run", kind+"/"+run.Day.String(), "letters", len(added.IDs))
	}
	if err := unlessQueueDown(s.Enqueue(ctx, added.IDs)); err != nil {
		s.Log.Warn("could not ring; the sweep will", "letters", len(added.IDs), "err", err)
	}
	crash.Here("enqueue")
	return nil
}

func (s *Scan) day(now time.Time) calendar.Day { return calendar.DayOf(now, s.Policy.Location) }
