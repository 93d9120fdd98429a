package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
)

// Prepare makes the agenda ready for a day and policy: when the day lies before the one it stands at, or the policy is another, everybody is woken.
func (s *DB) Prepare(ctx context.Context, on calendar.Day, policyID string) error {
	state := map[string]string{}
	read := func(r *sql.Rows) error {
		var name, value string
		err := r.Scan(&name, &value)
		state[name] = value
		return err
	}
	const query = `SELECT name, value FROM meta WHERE name IN ('agenda_day', 'agenda_policy')`
	err := each(ctx, s.db, query, nil, read)
	if err == nil && state["agenda_day"] == on.String() && state["agenda_policy"] == policyID {
		return nil
	}
	err = s.write(ctx, func(tx *sql.Tx) error {
		// Whoever else prepares waits for this row.
		if _, err := tx.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES ('agenda_day', '') ON CONFLICT (name) DO UPDATE SET value = meta.value`); err != nil {
			return err
		}
		if err := each(ctx, tx, query, nil, read); err != nil {
			return err
		}
		if on.String() < state["agenda_day"] || state["agenda_policy"] != policyID {
			for _, q := range []string{
				`DELETE FROM wake WHERE wake_on <> ''`,
				`INSERT INTO wake (wake_on, seeker_id) SELECT '', seeker_id FROM seeker WHERE gone_at = 0 ON CONFLICT DO NOTHING`,
				`UPDATE appointment SET wake_at = 0 WHERE gone_at = 0 AND seeker_id IN (SELECT seeker_id FROM seeker WHERE gone_at = 0)`,
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

// Awake tells how many cases wake by a day; it counts no further than to a limit.
func (s *DB) Awake(ctx context.Context, on calendar.Day, limit int) (n int, err error) {
	err = each(ctx, s.db, `SELECT count(*) FROM (SELECT 1 FROM wake WHERE wake_on <= $1 LIMIT $2) w`, []any{on.String(), limit}, func(r *sql.Rows) error { return r.Scan(&n) })
	if err != nil {
		return 0, fmt.Errorf("read who wakes: %w", err)
	}
	return n, nil
}

// Refresh looks at the cases that wake by a day, and at no others, and writes down what is found. Several may do so at once: each takes a few hundred cases at a
// time that nobody else has, and all return when none is left. A case that an import touches meanwhile wakes again behind it.
func (s *DB) Refresh(ctx context.Context, on calendar.Day, look func(*notice.Awake) notice.Agenda) error {
	imports, err := s.imports(ctx) // before it is looked who wakes: what comes later is looked at next time
	if all := (asleep{imports, on}); err != nil || s.asleep.Load() == all {
		return err
	}
	for {
		left, err := s.Awake(ctx, on, 1)
		if err == nil && left == 0 {
			s.asleep.Store(asleep{imports, on})
		}
		if err != nil || left == 0 {
			return err
		}
		if err := s.write(ctx, func(tx *sql.Tx) error { return s.refreshSome(ctx, tx, on, look) }); err != nil {
			return fmt.Errorf("write the agenda: %w", err)
		}
	}
}

// asleep says that behind so many imports nobody is awake on a day. It is asked for each few letters, and the rows of those who woke just before lie in the way of a look.
type asleep struct {
	imports int64
	on      calendar.Day
}

// chunkSize is how many cases are looked at together.
const chunkSize = 500

// waking is a row of table wake.
type waking struct{ on, seeker string }

func (s *DB) refreshSome(ctx context.Context, tx *sql.Tx, on calendar.Day, look func(*notice.Awake) notice.Agenda) error {
	rows, err := s.take(ctx, tx, on)
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
	cases, err := s.cases(ctx, tx, ids)
	if err != nil {
		return err
	}
	found := make([]notice.Agenda, len(cases))
	var next []any
	for i := range cases {
		found[i] = look(&cases[i])
		if found[i].Wake != 0 {
			next = append(next, found[i].Wake.String(), found[i].Seeker)
		}
	}
	if err := s.setAgenda(ctx, tx, found); err != nil {
		return err
	}
	return s.insertMany(ctx, tx, `INSERT INTO wake (wake_on, seeker_id) VALUES `, ` ON CONFLICT DO NOTHING`, 2, next)
}

// take takes the next few hundred rows of those that wake by a day out of the table; when others have all that are left, it waits for one of them and takes none.
func (s *DB) take(ctx context.Context, tx *sql.Tx, on calendar.Day) (rows []waking, err error) {
	read := func(r *sql.Rows) error {
		var w waking
		err := r.Scan(&w.on, &w.seeker)
		rows = append(rows, w)
		return err
	}
	const waking = `SELECT wake_on, seeker_id FROM wake WHERE wake_on <= $1 ORDER BY wake_on, seeker_id LIMIT `
	if err := each(ctx, tx, waking+fmt.Sprint(chunkSize)+s.dia.forUpdate(true), []any{on.String()}, read); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, each(ctx, tx, waking+`1`+s.dia.forUpdate(false), []any{on.String()}, func(*sql.Rows) error { return nil })
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
		if _, err := tx.ExecContext(ctx, `DELETE FROM wake WHERE wake_on = $1 AND seeker_id IN `+s.dia.list(2, to-from), args...); err != nil {
			return nil, err
		}
		from = to
	}
	return rows, nil
}
