package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// TakeLease takes or renews a lease for a span from now on. It returns the fence, or 0 when another process owns the
// lease. The clock is the database's, because the clocks of machines differ. A lease that runs longer than a span from
// now was given before that clock was turned back, and has ended.
func (t *Ticks) TakeLease(ctx context.Context, name, owner string, span time.Duration) (fence int64, err error) {
	ended := `(lease.until <= ` + t.now + ` OR lease.until > ` + t.now + ` + $3)`
	var free bool
	found, err := readOne(ctx, t.db, `SELECT holder = $2 OR `+ended+` FROM lease WHERE name = $1`,
		[]any{name, owner, span.Milliseconds()}, &free)
	if err != nil || found && !free { // those who wait write nothing
		return 0, err
	}
	err = t.write(ctx, func(tx *sql.Tx) error {
		fence = 0
		_, err := readOne(ctx, tx, `INSERT INTO lease (name, holder, fence, until) VALUES ($1, $2, 1, `+t.now+` + $3)
			ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until,
				fence = lease.fence + CASE WHEN lease.holder = excluded.holder THEN 0 ELSE 1 END
			WHERE lease.holder = excluded.holder OR `+ended+`
			RETURNING fence`, []any{name, owner, span.Milliseconds()}, &fence)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("lease %s: %w", name, err)
	}
	return fence, nil
}

// EndLease ends a lease, if owner still has it, so that the next owner need not wait.
func (t *Ticks) EndLease(ctx context.Context, name, owner string) error {
	_, err := t.exec(ctx, `UPDATE lease SET until = 0 WHERE name = $1 AND holder = $2`, name, owner)
	return err
}

// Owner returns who owns a lease, or "".
func (t *Ticks) Owner(ctx context.Context, name string) (owner string, err error) {
	_, err = readOne(ctx, t.db, `SELECT holder FROM lease WHERE name = $1 AND until > `+t.now, []any{name}, &owner)
	return owner, err
}

// holds reports whether a fence is the lease's newest. No process can take the lease until the transaction ends.
func (t *Ticks) holds(ctx context.Context, tx *sql.Tx, name string, fence int64) (held bool, err error) {
	_, err = readOne(ctx, tx, `SELECT fence = $2 FROM lease WHERE name = $1`+t.forUpdate(), []any{name, fence}, &held)
	return held, err
}
