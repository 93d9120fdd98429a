package caseload

import "fmt"

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
	return fmt.Sprintf("%s: would close %d and move %d of %d rows; nothing was changed. If the folder is right, repeat with --accept-shrink", e.File, e.Closed, e.Moved, e.Of)
}
