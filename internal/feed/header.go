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

// header is the header line of a file: which field of a record belongs to which column.
type header struct {
	file        string   // its name
	names       []string // the header line
	windows1252 bool     // the encoding of the file
	columns     []column // in the order of File.Columns
	key         []int    // indexes of File.Key in columns
	from        int      // indexes of from and to in columns, or -1
	to          int
}

// column is a column with all that is needed to decode its field in a row.
type column struct {
	caseload.Column
	at    int            // index in the record, or -1 when the header line does not name it: the field counts as empty
	local int            // index of the column with the local date of this moment, or -1
	words map[string]any // the allowed words
	unset any            // the value of a field that is wrong, or is empty and has no default
	empty any            // the value of an empty field
}

// header reads the header line. It reports its faults, and gives nil when the rows cannot be decoded.
func (r *run) header(s *source, f *caseload.File) *header {
	names, line, what := s.next()
	s.rows = 0
	switch {
	case what == "" && names == nil && s.readErr != nil:
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
	h, faults := newHeader(f, slices.Clone(names)), r.faults.Total
	h.windows1252 = s.windows1252
	r.checkHeader(f, h, line)
	if r.faults.Total > faults {
		r.incomplete[f.Name] = true
		return nil
	}
	return h
}

// separatorFault finds a header line whose separator is neither a comma nor a semicolon.
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

// checkHeader reports unknown, repeated and missing columns.
func (r *run) checkHeader(f *caseload.File, h *header, line int) {
	var fields []string
	for _, c := range f.Columns {
		if c.From == "" {
			fields = append(fields, c.Name)
		}
	}
	// similar gives the column whose name differs only in case, spaces and punctuation, or "".
	similar := func(name string) string {
		i := slices.IndexFunc(fields, func(field string) bool { return folded(field) == folded(name) })
		if i < 0 {
			return ""
		}
		return fields[i]
	}
	if !slices.ContainsFunc(h.names, func(name string) bool { return similar(name) != "" }) {
		// This may be a row of a file without header line: the fault repeats nothing of it.
		r.faults.add(f.Name, line, "header", "has no column of this file; its columns are "+strings.Join(fields, ", "))
		return
	}
	var hinted []string
	for i, name := range h.names {
		first := slices.Index(h.names, name)
		what := ""
		switch field := similar(name); {
		case slices.Contains(fields, name) && first < i:
			what = fmt.Sprintf("stands twice, as columns %d and %d", first+1, i+1)
		case slices.Contains(fields, name):
			continue
		case !utf8.ValidString(name):
			what = h.notText()
		case name == "":
			what = "has no name: is there a separator too many?"
		case strings.ContainsAny(name, ",;"):
			what = "has a separator in its name: is the line in quotation marks, or are , and ; mixed?"
		case field != "":
			what = fmt.Sprintf("is not a column of this file; did you mean %q?", field)
			hinted = append(hinted, field)
		default:
			what = "is not a column of this file"
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

// folded gives the letters and digits of a name in lower case.
func folded(name string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			return -1
		}
		return unicode.ToLower(c)
	}, name)
}

// plainName reports whether a name looks like the name of a column, so that a fault may repeat it.
func plainName(s string) bool {
	odd := func(c rune) bool { return c != '_' && !unicode.IsLetter(c) && !unicode.IsDigit(c) }
	return s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= 40 && !strings.ContainsFunc(s, odd)
}

// notText is the fault of bytes that are not valid in the file's encoding.
func (h *header) notText() string {
	if h.windows1252 {
		return "holds a byte that stands for nothing in windows-1252"
	}
	return notUTF8
}

// newHeader finds the columns of a file in its header line.
func newHeader(f *caseload.File, names []string) *header {
	index := func(name string) int {
		return slices.IndexFunc(f.Columns, func(c caseload.Column) bool { return c.Name == name })
	}
	h := &header{file: f.Name, names: names, columns: make([]column, len(f.Columns)), from: index("from"), to: index("to")}
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
		h.key = append(h.key, index(k))
	}
	return h
}
