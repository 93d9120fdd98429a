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

// memorySink is a Sink that keeps rows by key, as the store does, and can fail.
type memorySink struct {
	stored  map[string]bool // ids in the store before the import, such as "coaches.csv C-9"
	rows    map[string][]Row
	lines   map[string]int // by file and key
	applied bool
	full    bool
	shrink  error
	fail    error
}

func newSink(stored ...string) *memorySink {
	s := &memorySink{stored: map[string]bool{}, rows: map[string][]Row{}, lines: map[string]int{}}
	for _, id := range stored {
		s.stored[id] = true
	}
	return s
}

func (s *memorySink) Stage(_ context.Context, f *caseload.File, rows []Row) ([]Duplicate, error) {
	var duplicates []Duplicate
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
		if first, ok := s.lines[key]; ok {
			duplicates = append(duplicates, Duplicate{Line: r.Line, First: first})
			continue
		}
		s.lines[key] = r.Line
		s.rows[f.Name] = append(s.rows[f.Name], r)
	}
	return duplicates, s.fail
}

func (s *memorySink) Unknown(
	_ context.Context, f *caseload.File, column string, limit int,
) (found []Reference, total int, err error) {
	at := slices.IndexFunc(f.Columns, func(c caseload.Column) bool { return c.Name == column })
	for _, r := range s.rows[f.Name] {
		id := r.Values[at].(string)
		key := f.Columns[at].Ref + " " + id
		if _, staged := s.lines[key]; id == "" || staged || s.stored[key] {
			continue
		}
		if total++; len(found) < limit {
			found = append(found, Reference{Line: r.Line, ID: id})
		}
	}
	return found, total, nil
}

func (s *memorySink) Apply(_ context.Context, full, _ bool) (map[string]Counts, error) {
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
func (s *memorySink) value(t *testing.T, file, column string) any {
	t.Helper()
	for _, f := range caseload.Files() {
		i := slices.IndexFunc(f.Columns, func(c caseload.Column) bool { return c.Name == column })
		if f.Name == file && i >= 0 && len(s.rows[file]) > 0 {
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

// folder gives a folder with files from pairs of name and content.
func folder(pairs ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return m
}

// mustImport imports a folder without faults.
func mustImport(t *testing.T, files fstest.MapFS, s *memorySink, o Options) Report {
	t.Helper()
	o.Zone = helsinki(t)
	report, err := Import(t.Context(), files, s, o)
	if err != nil {
		t.Fatal(err)
	}
	if !s.applied {
		t.Fatal("the rows were not applied")
	}
	return report
}

// mustRefuse imports a folder with faults and gives their text.
func mustRefuse(t *testing.T, files fstest.MapFS, s *memorySink, o Options) string {
	t.Helper()
	o.Zone = helsinki(t)
	_, err := Import(t.Context(), files, s, o)
	var faults *Faults
	if !errors.As(err, &faults) {
		t.Fatalf("no faults but %v", err)
	}
	if s.applied {
		t.Error("the rows were applied all the same")
	}
	return err.Error()
}

// oneRow gives a file with one row: the given fields, and valid fields for the other required columns.
func oneRow(file string, fields map[string]string) string {
	var names, values []string
	for _, f := range caseload.Files() {
		for _, c := range f.Columns {
			v, given := fields[c.Name]
			if f.Name != file || c.From != "" || !given && !c.Required {
				continue
			}
			if !given {
				v = validField(c)
			}
			names, values = append(names, c.Name), append(values, `"`+strings.ReplaceAll(v, `"`, `""`)+`"`)
		}
	}
	return strings.Join(names, ",") + "\r\n" + strings.Join(values, ",") + "\r\n"
}

func validField(c caseload.Column) string {
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

// sinkWithAllIDs knows every id that oneRow refers to.
func sinkWithAllIDs() *memorySink {
	return newSink("teams.csv X-1", "coaches.csv X-1", "seekers.csv X-1")
}
