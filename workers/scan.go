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

// Scan finds what is due by now and not yet told, and adds the letters to the outbox: facts -> plan -> outbox ->
// enqueue.
type Scan struct {
	Policy   *policy.Policy
	PolicyID string // version and fingerprint: with another one, every case is evaluated anew
	Store    ScanStore
	Enqueue  func(ctx context.Context, ids []int64) error
	Help     func(ctx context.Context, n int) error // asks others to evaluate cases too; nil where that brings nothing
	Trace    *Trace
	Log      *slog.Logger

	warned sync.Map // runs on hold that were logged
}

// ScanStore is what Scan needs of the database.
type ScanStore interface {
	// The agenda.
	Prepare(ctx context.Context, day calendar.Day, policyID string) error
	Awake(ctx context.Context, on calendar.Day, limit int) (int, error)
	Refresh(ctx context.Context, on calendar.Day, evaluate func(*notice.Awake) notice.Agenda) error
	EachStaged(ctx context.Context, yield func(notice.Staged) bool) error

	// The caseload.
	Staff(ctx context.Context) (*notice.Staff, error)
	CallFacts
	Clarifications(ctx context.Context) ([]notice.Matter, error)
	Decisions(ctx context.Context, from, to calendar.Day) ([]notice.Matter, error)
	AwakeBookings(ctx context.Context, now time.Time, yield func([]notice.AwakeBooking)) error
	Sleep(ctx context.Context, evaluated []notice.Evaluated) error

	// The outbox.
	Add(ctx context.Context, now time.Time, run notice.Run, plan notice.Plan) (notice.Added, error)
}

// A scan of more than 2 × share cases asks others for help, up to helpers of them, each with share cases to evaluate.
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

// Refresh evaluates the cases that wake by today, and no others: a day costs what is due that day.
func (s *Scan) Refresh(ctx context.Context, now time.Time) error {
	day := s.day(now)
	if err := s.Store.Prepare(ctx, day, s.PolicyID); err != nil {
		return err
	}
	return s.Store.Refresh(ctx, day, func(a *notice.Awake) notice.Agenda { return notice.Evaluate(s.Policy, a, day) })
}

// askForHelp asks others when many cases wake: after a change of policy, or on the morning after a long holiday.
// Refresh returns when no case is left, whoever evaluated it.
func (s *Scan) askForHelp(ctx context.Context, now time.Time) error {
	if s.Help == nil {
		return nil
	}
	if err := s.Store.Prepare(ctx, s.day(now), s.PolicyID); err != nil {
		return err
	}
	n, err := s.Store.Awake(ctx, s.day(now), (helpers+1)*share)
	if err != nil || n < 2*share {
		return err
	}
	if err := s.Help(ctx, n/share-1); err != nil {
		s.Log.Warn("nobody could be asked to evaluate cases too", "cases", n, "err", err)
	}
	return nil
}

func (s *Scan) digests(ctx context.Context, entry string, now time.Time) error {
	staff, err := s.Store.Staff(ctx)
	if err != nil {
		return err
	}
	var unread error
	staged := func(each func(notice.Staged) bool) { unread = s.Store.EachStaged(ctx, each) }
	var plan notice.Plan
	if entry == "leads" {
		plan = notice.Leads(now, s.Policy, staff, staged, plan)
	} else {
		phone, err := CallItems(ctx, s.Store, s.Policy, now)
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
	return s.add(ctx, entry, now, plan)
}

func (s *Scan) training(ctx context.Context, now time.Time) error {
	day := s.day(now)
	awaited, err := s.Store.Clarifications(ctx)
	if err != nil {
		return err
	}
	decided, err := s.Store.Decisions(ctx, day-calendar.Day(s.Policy.Appointments.DecisionNewsDays), day)
	if err != nil {
		return err
	}
	return s.add(ctx, "training", now, notice.Matters(now, s.Policy, append(awaited, decided...)))
}

// appointments reads part by part and keeps little more than ids. It adds all letters at once, because the guard counts
// what one call adds, and nothing may go out before it has counted.
func (s *Scan) appointments(ctx context.Context, now time.Time) error {
	var plan notice.Plan
	var evaluated []notice.Evaluated
	err := s.Store.AwakeBookings(ctx, now, func(awake []notice.AwakeBooking) {
		bookings := make([]notice.Booking, len(awake))
		for i := range awake {
			bookings[i] = awake[i].Booking
		}
		part, wake := notice.Appointments(now, s.Policy, bookings)
		plan.Add(part)
		for i := range awake {
			evaluated = append(evaluated, notice.Evaluated{ID: awake[i].ID, Rev: awake[i].Rev, Wake: wake[i]})
		}
	})
	if err != nil || len(evaluated) == 0 {
		return err
	}
	if err := s.add(ctx, "appointments", now, plan); err != nil {
		return err
	}
	return s.Store.Sleep(ctx, evaluated) // last: after a crash in between, the same keys are planned again
}

// add puts a plan into the outbox and enqueues what may go out.
func (s *Scan) add(ctx context.Context, kind string, now time.Time, plan notice.Plan) (err error) {
	run := notice.Run{Kind: kind, Day: s.day(now), Policy: s.Policy.Version, Guard: s.Policy.Guard}
	ctx, end := s.Trace.span(ctx, "add", slog.String("run", kind+"/"+run.Day.String()), slog.Int("planned", len(plan.Notices)))
	defer func() { end(err) }()
	crash.Here("plan")
	added, err := s.Store.Add(ctx, now, run, plan)
	if err != nil {
		return err
	}
	crash.Here("add")
	if added.Held > 0 {
		if _, known := s.warned.LoadOrStore(kind+"/"+run.Day.String(), true); !known { // the run grows with every scan
			s.Log.Warn("the guard holds a run: look at it, then release or withdraw it", "run", kind+"/"+run.Day.String(), "letters", added.Held)
		}
	}
	if len(added.IDs) > 0 {
		s.Log.Info("planned", "run", kind+"/"+run.Day.String(), "letters", len(added.IDs))
	}
	if err := s.Enqueue(ctx, added.IDs); err != nil {
		s.Log.Warn("new letters could not be enqueued; the next minute's tick does it", "letters", len(added.IDs), "err", err)
	}
	crash.Here("enqueue")
	return nil
}

func (s *Scan) day(now time.Time) calendar.Day { return calendar.DayOf(now, s.Policy.Location) }
