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
	return db, dialect{goose: goose.DialectSQLite3, check: `PRAGMA quick_check(1)`}, nil
}

// marks gives "($1,$2),($3,$4)" for rows × columns.
func marks(rows, columns int) string {
	var b strings.Builder
	n := 1
	for r := range rows {
		if r > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('(')
		for c := range columns {
			if c > 0 {
				b.WriteByte(',')
			}
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(n))
			n++
		}
		b.WriteByte(')')
	}
	return b.String()
}

// list gives "($from,…)" for n values.
func list(from, n int) string {
	var b strings.Builder
	b.WriteByte('(')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(from + i))
	}
	b.WriteByte(')')
	return b.String()
}

func anys[T any](values []T) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out
}
