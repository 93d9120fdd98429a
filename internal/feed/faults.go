package feed

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"vireilla/internal/caseload"
)

const maxFaults = 100

// Fault is one thing that is wrong with a folder. Line is that on which the row begins, 0 when it is about the file as a
// whole; Column is empty when it is about the whole row.
type Fault struct {
	File   string
	Line   int
	Column string
	What   string
}

// String is the fault as "file:line: column: what", without the parts that are not set.
func (f Fault) String() string {
	s := f.File
	if f.Line > 0 {
		s += fmt.Sprintf(":%d", f.Line)
	}
	for _, part := range []string{f.Column, f.What} {
		if s != "" && part != "" {
			s += ": "
		}
		s += part
	}
	return s
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
