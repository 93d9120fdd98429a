package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// TakeLease takes or renews a lease for a span from now on, and gives its fence; 0 when somebody else holds it. The clock is the database's, one for all:
// the clocks of machines differ. A lease that runs longer than a span from now was given before the clock was turned back, and is over.
func (s *DB) TakeLease(ctx context.Context, name, holder string, span time.Duration) (fence int64, err error) {
	over := `(lease.until <= ` + s.dia.now + ` OR lease.until > ` + s.dia.now + ` + $3)`
	var free bool
	err = s.db.QueryRowContext(ctx, `SELECT holder = $2 OR `+over+` FROM lease WHERE name = $1`, name, holder, span.Milliseconds()).Scan(&free)
	if errors.Is(err, sql.ErrNoRows) {
		free, err = true, nil
	}
	if err != nil || !free { // those who wait write nothing
		return 0, err
	}
	err = s.write(ctx, func(tx *sql.Tx) error {
		fence = 0
		err := tx.QueryRowContext(ctx, `INSERT INTO lease (name, holder, fence, until) VALUES ($1, $2, 1, `+s.dia.now+` + $3)
			ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until,
				fence = lease.fence + CASE WHEN lease.holder = excluded.holder THEN 0 ELSE 1 END
			WHERE lease.holder = excluded.holder OR `+over+`
			RETURNING fence`, name, holder, span.Milliseconds()).Scan(&fence)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("lease %s: %w", name, err)
	}
	return fence, nil
}

// EndLease lets go of a lease, if the holder still has it, so that the next one need not wait for its end.
func (s *DB) EndLease(ctx context.Context, name, holder string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE lease SET until = 0 WHERE name = $1 AND holder = $2`, name, holder)
		return err
	})
}

// Holder gives who holds a lease, or "".
func (s *DB) Owner(ctx context.Context, name string) (holder string, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT holder FROM lease WHERE name = $1 AND until > `+s.dia.now, name).Scan(&holder)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return holder, err
}

// holds tells whether a fence is the lease's newest. Until the transaction ends nobody can take the lease.
func (s *DB) holds(ctx context.Context, tx *sql.Tx, name string, fence int64) (held bool, err error) {
	err = tx.QueryRowContext(ctx, `SELECT fence = $2 FROM lease WHERE name = $1`+s.dia.forUpdate(false), name, fence).Scan(&held)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return held, err
}
