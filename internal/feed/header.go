package feed

import (
	"fmt"
	"slices"
	"strconv"

	"vireilla/internal/caseload"
)

// header says where the columns of a file stand in its records.
type header struct {
	file    string   // its name
	columns []column // in the order of File.Columns
	key     []int    // places of File.Key in columns
	from    int      // places of from and to of an absence, or -1
	to      int
}

// column is a column of the file with what every row needs of it.
type column struct {
	caseload.Column
	at    int            // place in the record; -1: the header line does not name it, and the field counts as empty
	local int            // place of the column that holds the local date of this moment, or -1
	words map[string]any // the allowed words
	unset any            // the value of a field that is empty and has no default, or is wrong
	empty any            // the value of an empty field
}

// header reads the header line. It gives nil when the rows cannot be understood; the faults are told.
func (r *run) header(s *source, f *caseload.File) *header {
	names, line, what := s.next()
	s.rows = 0
	switch {
	case what != "":
		r.refuse(f, line, what)
		return nil
	case names == nil && s.broken == nil:
		r.refuse(f, 0, "is empty: there is no header line")
		return nil
	case names == nil:
		return nil
	}
	h, faults := columns(f, names), r.faults.Total
	r.checkHeader(f, h, names, line)
	if r.faults.Total > faults {
		r.lost[f.Name] = true
		return nil
	}
	return h
}

// checkHeader tells the names that are no column, that stand twice, and that are missing.
func (r *run) checkHeader(f *caseload.File, h *header, names []string, line int) {
	field := func(name string) bool {
		return slices.ContainsFunc(f.Columns, func(c caseload.Column) bool { return c.Name == name && c.From == "" })
	}
	isHeader := slices.ContainsFunc(names, field)
	for i, name := range names {
		switch {
		case !field(name):
			// In a file without a header line this is a person's name or address.
			if !isHeader || !plainName(name) {
				name = "column " + strconv.Itoa(i+1)
			}
			r.faults.add(f.Name, line, name, "is no column of this file")
		case slices.Index(names, name) < i:
			r.faults.add(f.Name, line, name, fmt.Sprintf("stands twice, as columns %d and %d", slices.Index(names, name)+1, i+1))
		}
	}
	for i := range h.columns {
		if c := &h.columns[i]; c.Required && c.at < 0 {
			r.faults.add(f.Name, line, c.Name, "this column is missing")
		}
	}
}

// plainName says whether a name is written as the names of columns are.
func plainName(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

func columns(f *caseload.File, names []string) *header {
	place := func(name string) int {
		return slices.IndexFunc(f.Columns, func(c caseload.Column) bool { return c.Name == name })
	}
	h := &header{file: f.Name, columns: make([]column, len(f.Columns)), from: place("from"), to: place("to")}
	for i := range h.columns {
		c := &h.columns[i]
		*c = column{Column: f.Columns[i], at: -1, local: -1, unset: ""}
		if c.From == "" {
			c.at = slices.Index(names, c.Name)
		}
		c.local = slices.IndexFunc(f.Columns, func(o caseload.Column) bool { return o.From == c.Name })
		if c.Kind == caseload.Moment || c.Kind == caseload.Number || c.Kind == caseload.Flag {
			c.unset = int64(0)
		}
		c.words = make(map[string]any, len(c.Words))
		for _, w := range c.Words {
			c.words[w] = w
		}
		c.empty = c.unset
		if c.Default != "" {
			c.empty = any(c.Default)
			if n, ok := number(c.Default); ok && c.Kind == caseload.Number {
				c.empty = n
			}
		}
	}
	for _, k := range f.Key {
		h.key = append(h.key, place(k))
	}
	return h
}
