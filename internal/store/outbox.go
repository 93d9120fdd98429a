package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"vireilla/internal/notice"
)

// Outbox owns the letters: planned, claimed, sent, held or withdrawn, with the skips, the runs, the addresses that
// bounced and the kill switch.
type Outbox struct {
	*core
	ledger *Ledger
}

// Add writes what a run planned. Notices whose key is new become pending, or held when the guard holds the run; skips
// are kept for the coaches. Two kinds of letter may be planned again: one that was withdrawn before any try, and one
// that the seeker's former address refused. Add returns the ids of the letters that may go out.
func (o *Outbox) Add(
	ctx context.Context, now time.Time, run notice.Run, plan notice.Plan,
) (added notice.Added, err error) {
	err = o.write(ctx, func(tx *sql.Tx) error {
		added = notice.Added{}
		if err := o.addSkips(ctx, tx, now, plan.Skips); err != nil {
			return err
		}
		if len(plan.Notices) == 0 {
			return addToRun(ctx, tx, now, run, 0)
		}
		last, err := lastID(ctx, tx, len(plan.Notices))
		if err != nil {
			return err
		}
		if added.IDs, err = o.addNotices(ctx, tx, now, run, last, plan.Notices); err != nil {
			return err
		}
		if err := addToRun(ctx, tx, now, run, len(added.IDs)); err != nil {
			return err
		}
		added.Held, err = applyGuard(ctx, tx, now, run)
		if added.Held > 0 {
			added.IDs = nil
		}
		return err
	})
	if err != nil {
		return added, fmt.Errorf("add %s/%s: %w", run.Kind, run.Day, err)
	}
	return added, nil
}

// lastID reserves n ids and returns the last of them.
func lastID(ctx context.Context, tx *sql.Tx, n int) (last int64, err error) {
	err = tx.QueryRowContext(ctx, `UPDATE counter SET n = n + $1 WHERE name = 'notice' RETURNING n`, n).Scan(&last)
	return last, err
}

// addNotices returns the ids of the notices whose key is new. A scan may plan a hundred thousand; they are encoded and
// written rowsPerInsert at a time.
func (o *Outbox) addNotices(
	ctx context.Context, tx *sql.Tx, now time.Time, run notice.Run, last int64, notices []notice.Notice,
) (ids []int64, err error) {
	seen := map[string]bool{}
	for part := range slices.Chunk(notices, rowsPerInsert) {
		var rows []any
		for i := range part {
			n := &part[i]
			id := last
			last--
			if seen[n.Key] {
				continue // PostgreSQL does not write one row twice in a statement
			}
			seen[n.Key] = true
			items, told, err := encodeItems(n)
			if err != nil {
				return nil, err
			}
			rows = append(rows, id, n.Key, n.Letter, n.Role, n.To, n.Subject, n.Language, millis(n.SendAt), millis(n.SendAt),
				millis(n.Expires), millis(n.Start), items, told, n.Rest, n.Late, run.Kind+"/"+run.Day.String(), run.Policy,
				millis(now), millis(now), string(notice.Pending))
		}
		fresh, err := o.insertNotices(ctx, tx, rows)
		if err != nil {
			return nil, err
		}
		ids = append(ids, fresh...)
	}
	return ids, nil
}

// encodeItems encodes what a notice lists and tells. Often both are the same slice.
func encodeItems(n *notice.Notice) (items, told string, err error) {
	if items, err = notice.EncodeItems(n.Items); err != nil || len(n.Told) == 0 {
		return items, "", err
	}
	if len(n.Told) == len(n.Items) && &n.Told[0] == &n.Items[0] {
		return items, items, nil
	}
	told, err = notice.EncodeItems(n.Told)
	return items, told, err
}

func (o *Outbox) insertNotices(ctx context.Context, tx *sql.Tx, rows []any) (ids []int64, err error) {
	const columns = 20
	if len(rows) == 0 {
		return nil, nil
	}
	return readAll(ctx, tx, `INSERT INTO notice (id, key, letter, role, to_id, subject, language, send_at, next_try,
			expires_at, start_at, items, told, rest, late, run, policy, planned_at, changed_at, state)
		VALUES `+o.marks(len(rows)/columns, columns)+`
		ON CONFLICT (key) DO UPDATE SET state = 'pending', why = '', letter = excluded.letter, role = excluded.role,
			to_id = excluded.to_id, subject = excluded.subject, language = excluded.language, send_at = excluded.send_at,
			next_try = excluded.next_try, expires_at = excluded.expires_at, start_at = excluded.start_at,
			items = excluded.items, told = excluded.told, rest = excluded.rest, late = excluded.late, run = excluded.run,
			changed_at = excluded.changed_at, released = 0
			WHERE notice.state = 'withdrawn' AND notice.unsure = 0 AND notice.why NOT IN ('by_hand', 'erased')
				OR notice.state = 'failed' AND notice.code >= 500 AND notice.role = 'seeker'
		RETURNING id`, rows, func(id *int64) []any { return []any{id} })
}

// addToRun adds to the number of letters that a run planned.
func addToRun(ctx context.Context, tx *sql.Tx, now time.Time, run notice.Run, planned int) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO run (kind, day, planned, state, at) VALUES ($1, $2, $3, 'open', $4)
		ON CONFLICT (kind, day) DO UPDATE SET planned = run.planned + excluded.planned, at = excluded.at`,
		run.Kind, run.Day.String(), planned, millis(now))
	return err
}

// applyGuard holds all letters of a run that are not out yet, tried before or not, when the run plans more than the
// guard allows. Letters that a person released do not count and are not held. It returns how many letters it holds.
func applyGuard(ctx context.Context, tx *sql.Tx, now time.Time, run notice.Run) (int, error) {
	var planned int
	if err := tx.QueryRowContext(ctx, `SELECT planned - released FROM run WHERE kind = $1 AND day = $2`,
		run.Kind, run.Day.String()).Scan(&planned); err != nil {
		return 0, err
	}
	last, err := readAll(ctx, tx, `SELECT planned FROM run WHERE kind = $1 AND day < $2 AND state <> 'held'
		ORDER BY day DESC LIMIT `+fmt.Sprint(run.Guard.Runs), []any{run.Kind, run.Day.String()},
		func(n *int) []any { return []any{n} })
	if err != nil || planned <= notice.GuardLimit(run.Guard.Floor, run.Guard.Times, last) {
		return 0, err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE run SET state = 'held' WHERE kind = $1 AND day = $2`,
		run.Kind, run.Day.String()); err != nil {
		return 0, err
	}
	return affected(tx.ExecContext(ctx, `UPDATE notice SET state = 'held', why = $1, changed_at = $2
		WHERE run = $3 AND state IN ('pending', 'deferred', 'unsure') AND released = 0`,
		notice.HeldByGuard, millis(now), run.Kind+"/"+run.Day.String()))
}

// Known reports which keys were in the outbox by an instant, without the letters that may be planned again.
func (o *Outbox) Known(ctx context.Context, keys []string, by time.Time) (map[string]bool, error) {
	known := map[string]bool{}
	for part := range slices.Chunk(keys, 500) {
		found, err := readAll(ctx, o.db, `SELECT key FROM notice WHERE state <> 'withdrawn'
			AND NOT (state = 'failed' AND code >= 500 AND role = 'seeker')
			AND planned_at <= $1 AND key IN `+o.list(2, len(part)),
			append([]any{millis(by)}, anys(part)...), func(key *string) []any { return []any{key} })
		if err != nil {
			return nil, fmt.Errorf("read the outbox: %w", err)
		}
		for _, key := range found {
			known[key] = true
		}
	}
	return known, nil
}

func (o *Outbox) addSkips(ctx context.Context, tx *sql.Tx, now time.Time, skips []notice.Skip) error {
	var rows []any
	seen := map[string]bool{}
	for _, k := range skips {
		if k.Key == "" || seen[k.Key] {
			continue
		}
		seen[k.Key] = true
		rows = append(rows, k.Key, k.Letter, k.To, k.Subject, k.Why, millis(now), millis(k.Until))
	}
	return o.insert(ctx, tx, `INSERT INTO skip (key, letter, to_id, subject, why, at, until) VALUES `,
		` ON CONFLICT (key) DO UPDATE SET why = excluded.why, until = excluded.until
			WHERE skip.why <> excluded.why OR skip.until <> excluded.until`, 7, rows)
}

// Unwritten returns the skips about which a coach can still do something.
func (o *Outbox) Unwritten(ctx context.Context, now time.Time) ([]notice.Skip, error) {
	found, err := o.skips(ctx, `until > $1 AND at <= $1`, millis(now))
	// With ORDER BY key, SQLite would read the whole table by that index.
	slices.SortFunc(found, func(a, b notice.Skip) int { return strings.Compare(a.Key, b.Key) })
	return found, err
}

// SkipsTo returns the letters to somebody that were skipped by an instant.
func (o *Outbox) SkipsTo(ctx context.Context, by time.Time, to string) ([]notice.Skip, error) {
	return o.skips(ctx, `to_id = $1 AND at <= $2 ORDER BY at, key`, to, millis(by))
}

func (o *Outbox) skips(ctx context.Context, where string, args ...any) ([]notice.Skip, error) {
	found, err := readAll(ctx, o.db, `SELECT key, letter, to_id, subject, why, until FROM skip WHERE `+where, args,
		func(k *notice.Skip) []any {
			return []any{&k.Key, &k.Letter, &k.To, &k.Subject, &k.Why, moment{&k.Until}}
		})
	if err != nil {
		return nil, fmt.Errorf("read skips: %w", err)
	}
	return found, nil
}

// Forget removes what is no longer needed: skips and finished ticks before an instant, and the contents of letters
// before another. Keys stay, so that no letter is sent again.
func (o *Outbox) Forget(ctx context.Context, letters, skips time.Time) error {
	return o.write(ctx, func(tx *sql.Tx) error {
		for _, q := range []struct {
			text   string
			before time.Time
		}{
			{`UPDATE notice SET items = '', told = '' WHERE changed_at < $1 AND items <> ''
				AND (state IN ('sent', 'failed', 'withdrawn') OR state = 'held' AND expires_at < $1)`, letters},
			{`DELETE FROM skip WHERE until < $1`, skips},
			{`DELETE FROM tick WHERE due_at < $1 AND done_at <> 0`, skips},
			{`DELETE FROM tick_skip WHERE to_at < $1`, skips},
		} {
			if _, err := tx.ExecContext(ctx, q.text, millis(q.before)); err != nil {
				return fmt.Errorf("retention: %w", err)
			}
		}
		return nil
	})
}
