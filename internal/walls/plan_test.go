package walls

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// plan is what docs/architecture.md allows.
type plan struct {
	rows    map[string][]string // of ours, by package
	rooms   map[string][]string // packages, by library
	modules []string            // direct dependencies
	pure    []string
}

const (
	document = "../../docs/architecture.md"
	all      = "all"
	tests    = "tests"
)

var readPlan = sync.OnceValues(func() (plan, error) {
	text, err := os.ReadFile(document)
	return planOf(string(text)), err
})

// thePlan reads the tables of the document.
func thePlan(t *testing.T) plan {
	t.Helper()
	p, err := readPlan()
	if err != nil {
		t.Fatal(err)
	}
	if len(p.rows) == 0 || len(p.rooms) == 0 || len(p.modules) == 0 || len(p.pure) == 0 {
		t.Fatalf("%s has %d rooms, %d libraries, %d modules and %d pure packages", document, len(p.rows), len(p.rooms), len(p.modules), len(p.pure))
	}
	return p
}

var quoted = regexp.MustCompile("`([^`]+)`")

func planOf(text string) plan {
	p := plan{rows: map[string][]string{}, rooms: map[string][]string{}}
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		name := strings.Trim(cells[0], "`")
		switch ours := name != cells[0]; {
		case ours && len(cells) == 3: // a room
			p.rows[name] = names(cells[2])
			if strings.Contains(cells[1], "Pure") {
				p.pure = append(p.pure, name)
			}
		case ours && len(cells) == 2: // of the standard library
			p.rooms[name] = names(cells[1])
		case len(cells) == 4 && strings.Contains(name, "/"): // a module
			p.rooms[name] = names(cells[2])
			p.modules = append(p.modules, name)
		}
	}
	return p
}

// names gives what stands in a cell: names in backquotes, or one word without them.
func names(cell string) (found []string) {
	for _, m := range quoted.FindAllStringSubmatch(cell, -1) {
		found = append(found, m[1])
	}
	if cell == all || cell == tests {
		found = append(found, cell)
	}
	return found
}

// library gives the library of the plan that an import path belongs to; of one within another, the inner.
func (p *plan) library(path string) string {
	best := ""
	for library := range p.rooms {
		if under(path, library) && len(library) > len(best) {
			best = library
		}
	}
	return best
}

// An allowance that nobody uses is a hole in a wall.
func TestEveryAllowanceIsUsed(t *testing.T) {
	p := thePlan(t)
	used := map[string][]string{} // packages and libraries, by package
	for pkg, imports := range imports(t) {
		for _, path := range imports {
			if other, ours := strings.CutPrefix(path, module+"/"); ours {
				used[pkg] = append(used[pkg], other)
			} else if library := p.library(path); library != "" {
				used[pkg] = append(used[pkg], library)
			}
		}
	}
	for pkg, allowed := range p.rows {
		for _, other := range allowed {
			if other != all && !slices.Contains(used[pkg], other) {
				t.Errorf("%s allows %s to import %s, which it does not", document, pkg, other)
			}
		}
	}
	for library, rooms := range p.rooms {
		for _, room := range rooms {
			if room != tests && !slices.Contains(used[room], library) {
				t.Errorf("%s gives %s a room in %s, which does not import it", document, library, room)
			}
		}
	}
}

func TestTheRowsOfThePlanNameEachOther(t *testing.T) {
	p := thePlan(t)
	var named []string
	for _, allowed := range p.rows {
		named = append(named, allowed...)
	}
	for _, rooms := range p.rooms {
		named = append(named, rooms...)
	}
	for _, pkg := range named {
		if _, known := p.rows[pkg]; !known && pkg != all && pkg != tests {
			t.Errorf("%s names %s, which has no row", document, pkg)
		}
	}
}
