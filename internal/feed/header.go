package feed

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"vireilla/internal/caseload"
)

// header says where the columns of a file stand in its records.
type header struct {
	file    string   // its name
	names   []string // as they stand there
	old     bool     // in windows-1252
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
	case what == "" && names == nil && s.broken != nil:
		return nil
	case what == "" && names == nil:
		line, what = 1, noHeader
	case what == "":
		what = separatorFault(names)
	}
	if what != "" {
		r.refuse(f, line, "header", what)
		return nil
	}
	h, faults := columns(f, slices.Clone(names)), r.faults.Total
	h.old = s.old
	r.checkHeader(f, h, line)
	if r.faults.Total > faults {
		r.lost[f.Name] = true
		return nil
	}
	return h
}

// separatorFault tells a header line that is one name for want of a separator.
func separatorFault(names []string) string {
	const must = "; the separator must be , or ;"
	switch {
	case len(names) == 1 && strings.Contains(names[0], "\t"):
		return "is separated by tabs" + must
	case len(names) == 1 && strings.Contains(names[0], "|"):
		return "is separated by |" + must
	}
	return ""
}

// checkHeader tells the names that are no column, that stand twice, and that are missing.
func (r *run) checkHeader(f *caseload.File, h *header, line int) {
	var fields []string
	for _, c := range f.Columns {
		if c.From == "" {
			fields = append(fields, c.Name)
		}
	}
	// meant gives the column whose name differs by nothing but case, spaces and signs; "" is none.
	meant := func(name string) string {
		i := slices.IndexFunc(fields, func(field string) bool { return folded(field) == folded(name) })
		if i < 0 {
			return ""
		}
		return fields[i]
	}
	if !slices.ContainsFunc(h.names, func(name string) bool { return meant(name) != "" }) { // perhaps a row: nothing of it is repeated
		r.faults.add(f.Name, line, "header", "names no column of this file; they are "+strings.Join(fields, ", "))
		return
	}
	var hinted []string
	for i, name := range h.names {
		first := slices.Index(h.names, name)
		what := ""
		switch field := meant(name); {
		case slices.Contains(fields, name) && first < i:
			what = fmt.Sprintf("stands twice, as columns %d and %d", first+1, i+1)
		case slices.Contains(fields, name):
			continue
		case !utf8.ValidString(name):
			what = h.notText()
		case name == "":
			what = "has no name: is there a separator too many?"
		case strings.ContainsAny(name, ",;"):
			what = "holds a separator: is the line in quotation marks, or are , and ; mixed?"
		case field != "":
			what = fmt.Sprintf("is no column of this file; did you mean %q?", field)
			hinted = append(hinted, field)
		default:
			what = "is no column of this file"
		}
		if !plainName(name) {
			name = "column " + strconv.Itoa(i+1)
		}
		r.faults.add(f.Name, line, name, what)
	}
	for i := range h.columns {
		if c := &h.columns[i]; c.Required && c.at < 0 && !slices.Contains(hinted, c.Name) {
			r.faults.add(f.Name, line, c.Name, "this column is missing")
		}
	}
}

// folded is a name without what is easily different: case, and all that is no letter or digit.
func folded(name string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			return -1
		}
		return unicode.ToLower(c)
	}, name)
}

// plainName says whether a name looks like that of a column.
func plainName(s string) bool {
	odd := func(c rune) bool { return c != '_' && !unicode.IsLetter(c) && !unicode.IsDigit(c) }
	return s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= 40 && !strings.ContainsFunc(s, odd)
}

// notText is what is wrong with bytes that are no text in the file's encoding.
func (h *header) notText() string {
	if h.old {
		return "holds a byte that stands for nothing in windows-1252"
	}
	return notUTF8
}

func columns(f *caseload.File, names []string) *header {
	place := func(name string) int {
		return slices.IndexFunc(f.Columns, func(c caseload.Column) bool { return c.Name == name })
	}
	h := &header{file: f.Name, names: names, columns: make([]column, len(f.Columns)), from: place("from"), to: place("to")}
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
