package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"vireilla/internal/notice"
)

// FreeStuck makes letters whose claim has ended unsure: whoever held them died, and perhaps handed them over. A second time a person decides, and at once for the
// letters of which the policy says so (hold). What such a letter tells of an appointment counts as told, so that whatever comes next is told as a change. It
// gives how many were freed.
func (s *DB) FreeStuck(ctx context.Context, wall time.Time, hold []string) (n int, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		var freed []stuck
		err := each(ctx, tx, `UPDATE notice SET changed_at = $1, next_try = $2, why = 'crash', unsure = unsure + 1, fence = fence + 1,
				state = CASE WHEN unsure > 0 OR letter IN `+s.dia.list(3, len(hold))+` THEN 'held' ELSE 'unsure' END
			WHERE state = 'sending' AND claimed_until <= $1
			RETURNING letter, subject, start_at, claimed_until`,
			append([]any{millis(wall), millis(wall.Add(notice.UnsureWait))}, anys(hold)...), func(r *sql.Rows) error {
				var f stuck
				err := r.Scan(&f.letter, &f.subject, &f.start, &f.until)
				freed = append(freed, f)
				return err
			})
		if err != nil {
			return err
		}
		for _, f := range freed {
			if err := f.toldPerhaps(ctx, tx, wall); err != nil {
				return err
			}
		}
		n = len(freed)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("free the stuck: %w", err)
	}
	return n, nil
}

// stuck is a letter whose worker died; moments as in SQL.
type stuck struct {
	letter, subject string
	start, until    int64
}

// toldPerhaps keeps what a letter about an appointment has perhaps told. Of an appointment that changed since the claim only the start is known, so that the
// change is told.
func (f *stuck) toldPerhaps(ctx context.Context, tx *sql.Tx, wall time.Time) error {
	if notice.KindOf(f.letter).About != notice.AboutAppointment {
		return nil
	}
	_, err := tx.ExecContext(ctx, `UPDATE appointment SET told_at = $1, told_was = told_start, told_start = $2,
			told_mode = CASE WHEN changed_at <= $3 THEN mode ELSE '' END, told_place = CASE WHEN changed_at <= $3 THEN place ELSE '' END,
			told_sequence = CASE WHEN told_at = 0 THEN 0 ELSE told_sequence + 1 END, told_cancelled = $4
		WHERE appointment_id = $5 AND NOT (told_at <> 0 AND (CAST($6 AS BIGINT) = 1 OR told_start = $2 AND told_cancelled = $4))`,
		millis(wall), f.start, f.until-ClaimFor.Milliseconds(), boolean(f.letter == notice.AppointmentCancelled), f.subject, boolean(f.letter == notice.AppointmentReminder))
	return err
}
