package feed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	_ "time/tzdata"

	"vireilla/internal/caseload"
)

// shelf is a Sink that keeps rows by key, as the store does, and can fail.
type shelf struct {
	stands  map[string]bool // "coaches.csv C-9": in the store before the import
	rows    map[string][]Row
	lines   map[string]int // by file and key
	applied bool
	full    bool
	shrink  error
	fail    error
}

func newShelf(stands ...string) *shelf {
	s := &shelf{stands: map[string]bool{}, rows: map[string][]Row{}, lines: map[string]int{}}
	for _, id := range stands {
		s.stands[id] = true
	}
	return s
}

func (s *shelf) Stage(_ context.Context, f *caseload.File, rows []Row) ([]Duplicate, error) {
	var twice []Duplicate
	if s.rows[f.Name] == nil {
		s.rows[f.Name] = []Row{}
	}
	for _, r := range rows {
		key := f.Name
		for i, c := range f.Columns {
			if slices.Contains(f.Key, c.Name) {
				key += " " + r.Values[i].(string)
			}
		}
		if first, stands := s.lines[key]; stands {
			twice = append(twice, Duplicate{Line: r.Line, First: first})
			continue
		}
		s.lines[key] = r.Line
		s.rows[f.Name] = append(s.rows[f.Name], r)
	}
	return twice, s.fail
}

func (s *shelf) Unknown(_ context.Context, f *caseload.File, column string, limit int) (found []Reference, total int, err error) {
	at := slices.IndexFunc(f.Columns, func(c caseload.Column) bool { return c.Name == column })
	for _, r := range s.rows[f.Name] {
		id := r.Values[at].(string)
		key := f.Columns[at].Ref + " " + id
		if _, staged := s.lines[key]; id == "" || staged || s.stands[key] {
			continue
		}
		if total++; len(found) < limit {
			found = append(found, Reference{Line: r.Line, ID: id})
		}
	}
	return found, total, nil
}

func (s *shelf) Apply(_ context.Context, full, _ bool) (map[string]Counts, error) {
	if s.shrink != nil {
		return nil, s.shrink
	}
	s.applied, s.full = true, full
	counts := map[string]Counts{}
	for name, rows := range s.rows {
		counts[name] = Counts{Added: len(rows)}
	}
	return counts, nil
}

// value is a staged value of the first row of a file.
func (s *shelf) value(t *testing.T, file, column string) any {
	t.Helper()
	for _, f := range caseload.Files() {
		if i := slices.IndexFunc(f.Columns, func(c caseload.Column) bool { return c.Name == column }); f.Name == file && i >= 0 && len(s.rows[file]) > 0 {
			return s.rows[file][0].Values[i]
		}
	}
	t.Fatalf("no row of %s with a column %s", file, column)
	return nil
}

func helsinki(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Helsinki")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// folder makes a folder of pairs of name and content.
func folder(pairs ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return m
}

// take imports a folder that must be right.
func take(t *testing.T, files fstest.MapFS, s *shelf, o Options) Report {
	t.Helper()
	o.Zone = helsinki(t)
	report, err := Import(t.Context(), files, s, o)
	if err != nil {
		t.Fatal(err)
	}
	if !s.applied {
		t.Fatal("not put in force")
	}
	return report
}

// refused imports a folder that must be wrong, and gives the text of its faults.
func refused(t *testing.T, files fstest.MapFS, s *shelf, o Options) string {
	t.Helper()
	o.Zone = helsinki(t)
	_, err := Import(t.Context(), files, s, o)
	var faults *Faults
	if !errors.As(err, &faults) {
		t.Fatalf("no faults but %v", err)
	}
	if s.applied {
		t.Error("was put in force all the same")
	}
	return err.Error()
}

// oneRow is a file with one row: the given fields, and for the other required columns something right.
func oneRow(file string, fields map[string]string) string {
	var names, values []string
	for _, f := range caseload.Files() {
		for _, c := range f.Columns {
			v, given := fields[c.Name]
			if f.Name != file || c.From != "" || !given && !c.Required {
				continue
			}
			if !given {
				v = rightField(c)
			}
			names, values = append(names, c.Name), append(values, `"`+strings.ReplaceAll(v, `"`, `""`)+`"`)
		}
	}
	return strings.Join(names, ",") + "\r\n" + strings.Join(values, ",") + "\r\n"
}

func rightField(c caseload.Column) string {
	switch c.Kind {
	case caseload.ID:
		return "X-1"
	case caseload.Word:
		return c.Words[0]
	case caseload.Tag:
		return "fi"
	case caseload.Email:
		return "kanaria.x-1@example.org"
	case caseload.DayKind:
		return "2024-03-04"
	case caseload.Moment:
		return "2024-03-04T09:00"
	case caseload.Number:
		return fmt.Sprint(c.Least)
	case caseload.Flag:
		return "true"
	}
	return "Jotain"
}

// everyone stands in the store: no reference of oneRow is unknown.
func everyone() *shelf { return newShelf("teams.csv X-1", "coaches.csv X-1", "seekers.csv X-1") }
