package store

import (
	"database/sql"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // driver "sqlite"
)

// dialect is what differs between the databases.
type dialect struct {
	goose      goose.Dialect
	check      string // a query that answers "ok" when the file is sound
	nameless   bool   // long lists of values are written with ?: SQLite looks up each named one among all
	oneWriter  bool
	skipLocked string // leave out rows that another transaction is claiming right now
}

func connect(rawURL string) (*sql.DB, dialect, error) {
	kind, rest, _ := strings.Cut(rawURL, ":")
	if kind != "sqlite" {
		return nil, dialect{}, fmt.Errorf("database: %q is not a kind of database; write sqlite:PATH", kind)
	}
	pragmas := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"busy_timeout(20000)", "journal_mode(WAL)", "synchronous(FULL)", "cache_size(-32768)", "temp_store(FILE)"},
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: rest}).EscapedPath()+"?"+pragmas.Encode())
	if err != nil {
		return nil, dialect{}, fmt.Errorf("database: %w", err)
	}
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(8)
	return db, dialect{goose: goose.DialectSQLite3, check: `PRAGMA quick_check(1)`, nameless: true, oneWriter: true}, nil
}

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

// list gives "($from,…)" for n values that come after all others.
func (d dialect) list(from, n int) string {
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
