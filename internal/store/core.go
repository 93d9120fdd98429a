package store

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"vireilla/internal/crash"
)

// core is what all nouns share: the connections, the dialect and the check for damage.
type core struct {
	dialect
	db     *sql.DB
	writer sync.Mutex // SQLite has one writer; waiting here is faster than its own polling

	checking  sync.WaitGroup // the check for damage
	stopCheck context.CancelFunc
	damage    atomic.Pointer[error]
}

// attempts is how often a transaction is run when it conflicts with another.
const attempts = 5

// write runs f in a transaction and commits it when f returns nil. After a conflict with another transaction it runs f
// again from the beginning.
func (c *core) write(ctx context.Context, f func(*sql.Tx) error) error {
	if err := c.damageFound(); err != nil {
		return err
	}
	if c.oneWriter {
		c.writer.Lock()
		defer c.writer.Unlock()
	}
	for n := 1; ; n++ {
		err := c.writeOnce(ctx, f)
		if err == nil || n == attempts || !errors.Is(err, errCommitting) && !c.conflict(err) {
			return err
		}
		select { // the other transaction may take a while
		case <-ctx.Done():
			return err
		case <-time.After(rand.N(10 * time.Millisecond << n)):
		}
	}
}

func (c *core) writeOnce(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	crash.Here("commit")
	return tx.Commit()
}

// exec runs one statement in a transaction of its own and returns how many rows it changed.
func (c *core) exec(ctx context.Context, query string, args ...any) (n int, err error) {
	err = c.write(ctx, func(tx *sql.Tx) error {
		n, err = affected(tx.ExecContext(ctx, query, args...))
		return err
	})
	return n, err
}

// rowsPerInsert is how many rows go in one statement.
const rowsPerInsert = 100

// insert writes rows of so many columns, many in one statement.
func (c *core) insert(ctx context.Context, tx *sql.Tx, head, tail string, columns int, values []any) error {
	for part := range slices.Chunk(values, rowsPerInsert*columns) {
		if _, err := tx.ExecContext(ctx, head+c.marks(len(part)/columns, columns)+tail, part...); err != nil {
			return err
		}
	}
	return nil
}

// querier is a database, a connection or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// forRows runs a query and calls scan for every row.
func forRows(ctx context.Context, q querier, query string, args []any, scan func(*sql.Rows) error) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// readAll reads the rows of a query; fields returns where the columns of a row go.
func readAll[T any](
	ctx context.Context, q querier, query string, args []any, fields func(*T) []any,
) (all []T, err error) {
	err = forRows(ctx, q, query, args, func(r *sql.Rows) error {
		var row T
		err := r.Scan(fields(&row)...)
		all = append(all, row)
		return err
	})
	return all, err
}

// readCounts reads rows of a word and a number.
func readCounts[K ~string](ctx context.Context, q querier, to map[K]int, query string, args ...any) error {
	return forRows(ctx, q, query, args, func(r *sql.Rows) error {
		var key K
		var n int
		err := r.Scan(&key, &n)
		to[key] = n
		return err
	})
}

// readOne reads the first row of a query, if there is one.
func readOne(ctx context.Context, q querier, query string, args []any, to ...any) (found bool, err error) {
	err = q.QueryRowContext(ctx, query, args...).Scan(to...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// affected returns how many rows a statement changed.
func affected(result sql.Result, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// Table meta keeps facts about the database as a whole: a name and its value.

func meta(ctx context.Context, q querier, name string) (value string, err error) {
	_, err = readOne(ctx, q, `SELECT value FROM meta WHERE name = $1`, []any{name}, &value)
	return value, err
}

const setMetaQuery = `INSERT INTO meta (name, value) VALUES ($1, $2)
	ON CONFLICT (name) DO UPDATE SET value = excluded.value`

func setMeta(ctx context.Context, tx *sql.Tx, name, value string) error {
	_, err := tx.ExecContext(ctx, setMetaQuery, name, value)
	return err
}

func (c *core) setMeta(ctx context.Context, name, value string) error {
	_, err := c.exec(ctx, setMetaQuery, name, value)
	return err
}
