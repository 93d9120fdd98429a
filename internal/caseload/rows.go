package caseload

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Row is one row of a file of the feed: its line and the values of File.Columns in their order, as kept in SQL: string, int64.
type Row struct {
	Line   int
	Values []any
}

// Duplicate is a row whose key stands already on line First.
type Duplicate struct{ Line, First int }

// Reference is a row that names an id that nobody has.
type Reference struct {
	Line int
	ID   string
}

// Counts of one file's rows.
type Counts struct {
	Read      int `json:"read"`
	Added     int `json:"added"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
	Closed    int `json:"closed"`
}

// ShrinkError is the delta guard: a full import would close, or give another owner to, more than a tenth of a file's rows.
type ShrinkError struct {
	File   string
	Closed int // rows that would be closed
	Moved  int // seekers that would get another coach
	Of     int // living rows now
}

func (e *ShrinkError) Error() string {
	would := fmt.Sprintf("close %d of %d rows", e.Closed, e.Of)
	switch {
	case e.Closed == 0:
		would = fmt.Sprintf("give %d of %d rows another coach", e.Moved, e.Of)
	case e.Moved > 0:
		would += fmt.Sprintf(" and give %d another coach", e.Moved)
	}
	return fmt.Sprintf("%s: this import would %s; nothing was changed. If the folder is right, repeat with --accept-shrink", e.File, would)
}

// Stranded is open rows of a file that belong to what an import closed: how many, by its id.
type Stranded struct {
	File      string
	Rows, Ref string         // what they are, and what was closed, in words
	Count     map[string]int // by the id of what was closed
}

// String names no more than ten ids.
func (s *Stranded) String() string {
	var parts []string
	for _, id := range slices.Sorted(maps.Keys(s.Count)) {
		parts = append(parts, fmt.Sprintf("%s (%d)", id, s.Count[id]))
	}
	if more := len(parts) - 10; more > 0 {
		parts = append(parts[:10], fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("%s: %s belong to %s that this import closes: %s", s.File, s.Rows, s.Ref, strings.Join(parts, ", "))
}
