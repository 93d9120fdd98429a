package caseload

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Row is one row of a file of the feed. Values are in the order of File.Columns, each a string or an int64 as kept in
// SQL. Line is the line on which the row begins; the first line of a file is 1.
type Row struct {
	Line   int
	Values []any
}

// Duplicate is a row with the key of an earlier row, which is on line First.
type Duplicate struct{ Line, First int }

// Reference is a row that refers to an unknown id.
type Reference struct {
	Line int
	ID   string
}

// Counts says what an import did with the rows of one file. Read rows are Added, Changed or Unchanged; Closed rows were
// in the store and not in the file.
type Counts struct {
	Read      int `json:"read"`
	Added     int `json:"added"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
	Closed    int `json:"closed"`
}

// ShrinkError says that the delta guard stopped a full import: it would close more than a tenth of the open rows of a
// file, or close or give another coach to more than a tenth of the seekers. Nothing was changed.
type ShrinkError struct {
	File   string
	Closed int // rows that would be closed
	Moved  int // seekers that would get another coach
	Of     int // open rows before the import
}

func (e *ShrinkError) Error() string {
	would := fmt.Sprintf("close %d of %d rows", e.Closed, e.Of)
	switch {
	case e.Closed == 0:
		would = fmt.Sprintf("give %d of %d rows another coach", e.Moved, e.Of)
	case e.Moved > 0:
		would += fmt.Sprintf(" and give %d another coach", e.Moved)
	}
	return fmt.Sprintf("%s: this import would %s; nothing was changed. "+
		"If the folder is right, repeat with --accept-shrink", e.File, would)
}

// Stranded counts open rows of a file that refer to a row that an import closed.
type Stranded struct {
	File      string
	Rows, Ref string         // what the open rows and the closed rows are, such as "coaches" and "teams"
	Count     map[string]int // open rows by the id of the closed row
}

// String lists at most ten ids, in the order of the alphabet.
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
