package store

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // driver "sqlite"
)

// dialect is what differs between the databases.
type dialect struct {
	goose      goose.Dialect
	check      string // a query that answers "ok" when the file is sound
	alone      string // waits, inside a transaction, until no other process migrates
	bytewise   bool   // text columns must be told to sort by bytes; SQLite's do anyhow
	nameless   bool   // long lists of values are written with ?: SQLite looks up each named one among all
	oneWriter  bool
	skipLocked bool             // a query can leave out rows that another transaction is claiming right now
	again      func(error) bool // tells whether a transaction met another and may be run once more
}

// errURL holds nothing of what was written: it may be a password.
var errURL = errors.New("database: write sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME, with @ : / ? # % in a password as %40 %3A %2F %3F %23 %25")

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
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(8)
	return db, dia, nil
}

func connectSQLite(path string) (*sql.DB, dialect, error) {
	pragmas := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"busy_timeout(20000)", "journal_mode(WAL)", "synchronous(FULL)", "cache_size(-32768)", "temp_store(FILE)"},
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+pragmas.Encode())
	if err != nil {
		return nil, dialect{}, fmt.Errorf("database: %w", err)
	}
	return db, dialect{goose: goose.DialectSQLite3, check: `PRAGMA quick_check(1)`, nameless: true, oneWriter: true,
		again: func(error) bool { return false }}, nil
}

func connectPostgres(rawURL string) (*sql.DB, dialect, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.User == nil && strings.Contains(rawURL, "@") { // what stands before the @ was read as something else
		return nil, dialect{}, errURL
	}
	config, err := pgx.ParseConfig(rawURL)
	if err != nil {
		return nil, dialect{}, errURL
	}
	config.StatementCacheCapacity = 64 // a list of values has a text for each length
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "vireilla"
	}
	return stdlib.OpenDB(*config), dialect{goose: goose.DialectPostgres, alone: `SELECT pg_advisory_xact_lock(7623451809)`, bytewise: true, skipLocked: true,
		again: metAnother}, nil
}

// metAnother is true of serialization failures and of the loser of a deadlock.
func metAnother(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01")
}

// picked gives the condition that a column is among what a query with a LIMIT picks, in an order, without those that somebody else is picking. PostgreSQL
// might run a subquery more than once, and each run would lock further rows; an array it makes once.
func (d dialect) picked(column, query string) string {
	if d.skipLocked {
		return column + ` = ANY (ARRAY(` + query + ` FOR UPDATE SKIP LOCKED))`
	}
	return column + ` IN (` + query + `)`
}

// migrations gives the files as they are run here.
func (d dialect) migrations(files fs.FS) fs.FS {
	if d.bytewise {
		return bytewise{files}
	}
	return files
}

// bytewise gives the text columns of a migration the order of SQLite, whatever order the database was created with: ids sort alike everywhere, and an
// index serves `>` and ORDER BY.
type bytewise struct{ fs.FS }

func (b bytewise) Open(name string) (fs.File, error) {
	file, err := b.FS.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return file, err
	}
	text, err := io.ReadAll(file)
	return collated{file, bytes.NewReader(bytes.ReplaceAll(text, []byte(" TEXT"), []byte(` TEXT COLLATE "C"`)))}, err
}

type collated struct {
	fs.File
	text io.Reader
}

func (c collated) Read(p []byte) (int, error) { return c.text.Read(p) }

// marks gives "($1,$2),($3,$4)" for rows × columns.
func (d dialect) marks(rows, columns int) string {
	var b strings.Builder
	for r := range rows {
		if r > 0 {
			b.WriteByte(',')
		}
		d.writeList(&b, r*columns+1, columns)
	}
	return b.String()
}

// list gives "($from,…)" for n values that come after all others; nothing is in the list of none.
func (d dialect) list(from, n int) string {
	if n == 0 {
		return "(NULL)"
	}
	var b strings.Builder
	d.writeList(&b, from, n)
	return b.String()
}

func (d dialect) writeList(b *strings.Builder, from, n int) {
	b.WriteByte('(')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		if d.nameless {
			b.WriteByte('?')
			continue
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(from + i))
	}
	b.WriteByte(')')
}

func anys[T any](values []T) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out
}

// filled gives the values of a list, with the last one repeated up to 1, 5, 25, 125 or 625: so a query that stays prepared has few texts.
func filled[T any](values []T) []any {
	out := anys(values)
	for n := 1; len(out) > 0 && n < 5*len(values); n *= 5 {
		for len(out) < n {
			out = append(out, values[len(values)-1])
		}
	}
	return out
}
