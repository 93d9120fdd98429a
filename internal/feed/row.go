package feed

import (
	"slices"
	"strings"

	"vireilla/internal/caseload"
)

// rowBatch is a number of rows on their way to the Sink. Each batch has memory of its own, so that a Sink may keep rows.
type rowBatch struct {
	h      *header
	rows   []Row
	values []any
}

func newBatch(h *header) *rowBatch {
	return &rowBatch{h, make([]Row, 0, batch), make([]any, 0, batch*len(h.columns))}
}

// add reads a record into a row. A field that is wrong is told and counts as not set, so that the row can be staged all
// the same and whoever names its id is not blamed; only a row whose key is wrong is lost.
func (b *rowBatch) add(r *run, record []string, line int) {
	start, x := len(b.values), reading{r, b.h, line}
	b.values = b.values[:start+len(b.h.columns)]
	values := b.values[start:len(b.values):len(b.values)]
	for i := range b.h.columns {
		if b.h.columns[i].From == "" {
			x.field(values, i, record)
		}
	}
	x.span(values)
	for _, k := range b.h.key {
		if values[k] == b.h.columns[k].unset {
			r.lost[b.h.file] = true
			b.values = b.values[:start]
			return
		}
	}
	b.rows = append(b.rows, Row{Line: line, Values: values})
}

// keyAt gives the key of the row on a line as it is shown in a fault: every part is an id or a day.
func (b *rowBatch) keyAt(line int) string {
	at, found := slices.BinarySearchFunc(b.rows, line, func(r Row, line int) int { return r.Line - line })
	if !found {
		return ""
	}
	var parts []string
	for _, k := range b.h.key {
		part, _ := b.rows[at].Values[k].(string)
		if shown(part) == "" {
			return ""
		}
		parts = append(parts, part)
	}
	return `"` + strings.Join(parts, " ") + `" `
}

// reading is where one record is read.
type reading struct {
	r    *run
	h    *header
	line int
}

func (x reading) fault(c *column, what string) { x.r.faults.add(x.h.file, x.line, c.Name, what) }

// field reads the field of one column, and the local date of a moment with it.
func (x reading) field(values []any, i int, record []string) {
	c := &x.h.columns[i]
	if c.local >= 0 {
		values[c.local] = ""
	}
	values[i] = c.unset
	s := ""
	if c.at >= 0 {
		s = record[c.at]
	}
	if c.Kind == caseload.Text || c.Kind == caseload.Name {
		s = strings.Trim(s, " \u00a0")
	}
	switch {
	case s == "" && c.Required:
		x.fault(c, "is missing")
	case s == "":
		values[i] = c.empty
	case len(s) > maxField:
		x.fault(c, "is longer than 4 KiB")
	case c.Kind == caseload.Moment:
		x.moment(values, i, s)
	default:
		value, what := c.read(s)
		if what == notUTF8 {
			what = x.h.notText()
		}
		if what != "" {
			x.fault(c, what)
			return
		}
		values[i] = value
	}
}

func (x reading) moment(values []any, i int, s string) {
	c := &x.h.columns[i]
	ms, day, what := moment(s, x.r.o.Zone)
	if what != "" {
		x.fault(c, what)
		return
	}
	values[i] = ms
	if c.local >= 0 {
		values[c.local] = day
	}
}

// span tells an absence that ends before it begins. Days as text sort as days do.
func (x reading) span(values []any) {
	if x.h.from < 0 || x.h.to < 0 {
		return
	}
	from, _ := values[x.h.from].(string)
	to, _ := values[x.h.to].(string)
	if to != "" && to < from {
		x.fault(&x.h.columns[x.h.to], "is before from")
	}
}
