// Package store keeps everything that must survive a restart in SQL: the caseload, the agenda, the ledger of what was
// told, the outbox and the ticks of the timetable. One SQL text serves SQLite and PostgreSQL; what differs is in
// dialect.go and dialect_text.go. Exported methods own their transactions.
package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// DB is an open database with its schema up to date. It is safe for use by many goroutines. A step that needs only one
// noun can be given that noun.
type DB struct {
	*core
	*Caseload
	*Agenda
	*Ledger
	*Outbox
	*Ticks
	*Reports
}

// Open opens a database and brings its schema up to date. url is "sqlite:PATH" or "postgres://USER:PASSWORD@HOST/NAME";
// no error contains the password.
func Open(ctx context.Context, url string) (*DB, error) {
	db, dia, err := connect(url)
	if err != nil {
		return nil, err
	}
	c := &core{dialect: dia, db: db, stopCheck: func() {}}
	caseload, ledger := &Caseload{core: c}, &Ledger{c}
	s := &DB{c, caseload, &Agenda{core: c, caseload: caseload}, ledger, &Outbox{c, ledger}, &Ticks{c}, &Reports{c}}
	err = s.ping(ctx)
	if err == nil {
		err = s.startCheck()
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

// Close ends the check for damage and closes the database.
func (s *DB) Close() error {
	s.stopCheck()
	s.checking.Wait()
	return s.db.Close()
}

// ping opens a first connection. SQLite does not wait while another process creates the file, so ping retries.
func (s *DB) ping(ctx context.Context) error {
	err := s.db.PingContext(ctx)
	for tries := 1; err != nil && s.busy(err) && tries < 100; tries++ {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rand.N(200 * time.Millisecond)):
		}
		err = s.db.PingContext(ctx)
	}
	if err != nil {
		return s.openError(err)
	}
	return nil
}

// Ready returns an error when the database does not answer or is damaged.
func (s *DB) Ready(ctx context.Context) error {
	if err := s.damageFound(); err != nil {
		return err
	}
	var one int
	if err := s.db.QueryRowContext(ctx, `SELECT 1`).Scan(&one); err != nil {
		return fmt.Errorf("database: %w", err)
	}
	return nil
}

// Skew returns how far clock is ahead of the database's clock. All copies of the program must agree on the time.
func (s *DB) Skew(ctx context.Context, clock func() time.Time) (time.Duration, error) {
	var theirs time.Time
	if err := s.db.QueryRowContext(ctx, `SELECT `+s.now).Scan(moment{&theirs}); err != nil {
		return 0, fmt.Errorf("database: its clock: %w", err)
	}
	return clock().Sub(theirs), nil
}

// Shared reports whether several processes may write at once. Otherwise one waits for the other, and dividing work
// among them gains nothing.
func (s *DB) Shared() bool { return !s.oneWriter }

// Schema returns the version of the schema.
func (s *DB) Schema(ctx context.Context) (version int64, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version`).Scan(&version)
	return version, err
}

// Pool returns how many connections are in use and idle, and how long callers have waited for one, in all.
func (s *DB) Pool() (inUse, idle int, waited time.Duration) {
	p := s.db.Stats()
	return p.InUse, p.Idle, p.WaitDuration
}

// SetMadeUp marks the database as a demo's, or removes the mark: an import may bring real people.
func (s *DB) SetMadeUp(ctx context.Context, yes bool) error {
	value := ""
	if yes {
		value = "yes"
	}
	return s.setMeta(ctx, "made_up", value)
}

// MadeUp reports whether a database is a demo's. It changes nothing and does not upgrade the schema.
func MadeUp(ctx context.Context, url string) (yes bool, err error) {
	db, _, err := connect(url)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	value, err := meta(ctx, db, "made_up")
	if err != nil {
		return false, fmt.Errorf("database: read whether it is a demo's: %w", err)
	}
	return value == "yes", nil
}
