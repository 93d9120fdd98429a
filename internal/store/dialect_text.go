package store

import (
	"fmt"
	"strconv"
	"strings"
)

// inQuery returns the condition that a column is among the results of a query with ORDER BY and LIMIT, without the rows
// that another transaction has locked. PostgreSQL may run a subquery more than once, and each run would lock more rows;
// it evaluates an array once.
func (d *dialect) inQuery(column, query string) string {
	if d.oneWriter {
		return column + ` IN (` + query + `)`
	}
	return column + ` = ANY (ARRAY(` + query + d.skipLocked() + `))`
}

// forUpdate ends a query that locks its rows until the transaction ends, and waits for rows that are locked. With one
// writer no lock is needed.
func (d *dialect) forUpdate() string {
	if d.oneWriter {
		return ``
	}
	return ` FOR UPDATE`
}

// skipLocked is forUpdate without waiting: it leaves out rows that are locked.
func (d *dialect) skipLocked() string {
	if d.oneWriter {
		return ``
	}
	return ` FOR UPDATE SKIP LOCKED`
}

// marks returns "($1,$2),($3,$4)" for rows × columns.
func (d *dialect) marks(rows, columns int) string {
	var b strings.Builder
	for r := range rows {
		if r > 0 {
			b.WriteByte(',')
		}
		d.writeList(&b, r*columns+1, columns)
	}
	return b.String()
}

// list returns "($from,…)" for n values that come after all others. The list of no values contains nothing.
func (d *dialect) list(from, n int) string {
	if n == 0 {
		return "(NULL)"
	}
	var b strings.Builder
	d.writeList(&b, from, n)
	return b.String()
}

func (d *dialect) writeList(b *strings.Builder, from, n int) {
	b.WriteByte('(')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		if d.questionMarks {
			b.WriteByte('?')
			continue
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(from + i))
	}
	b.WriteByte(')')
}

// values puts rows of numbers and texts between two halves of a query, as a query whose columns are column1, column2
// and so on. PostgreSQL gets one array a column, so there is one query text. SQLite has no arrays and gets VALUES; the
// last row is repeated up to 1, 2, 4, 8, … rows, so there are few query texts.
func (d *dialect) values(before string, rows [][]any, after string) (text string, args []any) {
	if !d.questionMarks {
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
		marks = append(marks, fmt.Sprintf("$%d::%s[]", j+1, kind))
		names = append(names, fmt.Sprintf("column%d", j+1))
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

// padded returns the values with the last one repeated up to 1, 5, 25, 125 or 625, so that a prepared query has few
// texts.
func padded[T any](values []T) []any {
	out := anys(values)
	for n := 1; len(out) > 0 && n < 5*len(values); n *= 5 {
		for len(out) < n {
			out = append(out, values[len(values)-1])
		}
	}
	return out
}
