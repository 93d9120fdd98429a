package sample

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
	"vireilla/internal/feed"
)

// shelf is a feed.Sink that keeps rows in memory; it is empty before the import.
type shelf struct {
	file    map[string]*caseload.File
	lines   map[string]int // by file and key
	rows    map[string][]feed.Row
	applied bool
}

func newShelf() *shelf {
	return &shelf{map[string]*caseload.File{}, map[string]int{}, map[string][]feed.Row{}, false}
}

func (s *shelf) Stage(_ context.Context, f *caseload.File, rows []feed.Row) (twice []feed.Duplicate, _ error) {
	s.file[f.Name] = f
	for _, r := range rows {
		key := f.Name
		for _, k := range f.Key {
			key += " " + s.text(f.Name, r, k)
		}
		if first, stands := s.lines[key]; stands {
			twice = append(twice, feed.Duplicate{Line: r.Line, First: first})
			continue
		}
		s.lines[key] = r.Line
		s.rows[f.Name] = append(s.rows[f.Name], r)
	}
	return twice, nil
}

func (s *shelf) Unknown(_ context.Context, f *caseload.File, column string, limit int) (found []feed.Reference, total int, _ error) {
	for _, r := range s.rows[f.Name] {
		id, ref := s.text(f.Name, r, column), ""
		for _, c := range f.Columns {
			if c.Name == column {
				ref = c.Ref
			}
		}
		if _, stands := s.lines[ref+" "+id]; id == "" || stands {
			continue
		}
		if total++; len(found) < limit {
			found = append(found, feed.Reference{Line: r.Line, ID: id})
		}
	}
	return found, total, nil
}

func (s *shelf) Apply(context.Context, bool, bool) (map[string]feed.Counts, error) {
	s.applied = true
	return nil, nil
}

func (s *shelf) value(file string, r feed.Row, column string) any {
	for i, c := range s.file[file].Columns {
		if c.Name == column {
			return r.Values[i]
		}
	}
	return nil
}

func (s *shelf) text(file string, r feed.Row, column string) string {
	v, _ := s.value(file, r, column).(string)
	return v
}

// count counts the values of a column.
func (s *shelf) count(file, column string) map[string]int {
	n := map[string]int{}
	for _, r := range s.rows[file] {
		n[s.text(file, r, column)]++
	}
	return n
}

// read imports what was made up and must be without fault.
func read(t *testing.T, folder string) *shelf {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Helsinki")
	if err != nil {
		t.Fatal(err)
	}
	s := newShelf()
	if _, err := feed.Import(t.Context(), os.DirFS(folder), s, feed.Options{Zone: zone}); err != nil {
		t.Fatal(err)
	}
	return s
}

func made(t *testing.T, o Options) string {
	t.Helper()
	folder := t.TempDir()
	if err := Write(folder, o); err != nil {
		t.Fatal(err)
	}
	return folder
}

func bytesOf(t *testing.T, folder string) []byte {
	t.Helper()
	var all []byte
	for _, f := range caseload.Files() {
		b, err := os.ReadFile(filepath.Join(folder, f.Name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}

func TestTheSameOptionsGiveTheSameBytesAndAnotherSeedDoesNot(t *testing.T) {
	o := Options{Seed: 7, Seekers: 300, Coaches: 4, At: calendar.Date(2024, time.March, 4)}
	first, again := bytesOf(t, made(t, o)), bytesOf(t, made(t, o))
	o.Seed = 8
	if other := bytesOf(t, made(t, o)); !bytes.Equal(first, again) || bytes.Equal(first, other) {
		t.Errorf("same options same bytes: %v, another seed same bytes: %v", bytes.Equal(first, again), bytes.Equal(first, other))
	}
}

func TestWhatIsMadeUpIsReadWithoutFaultAndAsManyAsAsked(t *testing.T) {
	for _, at := range []calendar.Day{calendar.Date(2021, time.September, 6), calendar.Date(2023, time.December, 25), calendar.Date(2024, time.February, 29),
		calendar.Date(2025, time.January, 1), calendar.Date(2026, time.March, 29)} {
		s := read(t, made(t, Options{Seed: 1, Seekers: 4000, Coaches: 20, At: at}))
		if n, roles := len(s.rows["seekers.csv"]), s.count("coaches.csv", "role"); n != 4000 || roles["coach"] != 20 || roles["expert"] == 0 || !s.applied {
			t.Errorf("%s: %d seekers, %v", at, n, roles)
		}
		kinds, states := s.count("training.csv", "kind"), s.count("training.csv", "state")
		if len(s.rows["teams.csv"]) != 5 || len(kinds) != 5 || len(states) != 8 || len(s.count("appointments.csv", "state")) != 4 {
			t.Errorf("%s: %d teams, training %v %v, appointments %v", at, len(s.rows["teams.csv"]), kinds, states, s.count("appointments.csv", "state"))
		}
		if n := s.count("seekers.csv", "municipality"); len(n) != 5 || n["Lahti"] < 3000 || n["Lahti"] > 3500 {
			t.Errorf("%s: towns %v", at, n)
		}
	}
}

func TestWithoutNumbersItIsTheSizeOfTheLahtiRegion(t *testing.T) {
	s := read(t, made(t, Options{At: calendar.Date(2021, time.September, 6)}))
	if n, roles := len(s.rows["seekers.csv"]), s.count("coaches.csv", "role"); n != 11_500 || roles["coach"] != 50 {
		t.Errorf("%d seekers, %v", n, roles)
	}
}

func TestASmallOfficeIsReadWithoutFault(t *testing.T) {
	for coaches := 1; coaches <= 7; coaches++ {
		for _, seekers := range []int{1, 2, 50} {
			read(t, made(t, Options{Seed: int64(coaches), Seekers: seekers, Coaches: coaches, At: calendar.Date(2024, time.March, 4)}))
		}
	}
}

func TestNobodyHasAnAddressOutsideOfTheExampleDomain(t *testing.T) {
	all := string(bytesOf(t, made(t, Options{Seed: 1, Seekers: 500, Coaches: 5, At: calendar.Date(2024, time.March, 4)})))
	if n := strings.Count(all, "@"); n == 0 || n != strings.Count(all, "@example.org") {
		t.Errorf("%d addresses, %d of them at example.org", n, strings.Count(all, "@example.org"))
	}
}

func TestMemoryDoesNotGrowWithTheSeekers(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	made(t, Options{Seed: 1, Seekers: 40_000, At: calendar.Date(2024, time.March, 4)})
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapSys) - int64(before.HeapSys); grown > 24<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
}

func TestOptionsWithoutADayOrWithoutCoachesAreRefused(t *testing.T) {
	day := calendar.Date(2024, time.March, 4)
	for _, o := range []Options{{}, {At: day, Seekers: -1}, {At: day, Coaches: -1}} {
		if err := Write(t.TempDir(), o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}
