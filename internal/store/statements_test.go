package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
)

// one opens a database of one connection, with a table of the numbers 1 to 3.
func one(t *testing.T) (c *sql.Conn, kept func() int) {
	t.Helper()
	db, _, err := connectSQLite(filepath.Join(t.TempDir(), "v.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if c, err = db.Conn(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	do(t, c, `CREATE TABLE a (n INTEGER PRIMARY KEY)`)
	do(t, c, `INSERT INTO a VALUES (1), (2), (3)`)
	return c, func() (n int) {
		if err := c.Raw(func(conn any) error { n = len(conn.(*cachingConn).idle); return nil }); err != nil {
			t.Error(err)
		}
		return n
	}
}

func do(t *testing.T, c *sql.Conn, text string, args ...any) {
	t.Helper()
	if _, err := c.ExecContext(t.Context(), text, args...); err != nil {
		t.Fatal(err)
	}
}

func numbers(t *testing.T, c *sql.Conn, visit func(n int)) (all []int) {
	t.Helper()
	rows, err := c.QueryContext(t.Context(), `SELECT n FROM a WHERE n < $1 ORDER BY n`, 100)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
		all = append(all, n)
		visit(n)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAStatementIsKeptAndRunAgain(t *testing.T) {
	c, kept := one(t)
	before := kept()
	for range 3 {
		if got := fmt.Sprint(numbers(t, c, func(int) {})); got != "[1 2 3]" {
			t.Error(got)
		}
	}
	if n := kept(); n != before+1 {
		t.Errorf("%d statements are kept, %d before", n, before)
	}
}

// While the rows of a statement are read, the same text is another statement.
func TestAStatementInUseIsNotUsedTwice(t *testing.T) {
	c, kept := one(t)
	before := kept()
	pairs := 0
	numbers(t, c, func(int) { numbers(t, c, func(int) { pairs++ }) })
	if n := kept(); pairs != 9 || n != before+1 {
		t.Errorf("%d pairs; %d statements are kept, %d before", pairs, n, before)
	}
}

func TestAStatementThatFailsIsNotKept(t *testing.T) {
	c, kept := one(t)
	const insert = `INSERT INTO a VALUES ($1)`
	do(t, c, insert, 4)
	before := kept()
	if _, err := c.ExecContext(t.Context(), insert, 4); err == nil {
		t.Error("the same number twice")
	}
	if n := kept(); n != before-1 {
		t.Errorf("%d statements are kept, %d before", n, before)
	}
	do(t, c, insert, 5)
}

func TestAStatementOutlivesAChangeOfItsTable(t *testing.T) {
	c, _ := one(t)
	numbers(t, c, func(int) {})
	do(t, c, `DROP TABLE a`)
	do(t, c, `CREATE TABLE a (other TEXT, n INTEGER PRIMARY KEY)`)
	do(t, c, `INSERT INTO a VALUES ('x', 7)`)
	if got := fmt.Sprint(numbers(t, c, func(int) {})); got != "[7]" {
		t.Error(got)
	}
}

func TestAStatementThatIsCutShortMayBeRunAgain(t *testing.T) {
	c, _ := one(t)
	const long = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) SELECT i FROM n`
	ctx, cancel := context.WithCancel(t.Context())
	rows, err := c.QueryContext(ctx, long, 1_000_000_000)
	if err != nil || !rows.Next() {
		t.Fatal(err)
	}
	cancel()
	for rows.Next() { // until the end is noticed
	}
	if err := rows.Err(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	_ = rows.Close()
	var n int
	if err := c.QueryRowContext(t.Context(), `SELECT max(i) FROM (`+long+`)`, 5).Scan(&n); err != nil || n != 5 {
		t.Error(n, err)
	}
	if err := c.QueryRowContext(t.Context(), long, 5).Scan(&n); err != nil || n != 1 {
		t.Error(n, err)
	}
}

func TestNotMoreThanSoManyStatementsAreKept(t *testing.T) {
	c, kept := one(t)
	for i := range 2 * maxIdle {
		do(t, c, fmt.Sprintf(`UPDATE a SET n = n WHERE n = %d`, i))
	}
	if n := kept(); n != maxIdle {
		t.Errorf("%d statements are kept", n)
	}
}
