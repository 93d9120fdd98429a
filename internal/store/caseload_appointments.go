package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"vireilla/internal/notice"
)

const appointmentQuery = `SELECT a.appointment_id, a.seeker_id, a.coach_id, a.kind, a.starts_at, a.minutes, a.mode,
	a.place, a.state, a.booked_at, a.changed_at, a.cancelled_at, a.rev, a.told_at, a.told_start, a.told_was, a.told_mode,
	a.told_place, a.told_sequence, a.told_cancelled <> 0, coalesce(x.email = s.email, false), ` + seekerColumns + `
	FROM appointment a JOIN seeker s ON s.seeker_id = a.seeker_id LEFT JOIN suppression x ON x.seeker_id = a.seeker_id
	WHERE a.gone_at = 0 AND s.gone_at = 0 AND `

func (l *Caseload) forAppointments(
	ctx context.Context, where string, args []any, visit func(*notice.AwakeBooking),
) error {
	err := forRows(ctx, l.db, appointmentQuery+where, args, func(r *sql.Rows) error {
		var b notice.AwakeBooking
		var t notice.ToldBooking
		a := &b.Appointment
		err := r.Scan(append([]any{&a.ID, &a.SeekerID, &a.CoachID, &a.Kind, moment{&a.StartsAt}, &a.Minutes, &a.Mode,
			&a.Place, &a.State, moment{&a.BookedAt}, moment{&a.ChangedAt}, moment{&a.CancelledAt}, &b.Rev, moment{&t.At},
			moment{&t.StartsAt}, moment{&t.Was}, &t.Mode, &t.Place, &t.Sequence, &t.Cancelled, &b.Suppressed},
			seekerFields(&b.Seeker)...)...)
		if err != nil {
			return err
		}
		if !t.At.IsZero() {
			b.Told = &t
		}
		visit(&b)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read appointments: %w", err)
	}
	return nil
}

func (l *Caseload) appointments(ctx context.Context, where string, args ...any) ([]notice.AwakeBooking, error) {
	var found []notice.AwakeBooking
	err := l.forAppointments(ctx, where, args, func(b *notice.AwakeBooking) { found = append(found, *b) })
	return found, err
}

// Ahead returns every appointment that starts, or was told to start, after now.
func (l *Caseload) Ahead(ctx context.Context, now time.Time) ([]notice.AwakeBooking, error) {
	return l.appointments(ctx, `(a.starts_at > $1 OR a.told_start > $1)
		ORDER BY a.starts_at, a.appointment_id`, millis(now))
}

// AheadOf is Ahead for one seeker.
func (l *Caseload) AheadOf(ctx context.Context, now time.Time, seeker string) ([]notice.AwakeBooking, error) {
	return l.appointments(ctx, `a.seeker_id = $2 AND (a.starts_at > $1 OR a.told_start > $1)
		ORDER BY a.starts_at, a.appointment_id`, millis(now), seeker)
}

// Soon returns the appointments that start between two instants.
func (l *Caseload) Soon(ctx context.Context, from, to time.Time) ([]notice.AwakeBooking, error) {
	return l.appointments(ctx, `a.starts_at > $1 AND a.starts_at < $2 ORDER BY a.starts_at, a.appointment_id`,
		millis(from), millis(to))
}

// Bookings returns the named appointments, without those that left the register.
func (l *Caseload) Bookings(ctx context.Context, ids []string) ([]notice.AwakeBooking, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	args := padded(ids)
	return l.appointments(ctx, `a.appointment_id IN `+l.list(1, len(args)), args...)
}
