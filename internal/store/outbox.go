package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"vireilla/internal/notice"
)

// Run names a run of the day: what kind, on which local day, under which policy, and the blast guard it stands under.
type Run = notice.Run

// Add books what a run planned: notices whose key is new become pending, or held when the guard says so; skips are kept for the coaches. A letter
// that was withdrawn before any try may be planned again, and one that its address refused: it is planned only when the seeker has another. It gives the ids of the letters that may go out.
func (s *DB) Add(ctx context.Context, now time.Time, run Run, plan notice.Plan) (added notice.Added, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		added = notice.Added{}
		if err := s.addSkips(ctx, tx, now, plan.Skips); err != nil {
			return err
		}
		if len(plan.Notices) == 0 {
			return touchRun(ctx, tx, now, run, 0)
		}
		last, err := lastID(ctx, tx, len(plan.Notices))
		if err != nil {
			return err
		}
		if added.IDs, err = s.addNotices(ctx, tx, now, run, last, plan.Notices); err != nil {
			return err
		}
		if err := touchRun(ctx, tx, now, run, len(added.IDs)); err != nil {
			return err
		}
		added.Held, err = guard(ctx, tx, now, run)
		if added.Held > 0 {
			added.IDs = nil
		}
		return err
	})
	if err != nil {
		return added, fmt.Errorf("book %s/%s: %w", run.Kind, run.Day, err)
	}
	return added, nil
}

// lastID takes n ids and gives the last of them.
func lastID(ctx context.Context, tx *sql.Tx, n int) (last int64, err error) {
	err = tx.QueryRowContext(ctx, `UPDATE counter SET n = n + $1 WHERE name = 'notice' RETURNING n`, n).Scan(&last)
	return last, err
}

// addNotices gives the ids of those whose key is new. A scan may plan a hundred thousand: many go in one statement, and their texts are made for no more than that.
func (s *DB) addNotices(ctx context.Context, tx *sql.Tx, now time.Time, run Run, last int64, notices []notice.Notice) (ids []int64, err error) {
	seen := map[string]bool{}
	for part := range slices.Chunk(notices, atOnce) {
		var rows []any
		for i := range part {
			n := &part[i]
			id := last
			last--
			if seen[n.Key] {
				continue // PostgreSQL does not write one row twice in a statement
			}
			seen[n.Key] = true
			items, told, err := texts(n)
			if err != nil {
				return nil, err
			}
			rows = append(rows, id, n.Key, n.Letter, n.Role, n.To, n.Subject, n.Language, millis(n.SendAt), millis(n.SendAt), millis(n.Expires), millis(n.Start),
				items, told, n.Rest, n.Late, run.Kind+"/"+run.Day.String(), run.Policy, millis(now), millis(now), string(notice.Pending))
		}
		fresh, err := s.addSome(ctx, tx, rows)
		if err != nil {
			return nil, err
		}
		ids = append(ids, fresh...)
	}
	return ids, nil
}

// texts gives what a notice lists and tells, as they are kept. Often they are the same.
func texts(n *notice.Notice) (items, told string, err error) {
	if items, err = notice.EncodeItems(n.Items); err != nil || len(n.Told) == 0 {
		return items, "", err
	}
	if len(n.Told) == len(n.Items) && &n.Told[0] == &n.Items[0] {
		return items, items, nil
	}
	told, err = notice.EncodeItems(n.Told)
	return items, told, err
}

// addSome writes rows that go in one statement.
func (s *DB) addSome(ctx context.Context, tx *sql.Tx, rows []any) (ids []int64, err error) {
	const columns = 20
	if len(rows) == 0 {
		return nil, nil
	}
	err = each(ctx, tx, `INSERT INTO notice (id, key, letter, role, to_id, subject, language, send_at, next_try, expires_at, start_at,
				items, told, rest, late, run, policy, planned_at, changed_at, state) VALUES `+s.dia.marks(len(rows)/columns, columns)+`
			ON CONFLICT (key) DO UPDATE SET state = 'pending', why = '', letter = excluded.letter, role = excluded.role, to_id = excluded.to_id, subject = excluded.subject,
				language = excluded.language, send_at = excluded.send_at, next_try = excluded.next_try, expires_at = excluded.expires_at, start_at = excluded.start_at,
				items = excluded.items, told = excluded.told, rest = excluded.rest, late = excluded.late, run = excluded.run, changed_at = excluded.changed_at, released = 0
				WHERE notice.state = 'withdrawn' AND notice.unsure = 0 AND notice.why NOT IN ('by_hand', 'erased')
					OR notice.state = 'failed' AND notice.code >= 500 AND notice.role = 'seeker'
			RETURNING id`, rows, func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

func (s *DB) addSkips(ctx context.Context, tx *sql.Tx, now time.Time, skips []notice.Skip) error {
	var rows []any
	seen := map[string]bool{}
	for _, k := range skips {
		if k.Key == "" || seen[k.Key] {
			continue
		}
		seen[k.Key] = true
		rows = append(rows, k.Key, k.Letter, k.To, k.Subject, k.Why, millis(now), millis(k.Until))
	}
	return s.insertMany(ctx, tx, `INSERT INTO skip (key, letter, to_id, subject, why, at, until) VALUES `,
		` ON CONFLICT (key) DO UPDATE SET why = excluded.why, until = excluded.until WHERE skip.why <> excluded.why OR skip.until <> excluded.until`, 7, rows)
}

func touchRun(ctx context.Context, tx *sql.Tx, now time.Time, run Run, planned int) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO run (kind, day, planned, state, at) VALUES ($1, $2, $3, 'open', $4)
		ON CONFLICT (kind, day) DO UPDATE SET planned = run.planned + excluded.planned, at = excluded.at`, run.Kind, run.Day.String(), planned, millis(now))
	return err
}

// guard holds a run when it plans more than the guard allows: all that is not out yet, tried before or not. What a person released does not count, and goes out. It
// gives how many letters are held.
func guard(ctx context.Context, tx *sql.Tx, now time.Time, run Run) (int, error) {
	var planned int
	if err := tx.QueryRowContext(ctx, `SELECT planned - released FROM run WHERE kind = $1 AND day = $2`, run.Kind, run.Day.String()).Scan(&planned); err != nil {
		return 0, err
	}
	var last []int
	err := each(ctx, tx, `SELECT planned FROM run WHERE kind = $1 AND day < $2 AND state <> 'held' ORDER BY day DESC LIMIT `+fmt.Sprint(run.Guard.Runs),
		[]any{run.Kind, run.Day.String()}, func(r *sql.Rows) error {
			var n int
			err := r.Scan(&n)
			last = append(last, n)
			return err
		})
	if err != nil || planned <= notice.GuardLimit(run.Guard.Floor, run.Guard.Times, last) {
		return 0, err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE run SET state = 'held' WHERE kind = $1 AND day = $2`, run.Kind, run.Day.String()); err != nil {
		return 0, err
	}
	result, err := tx.ExecContext(ctx, `UPDATE notice SET state = 'held', why = $1, changed_at = $2
		WHERE run = $3 AND state IN ('pending', 'deferred', 'unsure') AND released = 0`, notice.HeldByGuard, millis(now), run.Kind+"/"+run.Day.String())
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// Known tells which keys stood in the outbox by an instant (in any state but withdrawn).
func (s *DB) Known(ctx context.Context, keys []string, by time.Time) (map[string]bool, error) {
	known := map[string]bool{}
	for len(keys) > 0 {
		part := keys[:min(500, len(keys))]
		keys = keys[len(part):]
		err := each(ctx, s.db, `SELECT key FROM notice WHERE state <> 'withdrawn' AND NOT (state = 'failed' AND code >= 500 AND role = 'seeker') AND planned_at <= $1 AND key IN `+s.dia.list(2, len(part)),
			append([]any{millis(by)}, anys(part)...), func(r *sql.Rows) error {
				var k string
				err := r.Scan(&k)
				known[k] = true
				return err
			})
		if err != nil {
			return nil, fmt.Errorf("read the outbox: %w", err)
		}
	}
	return known, nil
}

// Sleep lets appointments that were looked at sleep until their next moment, unless an import touched one in between.
func (s *DB) Sleep(ctx context.Context, looked []notice.Evaluated) error {
	for part := range slices.Chunk(looked, chunkSize) {
		if err := s.sleep(ctx, part); err != nil {
			return fmt.Errorf("appointments looked at: %w", err)
		}
	}
	return nil
}

func (s *DB) sleep(ctx context.Context, looked []notice.Evaluated) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		asleep, err := tx.PrepareContext(ctx, `UPDATE appointment SET wake_at = $1 WHERE appointment_id = $2 AND rev = $3`)
		if err != nil {
			return err
		}
		defer asleep.Close()
		for _, l := range looked {
			at := sql.NullInt64{Int64: millis(l.Wake), Valid: !l.Wake.IsZero()}
			if _, err := asleep.ExecContext(ctx, at, l.ID, l.Rev); err != nil {
				return err
			}
		}
		return nil
	})
}
