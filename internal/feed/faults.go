package feed

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"vireilla/internal/caseload"
)

const maxFaults = 100

// Fault is one thing that is wrong with a folder. Line is the line on which the row begins. Column is the name of a
// column, or "row", "header" or "file" for a fault of the whole of it. A fault of the folder has no file, line or
// column.
type Fault struct {
	File   string
	Line   int
	Column string
	What   string
}

// String gives the fault as "file:line: column: what".
func (f Fault) String() string {
	if f.File == "" {
		return f.What
	}
	return fmt.Sprintf("%s:%d: %s: %s", f.File, f.Line, f.Column, f.What)
}

// Faults is the error for a folder that was refused: the first 100 faults that were found, by file and line, and how
// many there are in all.
type Faults struct {
	List  []Fault
	Total int
}

// Error gives a line for each fault, and a last line with the number of faults that are not listed.
func (f *Faults) Error() string {
	lines := make([]string, 0, len(f.List)+1)
	for _, x := range f.List {
		lines = append(lines, x.String())
	}
	if more := f.Total - len(f.List); more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(lines, "\n")
}

func (f *Faults) add(file string, line int, column, what string) {
	f.Total++
	if len(f.List) < maxFaults {
		f.List = append(f.List, Fault{file, line, column, what})
	}
}

func (f *Faults) room() int { return maxFaults - len(f.List) }

// sort orders the faults by file and line. They are found in several passes over a file.
func (f *Faults) sort(files []caseload.File) {
	place := func(name string) int {
		return slices.IndexFunc(files, func(x caseload.File) bool { return x.Name == name })
	}
	slices.SortStableFunc(f.List, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(place(a.File), place(b.File)), cmp.Compare(a.Line, b.Line))
	})
}
