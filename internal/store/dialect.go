package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strconv"
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
	goose       goose.Dialect
	connections int
	now         string                   // the database's own time, in milliseconds since 1970
	check       string                   // a query that answers "ok" when the file is sound
	alone       string                   // waits, inside a transaction, until no other process migrates
	migrations  func(text []byte) []byte // a migration as it is run here
	nameless    bool                     // long lists of values are written with ?: SQLite looks up each named one among all
	oneWriter   bool
	again       func(error) bool // tells whether a transaction met another and may be run once more
	damaged     func(error) bool // tells whether it is the file that is not as it should be
	busy        func(error) bool // tells whether it cannot be opened just now because somebody else is at it
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
	db.SetMaxOpenConns(dia.connections)
	db.SetMaxIdleConns(dia.connections)
	return db, dia, nil
}

func connectSQLite(path string) (*sql.DB, dialect, error) {
	if file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o600); err == nil { // else it is there, or SQLite says why it cannot be
		_ = file.Close() // nothing was written
	}
	// Each connection has a cache and statements of its own. Behind one writer more than a few of them bring nothing, nor does a larger cache: the system's is there too.
	pragmas := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"busy_timeout(20000)", "journal_mode(WAL)", "synchronous(FULL)", "cache_size(-2048)", "temp_store(FILE)"},
	}
	connector, err := sqlite.NewConnector("file:" + (&url.URL{Path: path}).EscapedPath() + "?" + pragmas.Encode())
	if err != nil {
		return nil, dialect{}, fmt.Errorf("database: %w", err)
	}
	return sql.OpenDB(keeping{connector}), dialect{goose: goose.DialectSQLite3, connections: 4, now: `CAST(unixepoch('subsec') * 1000 AS INTEGER)`, check: `PRAGMA quick_check(1)`, nameless: true, oneWriter: true,
		again: never, damaged: sqliteSays(sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB), // a damaged first page says so before anything is asked
		busy: sqliteSays(sqlite3.SQLITE_BUSY)}, nil
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
	config.StatementCacheCapacity = 256 // a list of values has a text for each length
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "vireilla"
	}
	// A process that stands still, or whose machine is gone, in the middle of a transaction would keep its locks for hours, and with them the timetable of all.
	patient := stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `SET idle_in_transaction_session_timeout = '20s'`)
		return err
	})
	return stdlib.OpenDB(*config, patient), dialect{goose: goose.DialectPostgres, connections: 8,
		alone: `SELECT pg_advisory_xact_lock(7623451809), set_config('idle_in_transaction_session_timeout', '0', true)`, // who migrates has a transaction that only waits
		now:   `CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)`, migrations: postgresMigration,
		again: metAnother, damaged: never, busy: never}, nil
}

func never(error) bool { return false }

// sqliteSays gives a function that is true of errors with one of these result codes.
func sqliteSays(codes ...int) func(error) bool {
	return func(err error) bool {
		var e *sqlite.Error
		return errors.As(err, &e) && slices.Contains(codes, e.Code()&0xff)
	}
}

// metAnother is true of serialization failures and of the loser of a deadlock.
func metAnother(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01")
}

// picked gives the condition that a column is among what a query with a LIMIT picks, in an order, without those that somebody else is picking. PostgreSQL
// might run a subquery more than once, and each run would lock further rows; an array it makes once.
func (d dialect) picked(column, query string) string {
	if d.oneWriter {
		return column + ` IN (` + query + `)`
	}
	return column + ` = ANY (ARRAY(` + query + d.forUpdate(true) + `))`
}

// forUpdate ends a query whose rows nobody else is to take before the transaction ends: those that somebody else has are left out, or waited for. Where there is
// one writer, nobody else has any.
func (d dialect) forUpdate(leaveOut bool) string {
	switch {
	case d.oneWriter:
		return ``
	case leaveOut:
		return ` FOR UPDATE SKIP LOCKED`
	}
	return ` FOR UPDATE`
}

// postgresMigration gives the text columns of a migration the order of SQLite, whatever order the database was created with: ids sort alike everywhere, and an
// index serves `>` and ORDER BY. That a table lies in the order of its key is SQLite's to do.
func postgresMigration(text []byte) []byte {
	text = bytes.ReplaceAll(text, []byte(" TEXT"), []byte(` TEXT COLLATE "C"`))
	return bytes.ReplaceAll(text, []byte(" WITHOUT ROWID"), nil)
}

// rewritten is files whose .sql texts are run as a database wants them.
type rewritten struct {
	fs.FS
	text func([]byte) []byte
}

func (w rewritten) Open(name string) (fs.File, error) {
	file, err := w.FS.Open(name)
	if err != nil || w.text == nil || !strings.HasSuffix(name, ".sql") {
		return file, err
	}
	text, err := io.ReadAll(file)
	return rewrittenFile{file, bytes.NewReader(w.text(text))}, err
}

type rewrittenFile struct {
	fs.File
	text io.Reader
}

func (f rewrittenFile) Read(p []byte) (int, error) { return f.text.Read(p) }

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

// rows puts rows of numbers and texts between two halves of a query, as a query whose columns are column1, column2, and so on. To PostgreSQL they go as one array a column, so
// that there is one text; to SQLite, which has no arrays, as VALUES, the last row repeated up to 1, 2, 4, 8 of them and so on, so that there are few.
func (d dialect) rows(before string, rows [][]any, after string) (text string, args []any) {
	if !d.nameless {
		text, args = arrays(rows)
		return before + text + after, args
	}
	n := 1
	for n < len(rows) {
		n *= 2
	}
	list := make([]string, n)
	for i := range n {
		row := rows[min(i, len(rows)-1)]
		list[i] = "(?" + strings.Repeat(",?", len(row)-1) + ")"
		args = append(args, row...)
	}
	return before + "VALUES " + strings.Join(list, ",") + after, args
}

func arrays(rows [][]any) (text string, args []any) {
	var marks, names []string
	for j, first := range rows[0] {
		kind := "BIGINT"
		if _, isText := first.(string); isText {
			kind = "TEXT"
			args = append(args, column[string](rows, j))
		} else {
			args = append(args, column[int64](rows, j))
		}
		marks, names = append(marks, fmt.Sprintf("$%d::%s[]", j+1, kind)), append(names, fmt.Sprintf("column%d", j+1))
	}
	return "SELECT * FROM unnest(" + strings.Join(marks, ",") + ") u (" + strings.Join(names, ",") + ")", args
}

func column[T any](rows [][]any, j int) []T {
	values := make([]T, len(rows))
	for i := range rows {
		values[i] = rows[i][j].(T)
	}
	return values
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
