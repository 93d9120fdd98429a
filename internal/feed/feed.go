// Package feed reads the folder of CSV files that the client register drops (RFC 4180, strict) and hands the rows to a
// Sink. It is all or nothing: every row of every file is read, every fault is told with file, line and column, and only
// a folder without any fault is put in force. A name or an address is never repeated in a fault.
//
// What is more than the file formats ask for:
//   - Text and first names lose the spaces around them; no other kind of field may have any.
//   - Text that begins with = or @ is refused, and with + or - when a ( | ! or = follows: a spreadsheet would take it for
//     a formula. "-1. krs" and "+358 3 814 0000" are fine.
//   - Text holds no control character, no line or paragraph separator and no Unicode Bidi_Control character.
//   - A personal identity code is no id: ids stand in logs, and in letters to the staff.
//   - A moment in the hour that summer time skips is refused; in the hour that comes twice it is the first.
package feed

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"vireilla/internal/caseload"
)

// The limits of one file and the number of rows that go to the Sink at once.
const (
	maxFile  = 512 << 20 // bytes
	maxField = 4 << 10   // bytes of UTF-8
	maxRows  = 5_000_000
	batch    = 500
)

// Options of an import.
type Options struct {
	Encoding     string // "utf-8" or "" (the same), or "windows-1252"; a file that begins with a UTF-8 mark is UTF-8 in any case
	Delta        bool   // only add and change: what is gone from the folder is not closed
	AcceptShrink bool   // past the delta guard
	Zone         *time.Location
	Progress     func(file string, bytesDone, bytesTotal int64) // nil: nobody wants to know
}

// Report tells, for each file that was there, what became of its rows.
type Report struct {
	Files map[string]Counts `json:"files"`
}

// Import reads the files of a folder into the sink and puts them in force. When a file is wrong it returns *Faults, and
// when too much would be closed or moved a *ShrinkError, wrapped; in both cases nothing was changed.
func Import(ctx context.Context, folder fs.FS, sink Sink, o Options) (Report, error) {
	if o.Zone == nil {
		return Report{}, errors.New("import: no time zone given")
	}
	if !slices.Contains([]string{"", "utf-8", "windows-1252"}, o.Encoding) {
		return Report{}, fmt.Errorf("import: no encoding %q; there are utf-8 and windows-1252", o.Encoding)
	}
	r := run{folder: folder, sink: sink, o: o, lost: map[string]bool{}, read: map[string]int{}}
	files := caseload.Files()
	present, err := r.find(files)
	if err != nil {
		return Report{}, fmt.Errorf("import: %w", err)
	}
	for i := range present {
		if err := r.file(ctx, files, present[i]); err != nil {
			return Report{}, fmt.Errorf("import %s: %w", present[i].Name, err)
		}
	}
	if r.faults.Total > 0 {
		r.faults.sort(files)
		return Report{}, &r.faults
	}
	counts, err := sink.Apply(ctx, !o.Delta, o.AcceptShrink)
	if err != nil {
		return Report{}, fmt.Errorf("import: put in force: %w", err)
	}
	report := Report{Files: map[string]Counts{}}
	for name, rows := range r.read {
		c := counts[name]
		c.Read = rows
		report.Files[name] = c
	}
	return report, nil
}

// run is one import under way.
type run struct {
	folder fs.FS
	sink   Sink
	o      Options
	faults Faults
	lost   map[string]bool // files of which a row could not be staged: who names it is not blamed
	read   map[string]int  // rows, by file
}

// find gives the files that are there, in the order of the references between them.
func (r *run) find(files []caseload.File) ([]*caseload.File, error) {
	entries, err := fs.ReadDir(r.folder, ".")
	if err != nil {
		return nil, err
	}
	names := make([]string, len(files))
	there := map[string]bool{}
	for i := range files {
		names[i] = files[i].Name
	}
	for i, e := range entries {
		switch {
		case slices.Contains(names, e.Name()):
			there[e.Name()] = true
		case strings.EqualFold(path.Ext(e.Name()), ".csv"):
			const what = "is no file of the feed; they are "
			if slices.Contains(names, strings.ToLower(e.Name())) {
				r.faults.add(e.Name(), 1, "file", what+strings.Join(names, ", "))
				continue
			}
			r.faults.add("", 0, "", fmt.Sprintf("file %d by name ", i+1)+what+strings.Join(names, ", ")) // which may be somebody's
		}
	}
	var present []*caseload.File
	for i := range files {
		if there[files[i].Name] {
			present = append(present, &files[i])
		}
	}
	if len(present) == 0 {
		r.faults.add("", 0, "", "the folder holds none of "+strings.Join(names, ", "))
	}
	return present, nil
}

// file reads one file, stages its rows and asks who names an id that nobody has. The error is one of reading or of the
// sink; what is wrong with the content goes to r.faults.
func (r *run) file(ctx context.Context, files []caseload.File, f *caseload.File) error {
	s, where, what, err := open(r.folder, f.Name, r.o.Encoding)
	if err != nil {
		return err
	}
	if what != "" {
		r.refuse(f, 1, where, what)
		return nil
	}
	defer s.close()
	h := r.header(s, f)
	if h == nil {
		return s.broken
	}
	if err := r.rows(ctx, s, f, h); err != nil {
		return err
	}
	for i := range h.columns {
		if err := r.references(ctx, files, f, &h.columns[i]); err != nil {
			return err
		}
	}
	return nil
}

// rows stages the rows of a file in batches. A file without rows is staged as one empty batch: it is there, and empty.
func (r *run) rows(ctx context.Context, s *source, f *caseload.File, h *header) error {
	b := newBatch(h)
	for {
		record, line, what := s.next()
		switch {
		case what != "":
			r.refuse(f, line, "row", what)
		case record == nil:
		case slices.Equal(record, h.names):
			r.refuse(f, line, "row", "is the header line again")
		default:
			b.add(r, record, line)
		}
		full := len(b.rows) == batch
		last := s.done || s.broken != nil
		if full || last {
			if err := r.stage(ctx, f, b); err != nil {
				return err
			}
			s.tell(r.o.Progress)
			b = newBatch(h)
		}
		if last {
			r.read[f.Name] = s.rows
			return s.broken
		}
	}
}

// refuse tells a fault after which rows of the file are missing.
func (r *run) refuse(f *caseload.File, line int, where, what string) {
	r.lost[f.Name] = true
	r.faults.add(f.Name, line, where, what)
}

func (r *run) stage(ctx context.Context, f *caseload.File, b *rowBatch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	twice, err := r.sink.Stage(ctx, f, b.rows)
	if err != nil {
		return fmt.Errorf("stage: %w", err)
	}
	for _, d := range twice {
		r.faults.add(f.Name, d.Line, strings.Join(f.Key, ", "), b.keyAt(d.Line)+fmt.Sprintf("stands already on line %d", d.First))
	}
	return nil
}

func (r *run) references(ctx context.Context, files []caseload.File, f *caseload.File, c *column) error {
	if c.Ref == "" || c.at < 0 || r.lost[c.Ref] {
		return nil
	}
	named := files[slices.IndexFunc(files, func(o caseload.File) bool { return o.Name == c.Ref })].Table
	unknown, total, err := r.sink.Unknown(ctx, f, c.Name, max(1, r.faults.room()))
	if err != nil {
		return fmt.Errorf("look up %s: %w", c.Name, err)
	}
	for _, u := range unknown {
		r.faults.add(f.Name, u.Line, c.Name, strings.TrimSpace("no such "+named+" "+shown(u.ID)))
	}
	r.faults.Total += max(0, total-len(unknown))
	return nil
}

// shown is an id in quotes, or nothing when it has no digit or more than three letters: where columns were swapped, that may be a name, or what was made of one.
func shown(id string) string {
	digits, letters := 0, 0
	for i := range len(id) {
		switch c := id[i] | 0x20; {
		case isDigit(id[i]):
			digits++
		case 'a' <= c && c <= 'z':
			letters++
		}
	}
	if digits == 0 || letters > 3 {
		return ""
	}
	return `"` + id + `"`
}
