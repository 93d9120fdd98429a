package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"vireilla/internal/timetable"
)

// Ticks owns the leases, and which ticks of the timetable were recorded, done or left out.
type Ticks struct{ *core }

// LastTicks returns for each entry the instant up to which its ticks are recorded. An entry that never ran is missing.
func (t *Ticks) LastTicks(ctx context.Context) (map[string]time.Time, error) {
	last := map[string]time.Time{}
	err := forRows(ctx, t.db, `SELECT name, last_tick FROM schedule`, nil, func(r *sql.Rows) error {
		var name string
		var at time.Time
		err := r.Scan(&name, moment{&at})
		last[name] = at
		return err
	})
	return last, err
}

// LastTick returns the newest tick of the sweep, or the zero time. After a restore from a backup it is earlier than
// before.
func (t *Ticks) LastTick(ctx context.Context) (at time.Time, err error) {
	_, err = readOne(ctx, t.db, `SELECT max(due_at) FROM tick WHERE name = 'sweep'`, nil, moment{&at})
	if err != nil {
		return at, fmt.Errorf("read the last tick: %w", err)
	}
	return at, nil
}

// RecordTicks records the ticks and skips of an entry, all or nothing, and returns the ticks that were not recorded
// before: the caller enqueues those. It records nothing when the fence of the lease is lost (then held is false), or
// when another process has recorded past r.Last.
func (t *Ticks) RecordTicks(
	ctx context.Context, lease string, fence int64, r timetable.Record,
) (fresh []time.Time, held bool, err error) {
	err = t.write(ctx, func(tx *sql.Tx) error {
		fresh, held = nil, false
		if held, err = t.holds(ctx, tx, lease, fence); err != nil || !held {
			return err
		}
		moved, err := affected(tx.ExecContext(ctx, `INSERT INTO schedule (name, last_tick) VALUES ($1, $3)
			ON CONFLICT (name) DO UPDATE SET last_tick = excluded.last_tick WHERE schedule.last_tick = $2`,
			r.Entry, millis(r.Last), millis(r.Now)))
		if err != nil || moved == 0 {
			return err
		}
		for _, at := range r.Ticks {
			added, err := affected(tx.ExecContext(ctx, `INSERT INTO tick (name, due_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
				r.Entry, millis(at)))
			if err != nil {
				return err
			}
			if added > 0 {
				fresh = append(fresh, at)
			}
		}
		for _, k := range r.Skips {
			if _, err := tx.ExecContext(ctx, `INSERT INTO tick_skip (name, from_at, to_at, why) VALUES ($1, $2, $3, $4)
				ON CONFLICT DO NOTHING`, r.Entry, millis(k.From), millis(k.To), k.Why); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("record ticks of %s: %w", r.Entry, err)
	}
	return fresh, held, nil
}

// TickDone records that the work of a tick is done.
func (t *Ticks) TickDone(ctx context.Context, now time.Time, entry string, at time.Time) error {
	_, err := t.exec(ctx, `UPDATE tick SET done_at = $1 WHERE name = $2 AND due_at = $3 AND done_at = 0`,
		millis(now), entry, millis(at))
	return err
}

// TickOpen tells whether a tick is recorded and its work is not done.
func (t *Ticks) TickOpen(ctx context.Context, entry string, at time.Time) (open bool, err error) {
	err = forRows(ctx, t.db, `SELECT 1 FROM tick WHERE name = $1 AND due_at = $2 AND done_at = 0`, []any{entry, millis(at)},
		func(*sql.Rows) error {
			open = true
			return nil
		})
	return open, err
}

// OpenTicks returns the ticks due before an instant whose work is not done, at most 1000.
func (t *Ticks) OpenTicks(ctx context.Context, before time.Time) ([]timetable.Tick, error) {
	return t.ticks(ctx, `SELECT name, due_at, done_at FROM tick WHERE done_at = 0 AND due_at < $1
		ORDER BY due_at, name LIMIT 1000`, millis(before))
}

// NewestTicks returns the newest tick of each entry.
func (t *Ticks) NewestTicks(ctx context.Context) ([]timetable.Tick, error) {
	return t.ticks(ctx, `SELECT name, due_at, done_at FROM tick
		WHERE (name, due_at) IN (SELECT name, (SELECT max(due_at) FROM tick WHERE name = schedule.name) FROM schedule)
		ORDER BY name`)
}

func (t *Ticks) ticks(ctx context.Context, query string, args ...any) ([]timetable.Tick, error) {
	return readAll(ctx, t.db, query, args, func(t *timetable.Tick) []any { return []any{&t.Entry, moment{&t.At}, moment{&t.Done}} })
}

// TickSkips returns the stretches of an entry's ticks that were left out, the newest first.
func (t *Ticks) TickSkips(ctx context.Context, entry string, limit int) ([]timetable.Skip, error) {
	return readAll(ctx, t.db, `SELECT from_at, to_at, why FROM tick_skip WHERE name = $1 ORDER BY from_at DESC LIMIT $2`,
		[]any{entry, limit}, func(k *timetable.Skip) []any { return []any{moment{&k.From}, moment{&k.To}, &k.Why} })
}
