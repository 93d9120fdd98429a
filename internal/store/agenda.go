package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
)

// Prepare makes the agenda ready for a day and policy: when the day lies before the one it stands at, or the policy is another, everybody is woken.
func (s *Store) Prepare(ctx context.Context, on calendar.Day, policyID string) error {
	state := map[string]string{}
	read := func(r *sql.Rows) error {
		var name, value string
		err := r.Scan(&name, &value)
		state[name] = value
		return err
	}
	const query = `SELECT name, value FROM meta WHERE name IN ('agenda_day', 'agenda_policy')`
	err := s.often(ctx, query, nil, read)
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
			for _, q := range []string{`UPDATE seeker SET wake_on = ''`, `UPDATE appointment SET wake_at = 0`} {
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

func meta(ctx context.Context, q querier, name string) (value string, err error) {
	err = q.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = $1`, name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, err
}

func setMeta(ctx context.Context, q querier, name, value string) error {
	_, err := q.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	return err
}

// SetAgenda writes what was found for some cases. A case that an import touched in between stays awake and is looked at again.
func (s *Store) SetAgenda(ctx context.Context, found []notice.Agenda) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		asleep, err := tx.PrepareContext(ctx, `UPDATE seeker SET wake_on = $1 WHERE seeker_id = $2 AND rev = $3`)
		if err != nil {
			return err
		}
		defer asleep.Close()
		var ids, rows []any
		for i := range found {
			f := &found[i]
			wake := sql.NullString{String: f.Wake.String(), Valid: f.Wake != 0}
			result, err := asleep.ExecContext(ctx, wake, f.Seeker, f.Rev)
			if err != nil {
				return err
			}
			if n, err := result.RowsAffected(); err != nil {
				return err
			} else if n == 0 {
				continue // somebody else may have looked at the newer case already
			}
			ids = append(ids, f.Seeker)
			for _, o := range f.Obligations {
				rows = append(rows, o.Seeker, o.Rule, o.Subject, o.Anchor.String(), o.Era, o.Basis, o.DueStrict.String(), o.Due.String(), int(o.Stage), o.Owner, o.Coach, o.Weight)
			}
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM agenda WHERE seeker_id IN `+s.dia.list(1, len(ids)), ids...); err != nil {
			return err
		}
		return s.insertMany(ctx, tx, `INSERT INTO agenda (seeker_id, rule, subject, anchor, era, basis, due_strict, due, stage, owner, coach_id, weight) VALUES `, ``, 12, rows)
	})
	if err != nil {
		return fmt.Errorf("write the agenda: %w", err)
	}
	return nil
}

// insertMany inserts rows of so many columns, many at once.
func (s *Store) insertMany(ctx context.Context, q querier, head, tail string, columns int, values []any) error {
	const atOnce = 100
	for len(values) > 0 {
		n := min(atOnce, len(values)/columns)
		if _, err := q.ExecContext(ctx, head+s.dia.marks(n, columns)+tail, values[:n*columns]...); err != nil {
			return err
		}
		values = values[n*columns:]
	}
	return nil
}

const obligationColumns = `a.seeker_id, a.rule, a.subject, a.anchor, a.era, a.basis, a.due_strict, a.due, a.stage, a.owner, a.coach_id, a.weight`

func obligationFields(o *policy.Obligation) []any {
	return []any{&o.Seeker, &o.Rule, &o.Subject, day{&o.Anchor}, &o.Era, &o.Basis, day{&o.DueStrict}, day{&o.Due}, &o.Stage, &o.Owner, &o.Coach, &o.Weight}
}

// Staged gives the obligations that have something to say, with what was told of each; of all seekers, or of those named.
func (s *Store) Staged(ctx context.Context, seekers ...string) ([]notice.Staged, error) {
	where, args := `a.stage > 0`, []any(nil)
	if len(seekers) > 0 {
		args = filled(seekers)
		where = `a.seeker_id IN ` + s.dia.list(1, len(args))
	}
	var staged []notice.Staged
	err := s.often(ctx, `SELECT `+obligationColumns+`, coalesce(t.owner, ''), coalesce(t.stage, 0) FROM agenda a
		LEFT JOIN told t ON t.seeker_id = a.seeker_id AND t.rule = a.rule AND t.subject = a.subject AND t.anchor = a.anchor
		WHERE `+where+` ORDER BY a.seeker_id, a.rule, a.subject, a.anchor`, args, func(r *sql.Rows) error {
		var o policy.Obligation
		var owner string
		var stage policy.Stage
		if err := r.Scan(append(obligationFields(&o), &owner, &stage)...); err != nil {
			return err
		}
		if n := len(staged); n == 0 || staged[n-1].Obligation != o {
			staged = append(staged, notice.Staged{Obligation: o, Told: map[string]policy.Stage{}})
		}
		if owner != "" {
			staged[len(staged)-1].Told[owner] = stage
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the agenda: %w", err)
	}
	return staged, nil
}

// ToldPhone gives the stages that owners were told of by the digest items that are no rule.
func (s *Store) ToldPhone(ctx context.Context) (map[policy.Key]map[string]policy.Stage, error) {
	return s.told(ctx, `rule IN ('short_notice', 'reach_by_phone')`)
}

// Told gives the stages that owners were told of by an instant, of all obligations or of one seeker's.
func (s *Store) Told(ctx context.Context, by time.Time, seeker string) (map[policy.Key]map[string]policy.Stage, error) {
	return s.told(ctx, `told_at <= $1 AND ($2 = '' OR seeker_id = $2)`, millis(by), seeker)
}

func (s *Store) told(ctx context.Context, where string, args ...any) (map[policy.Key]map[string]policy.Stage, error) {
	told := map[policy.Key]map[string]policy.Stage{}
	err := each(ctx, s.db, `SELECT seeker_id, rule, subject, anchor, owner, stage FROM told WHERE `+where, args, func(r *sql.Rows) error {
		var k policy.Key
		var owner string
		var stage policy.Stage
		if err := r.Scan(&k.Seeker, &k.Rule, &k.Subject, day{&k.Anchor}, &owner, &stage); err != nil {
			return err
		}
		if told[k] == nil {
			told[k] = map[string]policy.Stage{}
		}
		told[k][owner] = stage
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read what was told: %w", err)
	}
	return told, nil
}
