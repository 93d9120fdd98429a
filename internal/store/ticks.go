package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"vireilla/internal/timetable"
)

// LastTicks gives for each entry the instant up to which its ticks are recorded; an entry that was never looked at is not there.
func (s *DB) LastTicks(ctx context.Context) (map[string]time.Time, error) {
	last := map[string]time.Time{}
	err := each(ctx, s.db, `SELECT name, last_tick FROM schedule`, nil, func(r *sql.Rows) error {
		var name string
		var at time.Time
		err := r.Scan(&name, moment{&at})
		last[name] = at
		return err
	})
	return last, err
}

// Strike records what a look at the clock says of an entry, all or nothing, and gives the ticks that were not recorded before: those are the caller's to
// put. Nothing is recorded, and held is false, when the fence of the lease is lost. Nor when the ledger does not stand at Last any more.
func (s *DB) RecordTicks(ctx context.Context, lease string, fence int64, stroke timetable.Record) (fresh []time.Time, held bool, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		fresh, held = nil, false
		if held, err = s.holds(ctx, tx, lease, fence); err != nil || !held {
			return err
		}
		moved, err := changed(tx.ExecContext(ctx, `INSERT INTO schedule (name, last_tick) VALUES ($1, $3)
			ON CONFLICT (name) DO UPDATE SET last_tick = excluded.last_tick WHERE schedule.last_tick = $2`, stroke.Entry, millis(stroke.Last), millis(stroke.Now)))
		if err != nil || !moved {
			return err
		}
		for _, at := range stroke.Ticks {
			isFresh, err := changed(tx.ExecContext(ctx, `INSERT INTO tick (name, due_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`, stroke.Entry, millis(at)))
			if err != nil {
				return err
			}
			if isFresh {
				fresh = append(fresh, at)
			}
		}
		for _, k := range stroke.Skips {
			if _, err := tx.ExecContext(ctx, `INSERT INTO tick_skip (name, from_at, to_at, why) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
				stroke.Entry, millis(k.From), millis(k.To), k.Why); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("strike %s: %w", stroke.Entry, err)
	}
	return fresh, held, nil
}

// changed tells whether a statement changed any row.
func changed(result sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// TickDone says that the work of a tick is done.
func (s *DB) TickDone(ctx context.Context, now time.Time, entry string, at time.Time) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE tick SET done_at = $1 WHERE name = $2 AND due_at = $3 AND done_at = 0`, millis(now), entry, millis(at))
		return err
	})
}

// TickOpen tells whether a tick is recorded and its work is not done.
func (s *DB) TickOpen(ctx context.Context, entry string, at time.Time) (open bool, err error) {
	err = each(ctx, s.db, `SELECT 1 FROM tick WHERE name = $1 AND due_at = $2 AND done_at = 0`, []any{entry, millis(at)}, func(*sql.Rows) error {
		open = true
		return nil
	})
	return open, err
}

// OpenTicks gives the ticks struck before an instant whose work is not done.
func (s *DB) OpenTicks(ctx context.Context, before time.Time) ([]timetable.Tick, error) {
	return s.ticks(ctx, `SELECT name, due_at, done_at FROM tick WHERE done_at = 0 AND due_at < $1 ORDER BY due_at, name LIMIT 1000`, millis(before))
}

// NewestTicks gives the newest tick of each entry.
func (s *DB) NewestTicks(ctx context.Context) ([]timetable.Tick, error) {
	return s.ticks(ctx, `SELECT name, due_at, done_at FROM tick
		WHERE (name, due_at) IN (SELECT name, (SELECT max(due_at) FROM tick WHERE name = schedule.name) FROM schedule)
		ORDER BY name`)
}

func (s *DB) ticks(ctx context.Context, query string, args ...any) (list []timetable.Tick, err error) {
	err = each(ctx, s.db, query, args, func(r *sql.Rows) error {
		var t timetable.Tick
		err := r.Scan(&t.Entry, moment{&t.At}, moment{&t.Done})
		list = append(list, t)
		return err
	})
	return list, err
}

// TickSkips gives the stretches of an entry's ticks that were left out, the newest first.
func (s *DB) TickSkips(ctx context.Context, entry string, limit int) (skips []timetable.Skip, err error) {
	err = each(ctx, s.db, `SELECT from_at, to_at, why FROM tick_skip WHERE name = $1 ORDER BY from_at DESC LIMIT $2`, []any{entry, limit}, func(r *sql.Rows) error {
		var k timetable.Skip
		err := r.Scan(moment{&k.From}, moment{&k.To}, &k.Why)
		skips = append(skips, k)
		return err
	})
	return skips, err
}
