package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
)

// Prepare makes the agenda ready for a day and a policy. It wakes all cases when the day is before the agenda's, or the
// policy is another.
func (a *Agenda) Prepare(ctx context.Context, on calendar.Day, policyID string) error {
	state := map[string]string{}
	read := func(r *sql.Rows) error {
		var name, value string
		err := r.Scan(&name, &value)
		state[name] = value
		return err
	}
	const query = `SELECT name, value FROM meta WHERE name IN ('agenda_day', 'agenda_policy')`
	err := forRows(ctx, a.db, query, nil, read)
	if err == nil && state["agenda_day"] == on.String() && state["agenda_policy"] == policyID {
		return nil
	}
	err = a.write(ctx, func(tx *sql.Tx) error {
		// Another process that prepares waits for this row.
		if _, err := tx.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES ('agenda_day', '')
			ON CONFLICT (name) DO UPDATE SET value = meta.value`); err != nil {
			return err
		}
		if err := forRows(ctx, tx, query, nil, read); err != nil {
			return err
		}
		if on.String() < state["agenda_day"] || state["agenda_policy"] != policyID {
			for _, q := range []string{
				`DELETE FROM wake WHERE wake_on <> ''`,
				`INSERT INTO wake (wake_on, seeker_id) SELECT '', seeker_id FROM seeker WHERE gone_at = 0 ON CONFLICT DO NOTHING`,
				`UPDATE appointment SET wake_at = 0
					WHERE gone_at = 0 AND seeker_id IN (SELECT seeker_id FROM seeker WHERE gone_at = 0)`,
				`UPDATE counter SET n = n + 1 WHERE name = 'import'`, // see asleep
			} {
				if _, err := tx.ExecContext(ctx, q); err != nil {
					return err
				}
			}
		}
		return errors.Join(setMeta(ctx, tx, "agenda_day", on.String()), setMeta(ctx, tx, "agenda_policy", policyID))
	})
	if err != nil {
		return fmt.Errorf("prepare the agenda: %w", err)
	}
	return nil
}

// Awake counts the cases that wake by a day, up to a limit.
func (a *Agenda) Awake(ctx context.Context, on calendar.Day, limit int) (n int, err error) {
	_, err = readOne(ctx, a.db, `SELECT count(*) FROM (SELECT 1 FROM wake WHERE wake_on <= $1 LIMIT $2) w`,
		[]any{on.String(), limit}, &n)
	if err != nil {
		return 0, fmt.Errorf("count the cases that wake: %w", err)
	}
	return n, nil
}

// asleep says that after so many imports no case wakes by a day. Refresh is called for every few letters, and a query
// would read past the deleted rows of those who woke just before.
type asleep struct {
	imports int64
	on      calendar.Day
}

// Refresh evaluates the cases that wake by a day, and no others, and writes what it finds. Several processes may do so
// at once: each takes a few hundred cases that no other has, and all return when none is left. A case that an import
// touches meanwhile wakes again.
func (a *Agenda) Refresh(ctx context.Context, on calendar.Day, evaluate func(*notice.Awake) notice.Agenda) error {
	imports, err := a.caseload.imports(ctx) // read before the cases: a later import is seen next time
	if all := (asleep{imports, on}); err != nil || a.asleep.Load() == all {
		return err
	}
	for {
		left, err := a.Awake(ctx, on, 1)
		if err == nil && left == 0 {
			a.asleep.Store(asleep{imports, on})
		}
		if err != nil || left == 0 {
			return err
		}
		if err := a.write(ctx, func(tx *sql.Tx) error { return a.refreshSome(ctx, tx, on, evaluate) }); err != nil {
			return fmt.Errorf("write the agenda: %w", err)
		}
	}
}

// waking is a row of table wake.
type waking struct{ on, seeker string }

func (a *Agenda) refreshSome(
	ctx context.Context, tx *sql.Tx, on calendar.Day, evaluate func(*notice.Awake) notice.Agenda,
) error {
	rows, err := a.takeWaking(ctx, tx, on)
	if err != nil || len(rows) == 0 {
		return err
	}
	var ids []string
	known := map[string]bool{}
	for _, r := range rows {
		if !known[r.seeker] {
			known[r.seeker] = true
			ids = append(ids, r.seeker)
		}
	}
	cases, err := a.caseload.cases(ctx, tx, ids)
	if err != nil {
		return err
	}
	found := make([]notice.Agenda, len(cases))
	var next []any
	for i := range cases {
		found[i] = evaluate(&cases[i])
		if found[i].Wake != 0 {
			next = append(next, found[i].Wake.String(), found[i].Seeker)
		}
	}
	if err := a.setAgenda(ctx, tx, found); err != nil {
		return err
	}
	return a.insert(ctx, tx, `INSERT INTO wake (wake_on, seeker_id) VALUES `, ` ON CONFLICT DO NOTHING`, 2, next)
}

// takeWaking deletes and returns the next few hundred rows that wake by a day. When other processes have locked all
// that are left, it waits for one of them and returns none.
func (a *Agenda) takeWaking(ctx context.Context, tx *sql.Tx, on calendar.Day) ([]waking, error) {
	const query = `SELECT wake_on, seeker_id FROM wake WHERE wake_on <= $1 ORDER BY wake_on, seeker_id LIMIT `
	rows, err := readAll(ctx, tx, query+fmt.Sprint(caseChunk)+a.skipLocked(), []any{on.String()},
		func(w *waking) []any { return []any{&w.on, &w.seeker} })
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, forRows(ctx, tx, query+`1`+a.forUpdate(), []any{on.String()}, func(*sql.Rows) error { return nil })
	}
	for from := 0; from < len(rows); {
		to := from + 1
		for to < len(rows) && rows[to].on == rows[from].on {
			to++
		}
		args := []any{rows[from].on}
		for _, r := range rows[from:to] {
			args = append(args, r.seeker)
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM wake WHERE wake_on = $1 AND seeker_id IN `+a.list(2, to-from), args...)
		if err != nil {
			return nil, err
		}
		from = to
	}
	return rows, nil
}

// AwakeBookings calls f with the appointments that wake by now, a few hundred at a time. f must not keep the slice.
func (a *Agenda) AwakeBookings(ctx context.Context, now time.Time, f func([]notice.AwakeBooking)) error {
	var part []notice.AwakeBooking
	err := a.caseload.forAppointments(ctx, `a.wake_at <= $1`, []any{millis(now)}, func(b *notice.AwakeBooking) {
		if part = append(part, *b); len(part) == caseChunk {
			f(part)
			part = part[:0]
		}
	})
	if err == nil && len(part) > 0 {
		f(part)
	}
	return err
}

// NextBooking returns the moment at which the next appointment wakes; the zero time when one is awake already.
func (a *Agenda) NextBooking(ctx context.Context) (at time.Time, found bool, err error) {
	var ms sql.NullInt64
	err = a.db.QueryRowContext(ctx, `SELECT min(wake_at) FROM appointment WHERE wake_at IS NOT NULL`).Scan(&ms)
	return instant(ms.Int64), ms.Valid, err
}

// Sleep sets when evaluated appointments wake next, except those that an import has touched since.
func (a *Agenda) Sleep(ctx context.Context, evaluated []notice.Evaluated) error {
	for part := range slices.Chunk(evaluated, caseChunk) {
		if err := a.write(ctx, func(tx *sql.Tx) error { return sleepSome(ctx, tx, part) }); err != nil {
			return fmt.Errorf("write when appointments wake: %w", err)
		}
	}
	return nil
}

func sleepSome(ctx context.Context, tx *sql.Tx, evaluated []notice.Evaluated) error {
	update, err := tx.PrepareContext(ctx, `UPDATE appointment SET wake_at = $1 WHERE appointment_id = $2 AND rev = $3`)
	if err != nil {
		return err
	}
	defer update.Close()
	for _, e := range evaluated {
		at := sql.NullInt64{Int64: millis(e.Wake), Valid: !e.Wake.IsZero()}
		if _, err := update.ExecContext(ctx, at, e.ID, e.Rev); err != nil {
			return err
		}
	}
	return nil
}
