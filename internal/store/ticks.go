package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Tick is one stroke of an entry of the timetable.
type Tick struct {
	Name string
	At   time.Time
}

// LastTick gives the instant up to which an entry's ticks are recorded; the zero time when it was never looked at.
func (s *Store) LastTick(ctx context.Context, name string) (at time.Time, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT last_tick FROM schedule WHERE name = $1`, name).Scan(moment{&at})
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return at, err
}

// Strike records the ticks of an entry that lie between two instants, all or none: none when somebody else has moved on from `last` already. It tells
// whether they are ours to put.
func (s *Store) Strike(ctx context.Context, name string, last, now time.Time, ticks []time.Time) (ours bool, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		ours = false
		result, err := tx.ExecContext(ctx, `INSERT INTO schedule (name, last_tick) VALUES ($1, $3)
			ON CONFLICT (name) DO UPDATE SET last_tick = excluded.last_tick WHERE schedule.last_tick = $2`, name, millis(last), millis(now))
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return err
		}
		ours = true
		for _, t := range ticks {
			if _, err := tx.ExecContext(ctx, `INSERT INTO tick (name, due_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`, name, millis(t)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("strike %s: %w", name, err)
	}
	return ours, nil
}

// TickDone says that the work of a tick is done.
func (s *Store) TickDone(ctx context.Context, now time.Time, entry string, at time.Time) error {
	_, err := s.db.ExecContext(ctx, `UPDATE tick SET done_at = $1 WHERE name = $2 AND due_at = $3 AND done_at = 0`, millis(now), entry, millis(at))
	return err
}

// OpenTicks gives the ticks struck before an instant whose work is not done.
func (s *Store) OpenTicks(ctx context.Context, before time.Time) ([]Tick, error) {
	var open []Tick
	err := each(ctx, s.db, `SELECT name, due_at FROM tick WHERE done_at = 0 AND due_at < $1 ORDER BY due_at, name LIMIT 1000`, []any{millis(before)}, func(r *sql.Rows) error {
		var t Tick
		err := r.Scan(&t.Name, moment{&t.At})
		open = append(open, t)
		return err
	})
	return open, err
}
