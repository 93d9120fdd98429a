package feed

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"vireilla/internal/caseload"
)

const maxFaults = 100

// Fault is one thing that is wrong with a folder. Line is that on which the row begins; Column is also "row", "header" or "file" when it is about the whole of
// that. What is wrong with the folder itself has no file, line or column.
type Fault struct {
	File   string
	Line   int
	Column string
	What   string
}

// String is the fault as "file:line: column: what".
func (f Fault) String() string {
	if f.File == "" {
		return f.What
	}
	return fmt.Sprintf("%s:%d: %s: %s", f.File, f.Line, f.Column, f.What)
}

// Faults is the error of a folder that was refused: the first 100 faults by file and line, and how many there are in all.
type Faults struct {
	List  []Fault
	Total int
}

// Error gives one line for each fault and a last line with the number of those that are not listed.
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

// sort puts the faults of a file, which were found in several rounds, in the order of its lines.
func (f *Faults) sort(files []caseload.File) {
	place := func(name string) int {
		return slices.IndexFunc(files, func(x caseload.File) bool { return x.Name == name })
	}
	slices.SortStableFunc(f.List, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(place(a.File), place(b.File)), cmp.Compare(a.Line, b.Line))
	})
}
