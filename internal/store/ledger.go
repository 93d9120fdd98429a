package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
)

// Ledger owns who was told what: the stages that owners (coaches and teams) were told, and the version of each
// appointment that its seeker was told.
type Ledger struct{ *core }

// ToldPhone returns the stages that owners were told of the digest items that belong to no rule.
func (l *Ledger) ToldPhone(ctx context.Context) (map[policy.Key]map[string]policy.Stage, error) {
	return l.told(ctx, `rule IN ('short_notice', 'reach_by_phone')`)
}

// Told returns the latest stages that owners were told by an instant.
func (l *Ledger) Told(ctx context.Context, by time.Time) (map[policy.Key]map[string]policy.Stage, error) {
	return l.told(ctx, `told_at <= $1`, millis(by))
}

func (l *Ledger) told(ctx context.Context, where string, args ...any) (map[policy.Key]map[string]policy.Stage, error) {
	told := map[policy.Key]map[string]policy.Stage{}
	err := forRows(ctx, l.db, `SELECT seeker_id, rule, subject, anchor, owner, stage FROM told
		WHERE `+where, args, func(r *sql.Rows) error {
		var k policy.Key
		var owner string
		var stage policy.Stage
		if err := r.Scan(&k.Seeker, &k.Rule, &k.Subject, day{&k.Anchor}, &owner, &stage); err != nil {
			return err
		}
		if told[k] == nil {
			told[k] = map[string]policy.Stage{}
		}
		told[k][owner] = max(told[k][owner], stage)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read what was told: %w", err)
	}
	return told, nil
}

// Telling is a stage of an obligation that an owner (coach or team) was told, and when.
type Telling struct {
	policy.Key
	Owner string
	Stage policy.Stage
	At    time.Time
}

// ToldOf returns all that was told of one seeker by an instant, the oldest first.
func (l *Ledger) ToldOf(ctx context.Context, by time.Time, seeker string) ([]Telling, error) {
	told, err := readAll(ctx, l.db, `SELECT rule, subject, anchor, owner, stage, told_at FROM told
		WHERE seeker_id = $1 AND told_at <= $2 ORDER BY told_at, rule, subject, anchor, owner, stage`,
		[]any{seeker, millis(by)}, func(t *Telling) []any {
			t.Seeker = seeker
			return []any{&t.Rule, &t.Subject, day{&t.Anchor}, &t.Owner, &t.Stage, moment{&t.At}}
		})
	if err != nil {
		return nil, fmt.Errorf("read what was told: %w", err)
	}
	return told, nil
}

// AdoptTold records that owners know some items by other means.
func (l *Ledger) AdoptTold(ctx context.Context, at time.Time, told map[string][]notice.Item) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		for owner, items := range told {
			if err := l.recordItems(ctx, tx, at, owner, items); err != nil {
				return err
			}
		}
		return nil
	})
}

// Adopt records, for an office that begins to use the program, that appointments booked before a day were told by other
// means. usual is how many letters a run of each kind plans, and runs how many earlier days get such a run.
func (l *Ledger) Adopt(ctx context.Context, before time.Time, day calendar.Day, usual map[string]int, runs int) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE appointment
			SET told_at = CASE WHEN changed_at BETWEEN booked_at AND $1 THEN changed_at ELSE booked_at END,
				told_start = starts_at, told_mode = mode, told_place = place,
				told_cancelled = CASE WHEN state = 'cancelled' AND cancelled_at <= $1 THEN 1 ELSE 0 END
			WHERE told_at = 0 AND booked_at < $1`, millis(before))
		if err != nil {
			return err
		}
		for kind, n := range usual {
			for i := range runs {
				if _, err := tx.ExecContext(ctx, `INSERT INTO run (kind, day, planned, state, at)
					VALUES ($1, $2, $3, 'adopted', $4) ON CONFLICT DO NOTHING`,
					kind, (day - calendar.Day(i+1)).String(), n, millis(before)); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// recordItems records the items that an owner was told. Of an item that is listed twice it records the latest stage.
func (l *Ledger) recordItems(ctx context.Context, tx *sql.Tx, at time.Time, owner string, items []notice.Item) error {
	stages := map[policy.Key]policy.Stage{} // PostgreSQL does not write one row twice in a statement
	key := func(i notice.Item) policy.Key {
		return policy.Key{Seeker: i.Seeker, Rule: i.Rule, Subject: i.Subject, Anchor: i.Anchor}
	}
	for _, i := range items {
		stages[key(i)] = max(stages[key(i)], i.Stage)
	}
	var rows []any
	for _, i := range items {
		if stage, open := stages[key(i)]; open {
			rows = append(rows, i.Seeker, i.Rule, i.Subject, i.Anchor.String(), owner, int(stage), millis(at))
			delete(stages, key(i))
		}
	}
	return l.insert(ctx, tx, `INSERT INTO told (seeker_id, rule, subject, anchor, owner, stage, told_at) VALUES `,
		` ON CONFLICT DO NOTHING`, 7, rows)
}

// changedSince is true of an appointment that has changed since a letter told it. Whoever evaluated it while the letter
// was being sent compared it with what was told before; so it is evaluated again.
const changedSince = `gone_at = 0 AND (
	state = 'booked' AND (v.column8 = 1 OR starts_at <> v.column3 OR mode <> v.column5 OR place <> v.column6)
	OR state <> 'booked' AND v.column8 = 0)`

// recordAppointments records what letters told of appointments, and wakes the appointments that have changed since. Of
// several letters about one appointment the last counts. Rows are written in the order of ids, to avoid deadlocks.
func (l *Ledger) recordAppointments(ctx context.Context, tx *sql.Tx, told map[string]*notice.ToldBooking) error {
	if len(told) == 0 {
		return nil
	}
	var rows [][]any
	for _, id := range slices.Sorted(maps.Keys(told)) {
		t := told[id]
		rows = append(rows, []any{id, millis(t.At), millis(t.StartsAt), millis(t.Was), t.Mode, t.Place, int64(t.Sequence),
			boolean(t.Cancelled)})
	}
	text, args := l.values(`UPDATE appointment SET told_at = v.column2, told_start = v.column3, told_was = v.column4,
			told_mode = v.column5, told_place = v.column6, told_sequence = v.column7, told_cancelled = v.column8,
			rev = rev + CASE WHEN `+changedSince+` THEN 1 ELSE 0 END,
			wake_at = CASE WHEN `+changedSince+` THEN 0 ELSE wake_at END
		FROM (`, rows, `) v WHERE appointment.appointment_id = v.column1`)
	_, err := tx.ExecContext(ctx, text, args...)
	return err
}

// unsure is a letter that may have been sent; moments as in SQL.
type unsure struct {
	letter, subject string
	start, until    int64 // of the appointment; of the claim
}

// recordUnsure records what a letter about an appointment may have told. If the appointment has changed since the
// claim, only the start that the letter told is known; then the change is told.
func (l *Ledger) recordUnsure(ctx context.Context, tx *sql.Tx, at time.Time, u unsure) error {
	if notice.KindOf(u.letter).About != notice.AboutAppointment {
		return nil
	}
	_, err := tx.ExecContext(ctx, `UPDATE appointment SET told_at = $1, told_was = told_start, told_start = $2,
			told_mode = CASE WHEN changed_at <= $3 THEN mode ELSE '' END,
			told_place = CASE WHEN changed_at <= $3 THEN place ELSE '' END,
			told_sequence = CASE WHEN told_at = 0 THEN 0 ELSE told_sequence + 1 END, told_cancelled = $4
		WHERE appointment_id = $5
			AND NOT (told_at <> 0 AND (CAST($6 AS BIGINT) = 1 OR told_start = $2 AND told_cancelled = $4))`,
		millis(at), u.start, u.until-ClaimFor.Milliseconds(), boolean(u.letter == notice.AppointmentCancelled), u.subject,
		boolean(u.letter == notice.AppointmentReminder))
	return err
}
