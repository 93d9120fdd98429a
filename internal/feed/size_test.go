package feed

import (
	"context"
	"encoding/csv"
	"io"
	"io/fs"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"vireilla/internal/caseload"
)

// madeFolder is a folder with one file whose rows are made while it is read.
type madeFolder struct {
	name string
	size int64
	row  func(b []byte, n int) []byte // appends the n-th row; 0 is the header line
}

func (e madeFolder) Open(name string) (fs.File, error) {
	switch name {
	case ".":
		return fstest.MapFS{e.name: &fstest.MapFile{}}.Open(".")
	case e.name:
		return &stream{madeFolder: e}, nil
	}
	return nil, fs.ErrNotExist
}

type stream struct {
	madeFolder
	n    int
	rest []byte
	fs.FileInfo
}

func (s *stream) Read(p []byte) (int, error) {
	for len(s.rest) < len(p) {
		before := len(s.rest)
		if s.rest = s.row(s.rest, s.n); len(s.rest) == before {
			break
		}
		s.n++
	}
	n := copy(p, s.rest)
	s.rest = append(s.rest[:0], s.rest[n:]...)
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (s *stream) Stat() (fs.FileInfo, error) { return s, nil }
func (s *stream) Close() error               { return nil }
func (s *stream) Mode() fs.FileMode          { return 0 }
func (s *stream) Size() int64                { return s.size }

// discardSink is a Sink that only counts.
type discardSink struct {
	rows, batches int
	largest       uint64 // bytes of the heap
	applied       bool
}

func (d *discardSink) Stage(_ context.Context, _ *caseload.File, rows []Row) ([]Duplicate, error) {
	d.rows += len(rows)
	if d.batches++; d.batches%200 == 0 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		d.largest = max(d.largest, m.HeapAlloc)
	}
	return nil, nil
}

func (d *discardSink) Unknown(context.Context, *caseload.File, string, int) ([]Reference, int, error) {
	return nil, 0, nil
}

func (d *discardSink) Apply(context.Context, bool, bool) (map[string]Counts, error) {
	d.applied = true
	return nil, nil
}

func contactRow(b []byte, n int) []byte {
	if n == 0 {
		return append(b, "contact_id,seeker_id,coach_id,kind,mode,held_at\n"...)
	}
	b = strconv.AppendInt(append(b, "K-"...), int64(n), 10)
	b = strconv.AppendInt(append(b, ",S-"...), int64(n/4), 10)
	b = strconv.AppendInt(append(b, ",C-"...), int64(n%50), 10)
	return append(b, ",periodic_interview,phone,2021-06-07T09:00\n"...)
}

func upTo(rows int, row func([]byte, int) []byte) func([]byte, int) []byte {
	return func(b []byte, n int) []byte {
		if n > rows {
			return b
		}
		return row(b, n)
	}
}

func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	const rows = 1_000_000
	d := &discardSink{}
	files := madeFolder{"contacts.csv", 1, upTo(rows, contactRow)}
	if _, err := Import(t.Context(), files, d, Options{Zone: helsinki(t)}); err != nil {
		t.Fatal(err)
	}
	if d.rows != rows || !d.applied {
		t.Errorf("%d rows staged", d.rows)
	}
	if d.largest > 32<<20 {
		t.Errorf("the heap grew to %d MiB", d.largest>>20)
	}
}

func TestAFileBeyondTheLimitsIsRefused(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 512 MiB")
	}
	place := strings.Repeat("q", 4000)
	broad := func(b []byte, n int) []byte {
		if n == 0 {
			return append(b, "appointment_id,seeker_id,coach_id,kind,starts_at,booked_at,place\n"...)
		}
		return append(append(append(b, "A,S,C,call,2024-03-04T09:00,2024-03-04T09:00,"...), place...), '\n')
	}
	small := func(b []byte, n int) []byte {
		if n == 0 {
			return append(b, "coach_id,from,to\n"...)
		}
		return append(b, "C,2024-03-04,2024-03-04\n"...)
	}
	for want, files := range map[string]madeFolder{
		"absences.csv:1: file: the file is larger than 512 MiB":            {"absences.csv", maxFile + 1, small},
		"the file is larger than 512 MiB":                                  {"appointments.csv", 1, broad}, // grown
		"absences.csv:5000002: row: the file has more than 5 million rows": {"absences.csv", 1, small},
	} {
		d := &discardSink{}
		_, err := Import(t.Context(), files, d, Options{Zone: helsinki(t)})
		if err == nil || d.applied || !strings.Contains(err.Error(), want) {
			t.Errorf("got %.200v, want %q", err, want)
		}
	}
}

func BenchmarkImport(b *testing.B) {
	o, files := Options{Zone: helsinki(b)}, madeFolder{"contacts.csv", 1, upTo(100_000, contactRow)}
	for b.Loop() {
		if _, err := Import(b.Context(), files, &discardSink{}, o); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBareReader is the reference: a loop over encoding/csv that checks and stages nothing.
func BenchmarkBareReader(b *testing.B) {
	for b.Loop() {
		file, _ := madeFolder{"contacts.csv", 1, upTo(100_000, contactRow)}.Open("contacts.csv")
		for r := csv.NewReader(file); ; {
			if _, err := r.Read(); err != nil {
				break
			}
		}
	}
}
