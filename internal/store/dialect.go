package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// dialect is what differs between the databases.
type dialect struct {
	goose         goose.Dialect
	connections   int
	now           string                   // the database's own time, in milliseconds since 1970
	checkQuery    string                   // answers "ok" when the file is not damaged
	migrationLock string                   // waits, in a transaction, until no other process migrates
	migration     func(text []byte) []byte // changes the text of a migration for this database
	questionMarks bool                     // lists are written with ?: SQLite is slow with many numbered marks
	oneWriter     bool
	conflict      func(error) bool // a transaction conflicted with another and may be run again
	damaged       func(error) bool // the file is damaged
	busy          func(error) bool // another process is opening the file just now
}

// errURL contains no part of the URL, which may hold a password.
var errURL = errors.New("database: write sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME, " +
	"with @ : / ? # % in a password as %40 %3A %2F %3F %23 %25")

func connect(rawURL string) (*sql.DB, dialect, error) {
	var db *sql.DB
	var dia dialect
	var err error
	switch kind, rest, _ := strings.Cut(rawURL, ":"); kind {
	case "sqlite":
		db, dia, err = connectSQLite(rest)
	case "postgres", "postgresql":
		db, dia, err = connectPostgres(rawURL)
	default:
		err = errURL
	}
	if err != nil {
		return nil, dialect{}, err
	}
	db.SetMaxOpenConns(dia.connections)
	db.SetMaxIdleConns(dia.connections)
	return db, dia, nil
}

func connectSQLite(path string) (*sql.DB, dialect, error) {
	// When this fails, the file exists, or SQLite reports why it cannot be created.
	if file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o600); err == nil {
		_ = file.Close() // nothing was written
	}
	// Each connection has its own cache and statements. With one writer, more than a few connections gain nothing, nor
	// does a larger cache: the operating system caches the file too.
	pragmas := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"busy_timeout(20000)", "journal_mode(WAL)", "synchronous(FULL)", "cache_size(-2048)", "temp_store(FILE)"},
	}
	connector, err := sqlite.NewConnector("file:" + (&url.URL{Path: path}).EscapedPath() + "?" + pragmas.Encode())
	if err != nil {
		return nil, dialect{}, fmt.Errorf("database: %w", err)
	}
	return sql.OpenDB(cachingConnector{connector}), dialect{
		goose:         goose.DialectSQLite3,
		connections:   4,
		now:           `CAST(unixepoch('subsec') * 1000 AS INTEGER)`,
		checkQuery:    `PRAGMA quick_check(1)`,
		questionMarks: true,
		oneWriter:     true,
		conflict:      never,
		damaged:       sqliteCode(sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB), // a damaged first page fails the first ping
		busy:          sqliteCode(sqlite3.SQLITE_BUSY),
	}, nil
}

func connectPostgres(rawURL string) (*sql.DB, dialect, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.User == nil && strings.Contains(rawURL, "@") { // the user was parsed as another part of the URL
		return nil, dialect{}, errURL
	}
	config, err := pgx.ParseConfig(rawURL)
	if err != nil {
		return nil, dialect{}, errURL
	}
	config.StatementCacheCapacity = 256 // a list of values has a text for each length
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "vireilla"
	}
	// A process that hangs or loses its machine in a transaction would keep its locks for hours, and block the timetable.
	limitIdle := stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `SET idle_in_transaction_session_timeout = '20s'`)
		return err
	})
	return stdlib.OpenDB(*config, limitIdle), dialect{
		goose:       goose.DialectPostgres,
		connections: 8,
		now:         `CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)`,
		// The transaction that holds the lock is idle for as long as the migration takes.
		migrationLock: `SELECT pg_advisory_xact_lock(7623451809),
			set_config('idle_in_transaction_session_timeout', '0', true)`,
		migration: postgresMigration,
		conflict:  postgresConflict,
		damaged:   never,
		busy:      never,
	}, nil
}

func never(error) bool { return false }

// sqliteCode returns a function that is true of errors with one of these result codes.
func sqliteCode(codes ...int) func(error) bool {
	return func(err error) bool {
		var e *sqlite.Error
		return errors.As(err, &e) && slices.Contains(codes, e.Code()&0xff)
	}
}

// postgresConflict is true of serialization failures and of deadlocks.
func postgresConflict(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01")
}

// postgresMigration makes text columns sort by bytes, as in SQLite, whatever order the database was created with: ids
// sort alike everywhere, and an index serves `>` and ORDER BY. WITHOUT ROWID is SQLite's alone.
func postgresMigration(text []byte) []byte {
	text = bytes.ReplaceAll(text, []byte(" TEXT"), []byte(` TEXT COLLATE "C"`))
	return bytes.ReplaceAll(text, []byte(" WITHOUT ROWID"), nil)
}
