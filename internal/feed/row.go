package feed

import (
	"slices"
	"strings"

	"vireilla/internal/caseload"
)

// rowBatch collects rows for one call of Sink.Stage. Batches share no memory, so a Sink may keep the rows.
type rowBatch struct {
	header *header
	rows   []Row
	values []any
}

func newBatch(h *header) *rowBatch {
	return &rowBatch{h, make([]Row, 0, batch), make([]any, 0, batch*len(h.columns))}
}

// add decodes a record into a row. A wrong field is reported and counts as not set. The row is staged all the same, so
// that references to its id are not reported too; only a row with a wrong key is dropped.
func (b *rowBatch) add(r *run, record []string, line int) {
	h, start := b.header, len(b.values)
	b.values = b.values[:start+len(h.columns)]
	values := b.values[start:len(b.values):len(b.values)]
	d := decoder{r, h, line}
	for i := range h.columns {
		if h.columns[i].From == "" {
			d.field(values, i, record)
		}
	}
	d.checkSpan(values)
	for _, k := range h.key {
		if values[k] == h.columns[k].unset {
			r.incomplete[h.file] = true
			b.values = b.values[:start]
			return
		}
	}
	b.rows = append(b.rows, Row{Line: line, Values: values})
}

// keyAt gives the key of the row on a line for a fault, or "" when a part of it may be a name. Its parts are ids and
// days.
func (b *rowBatch) keyAt(line int) string {
	at, found := slices.BinarySearchFunc(b.rows, line, func(r Row, line int) int { return r.Line - line })
	if !found {
		return ""
	}
	var parts []string
	for _, k := range b.header.key {
		part, _ := b.rows[at].Values[k].(string)
		if quotedID(part) == "" {
			return ""
		}
		parts = append(parts, part)
	}
	return `"` + strings.Join(parts, " ") + `" `
}

// decoder decodes the record on one line and reports its faults.
type decoder struct {
	run    *run
	header *header
	line   int
}

func (d decoder) fault(c *column, what string) { d.run.faults.add(d.header.file, d.line, c.Name, what) }

// field decodes the field of column i, and with a moment its local date.
func (d decoder) field(values []any, i int, record []string) {
	c := &d.header.columns[i]
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
		d.fault(c, "is missing")
	case s == "":
		values[i] = c.empty
	case len(s) > maxField:
		d.fault(c, "is longer than 4 KiB")
	case c.Kind == caseload.Moment:
		d.moment(values, i, s)
	default:
		value, what := c.read(s)
		if what == notUTF8 {
			what = d.header.notText()
		}
		if what != "" {
			d.fault(c, what)
			return
		}
		values[i] = value
	}
}

func (d decoder) moment(values []any, i int, s string) {
	c := &d.header.columns[i]
	ms, day, what := moment(s, d.run.o.Zone)
	if what != "" {
		d.fault(c, what)
		return
	}
	values[i] = ms
	if c.local >= 0 {
		values[c.local] = day
	}
}

// checkSpan reports an absence that ends before it begins. Days as text sort as days do.
func (d decoder) checkSpan(values []any) {
	if d.header.from < 0 || d.header.to < 0 {
		return
	}
	from, _ := values[d.header.from].(string)
	to, _ := values[d.header.to].(string)
	if to != "" && to < from {
		d.fault(&d.header.columns[d.header.to], "is before from")
	}
}
