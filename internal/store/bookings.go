package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
)

// Booking is an appointment to be looked at; Rev goes back with the next moment to do so.
type Booking = notice.AwakeBooking

const bookingQuery = `SELECT a.appointment_id, a.seeker_id, a.coach_id, a.kind, a.starts_at, a.minutes, a.mode, a.place, a.state, a.booked_at, a.changed_at,
	a.cancelled_at, a.rev, a.told_at, a.told_start, a.told_was, a.told_mode, a.told_place, a.told_sequence, a.told_cancelled <> 0, coalesce(x.email = s.email, false), ` + seekerColumns + `
	FROM appointment a JOIN seeker s ON s.seeker_id = a.seeker_id LEFT JOIN suppression x ON x.seeker_id = a.seeker_id
	WHERE a.gone_at = 0 AND s.gone_at = 0 AND `

func (s *DB) bookings(ctx context.Context, where string, args ...any) (found []Booking, err error) {
	err = s.eachBooking(ctx, where, args, func(b *Booking) { found = append(found, *b) })
	return found, err
}

func (s *DB) eachBooking(ctx context.Context, where string, args []any, look func(*Booking)) error {
	err := each(ctx, s.db, bookingQuery+where, args, func(r *sql.Rows) error {
		var b Booking
		var t notice.ToldBooking
		a := &b.Appointment
		err := r.Scan(append([]any{&a.ID, &a.SeekerID, &a.CoachID, &a.Kind, moment{&a.StartsAt}, &a.Minutes, &a.Mode, &a.Place, &a.State, moment{&a.BookedAt},
			moment{&a.ChangedAt}, moment{&a.CancelledAt}, &b.Rev, moment{&t.At}, moment{&t.StartsAt}, moment{&t.Was}, &t.Mode, &t.Place, &t.Sequence, &t.Cancelled, &b.Suppressed},
			seekerFields(&b.Seeker)...)...)
		if err != nil {
			return err
		}
		if !t.At.IsZero() {
			b.Told = &t
		}
		look(&b)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read appointments: %w", err)
	}
	return nil
}

// AwakeBookings hands out the appointments to be looked at by `now`, some hundred at a time.
func (s *DB) AwakeBookings(ctx context.Context, now time.Time, look func([]Booking)) error {
	var part []Booking
	err := s.eachBooking(ctx, `a.wake_at <= $1`, []any{millis(now)}, func(b *Booking) {
		if part = append(part, *b); len(part) == chunkSize {
			look(part)
			part = part[:0]
		}
	})
	if err == nil && len(part) > 0 {
		look(part)
	}
	return err
}

// Ahead gives every appointment that starts, or was told to start, after `now`.
func (s *DB) Ahead(ctx context.Context, now time.Time) ([]Booking, error) {
	return s.bookings(ctx, `(a.starts_at > $1 OR a.told_start > $1) ORDER BY a.starts_at, a.appointment_id`, millis(now))
}

// AheadOf gives what Ahead gives, of one seeker.
func (s *DB) AheadOf(ctx context.Context, now time.Time, seeker string) ([]Booking, error) {
	return s.bookings(ctx, `a.seeker_id = $2 AND (a.starts_at > $1 OR a.told_start > $1) ORDER BY a.starts_at, a.appointment_id`, millis(now), seeker)
}

// Soon gives the booked appointments that start between two instants.
func (s *DB) Soon(ctx context.Context, from, to time.Time) ([]Booking, error) {
	return s.bookings(ctx, `a.starts_at > $1 AND a.starts_at < $2 ORDER BY a.starts_at, a.appointment_id`, millis(from), millis(to))
}

// Bookings gives the named appointments, as far as they live.
func (s *DB) Bookings(ctx context.Context, ids []string) ([]Booking, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	args := filled(ids)
	return s.bookings(ctx, `a.appointment_id IN `+s.dia.list(1, len(args)), args...)
}

const matterQuery = `SELECT ` + trainingColumns + `, coalesce(x.email = s.email, false), ` + seekerColumns + `
	FROM training t JOIN seeker s ON s.seeker_id = t.seeker_id LEFT JOIN suppression x ON x.seeker_id = t.seeker_id
	WHERE t.gone_at = 0 AND s.gone_at = 0 AND `

func (s *DB) matters(ctx context.Context, where string, args ...any) ([]notice.Matter, error) {
	var found []notice.Matter
	err := each(ctx, s.db, matterQuery+where, args, func(r *sql.Rows) error {
		var m notice.Matter
		err := r.Scan(append(append(trainingFields(&m.Training), &m.Suppressed), seekerFields(&m.Seeker)...)...)
		found = append(found, m)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read training: %w", err)
	}
	return found, nil
}

// Decisions gives the cases whose decision was notified between two days, both inclusive.
func (s *DB) Decisions(ctx context.Context, from, to calendar.Day) ([]notice.Matter, error) {
	return s.matters(ctx, `t.notified_on >= $1 AND t.notified_on <= $2 AND t.notified_on <> '' ORDER BY t.training_id`, from.String(), to.String())
}

// Clarifications gives the cases in which the agenda awaits a clarification from the seeker that is upcoming or due.
func (s *DB) Clarifications(ctx context.Context) ([]notice.Matter, error) {
	var due []policy.Obligation
	known := words{}
	err := each(ctx, s.db, `SELECT `+obligationColumns+` FROM agenda a WHERE a.rule = 'clarification' AND a.stage IN (1, 2)`, nil, func(r *sql.Rows) error {
		var o policy.Obligation
		err := r.Scan(known.obligation(&o)...)
		due = append(due, o)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read clarifications: %w", err)
	}
	return s.Awaited(ctx, due)
}

// Awaited gives the cases of some clarifications.
func (s *DB) Awaited(ctx context.Context, due []policy.Obligation) ([]notice.Matter, error) {
	var all []notice.Matter
	for len(due) > 0 {
		part := due[:min(500, len(due))]
		due = due[len(part):]
		by := map[string]*policy.Obligation{}
		var ids []string
		for i := range part {
			by[part[i].Subject] = &part[i]
			ids = append(ids, part[i].Subject)
		}
		matters, err := s.Matters(ctx, ids)
		if err != nil {
			return nil, err
		}
		for i := range matters {
			matters[i].Clarification = by[matters[i].ID]
		}
		all = append(all, matters...)
	}
	return all, nil
}

// Matters gives the named training cases without their obligations.
func (s *DB) Matters(ctx context.Context, ids []string) ([]notice.Matter, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	args := filled(ids)
	return s.matters(ctx, `t.training_id IN `+s.dia.list(1, len(args))+` ORDER BY t.training_id`, args...)
}

// Seekers gives the named living seekers by id.
func (s *DB) Seekers(ctx context.Context, ids []string) (map[string]caseload.Seeker, error) {
	found := map[string]caseload.Seeker{}
	for len(ids) > 0 {
		part := ids[:min(500, len(ids))]
		ids = ids[len(part):]
		args := filled(part)
		err := each(ctx, s.db, `SELECT `+seekerColumns+` FROM seeker s WHERE s.gone_at = 0 AND s.seeker_id IN `+s.dia.list(1, len(args)), args, func(r *sql.Rows) error {
			var k caseload.Seeker
			err := r.Scan(seekerFields(&k)...)
			found[k.ID] = k
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read seekers: %w", err)
		}
	}
	return found, nil
}

// Unwritten gives the letters that were not written for a reason, and about which a coach can still do something.
func (s *DB) Unwritten(ctx context.Context, now time.Time) ([]notice.Skip, error) {
	found, err := s.skips(ctx, `until > $1 AND at <= $1`, millis(now))
	slices.SortFunc(found, func(a, b notice.Skip) int { return strings.Compare(a.Key, b.Key) }) // told to sort, SQLite goes through all of them by key
	return found, err
}

func (s *DB) skips(ctx context.Context, where string, args ...any) ([]notice.Skip, error) {
	var found []notice.Skip
	err := each(ctx, s.db, `SELECT key, letter, to_id, subject, why, until FROM skip WHERE `+where, args, func(r *sql.Rows) error {
		var k notice.Skip
		err := r.Scan(&k.Key, &k.Letter, &k.To, &k.Subject, &k.Why, moment{&k.Until})
		found = append(found, k)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read skips: %w", err)
	}
	return found, nil
}
