// Package store is the memory: the caseload's copy, the agenda, the outbox and the timetable's ledger in SQL. One SQL text serves SQLite and
// PostgreSQL; what differs is in dialect.go. Exported methods own their transactions.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pressly/goose/v3"

	"vireilla/internal/calendar"
	"vireilla/internal/crash"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is an open database with its schema up to date. It is safe for use by many goroutines.
type DB struct {
	db  *sql.DB
	dia dialect

	writer sync.Mutex // SQLite has one writer; waiting here is far quicker than its own polling
	staff  atomic.Pointer[staffAsOf]
	asleep atomic.Value // an asleep

	looking     sync.WaitGroup // through the file
	stopLooking context.CancelFunc
	damage      atomic.Pointer[error]
}

// Open opens a database and brings its schema up to date. url is "sqlite:PATH" or "postgres://USER:PASSWORD@HOST/NAME"; its errors hold no password.
func Open(ctx context.Context, url string) (*DB, error) {
	db, dia, err := connect(url)
	if err != nil {
		return nil, err
	}
	s := &DB{db: db, dia: dia, stopLooking: func() {}}
	err = s.reach(ctx)
	if err == nil {
		err = s.look()
	}
	if err == nil {
		err = s.migrate(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// CheckURL says what is wrong with the form of a URL that Open would take. It opens nothing.
func CheckURL(url string) error {
	db, _, err := connect(url)
	if err == nil {
		err = db.Close()
	}
	return err
}

// Close closes the database.
func (s *DB) Close() error {
	s.stopLooking()
	s.looking.Wait()
	return s.db.Close()
}

// reach opens a first connection. Where somebody else is just making the file, it waits: SQLite does not.
func (s *DB) reach(ctx context.Context) error {
	err := s.db.PingContext(ctx)
	for tries := 1; err != nil && s.dia.busy(err) && tries < 100; tries++ {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rand.N(200 * time.Millisecond)):
		}
		err = s.db.PingContext(ctx)
	}
	if err != nil {
		return s.notOpened(err)
	}
	return nil
}

func (s *DB) migrate(ctx context.Context) error {
	done, err := s.alone(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	err = s.migrateAlone(ctx)
	if err != nil && s.dia.alone == "" { // perhaps another process was quicker with the same step; then there is nothing left to do
		err = s.migrateAlone(ctx)
	}
	if err := errors.Join(err, done()); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// alone waits until no other process migrates this database; the function it gives lets the next one in.
func (s *DB) alone(ctx context.Context) (done func() error, err error) {
	if s.dia.alone == "" {
		return func() error { return nil }, nil
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	if _, err := tx.ExecContext(ctx, s.dia.alone); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return tx.Rollback, nil // nothing was written here
}

func (s *DB) migrateAlone(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(s.dia.goose, s.db, rewritten{files, s.dia.migrations})
	if err != nil {
		return err
	}
	have, want, err := provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	if have > want {
		return fmt.Errorf("the database has schema %d, this program knows %d: use a newer program", have, want)
	}
	if have == want {
		return nil
	}
	_, err = provider.Up(ctx)
	return err
}

// Skew tells how far the clock that gave now is ahead of the database's: copies of the program must agree on the time.
func (s *DB) Skew(ctx context.Context, clock func() time.Time) (time.Duration, error) {
	var theirs time.Time
	if err := s.db.QueryRowContext(ctx, `SELECT `+s.dia.now).Scan(moment{&theirs}); err != nil {
		return 0, fmt.Errorf("database: its clock: %w", err)
	}
	return clock().Sub(theirs), nil
}

// Shared tells whether several may write at once; otherwise one waits for the other, and sharing work out brings nothing.
func (s *DB) Shared() bool { return !s.dia.oneWriter }

// Schema gives the version of the schema.
func (s *DB) Schema(ctx context.Context) (version int64, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version`).Scan(&version)
	return version, err
}

// attempts is how often a transaction is run when it meets another and loses.
const attempts = 5

// write runs f in a transaction that is committed when f returns nil. When the transaction met another one and lost, f is run again from its beginning.
func (s *DB) write(ctx context.Context, f func(*sql.Tx) error) error {
	if err := s.Sound(); err != nil {
		return err
	}
	if s.dia.oneWriter {
		s.writer.Lock()
		defer s.writer.Unlock()
	}
	for n := 1; ; n++ {
		err := s.writeOnce(ctx, f)
		if err == nil || n == attempts || !errors.Is(err, errLate) && !s.dia.again(err) {
			return err
		}
		select { // the other one may be at work for a while yet
		case <-ctx.Done():
			return err
		case <-time.After(rand.N(10 * time.Millisecond << n)):
		}
	}
}

func (s *DB) writeOnce(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	crash.Here("commit")
	return tx.Commit()
}

// querier is a database, a connection or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// each runs a query and hands every row to scan.
func each(ctx context.Context, q querier, query string, args []any, scan func(*sql.Rows) error) error {
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

// Values as they stand in SQL.

type day struct{ d *calendar.Day }

func (d day) Scan(v any) error {
	switch text := v.(type) {
	case nil:
		*d.d = 0
		return nil
	case string:
		return d.d.UnmarshalText([]byte(text))
	case []byte:
		return d.d.UnmarshalText(text)
	}
	return fmt.Errorf("a day is text, not %T", v)
}

type moment struct{ t *time.Time }

func (m moment) Scan(v any) error {
	ms, ok := v.(int64)
	if !ok && v != nil {
		return fmt.Errorf("a moment is a number, not %T", v)
	}
	*m.t = instant(ms)
	return nil
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
