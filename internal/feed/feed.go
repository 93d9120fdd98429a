// Package feed reads the folder of CSV files (RFC 4180, strict) that the client register exports and passes the rows to
// a Sink. An import is all or nothing: every row of every file is read, every fault is reported with file, line and
// column, and rows are applied only when the folder has no fault. A fault never repeats a name or an address.
// docs/feed.md describes the files.
//
// The rules for fields that protect what comes after:
//   - Spaces around text and first names are removed; no other kind of field may have any.
//   - Text that begins with = or @ is refused, as is text that begins with + or - and has one of ( | ! =. A spreadsheet
//     would read it as a formula. "-1. krs" and "+358 3 814 0000" are accepted.
//   - Text has no control character, no line or paragraph separator and no Unicode Bidi_Control character.
//   - A personal identity code is refused as an id: ids are written to logs and to letters to the staff.
//   - A local time that summer time skips is refused; of a local time that occurs twice the first is meant.
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

// The limits of one file, and how many rows are passed to the Sink at once.
const (
	maxFile  = 512 << 20 // bytes
	maxField = 4 << 10   // bytes of UTF-8
	maxRows  = 5_000_000
	batch    = 500
)

// Options of an import.
type Options struct {
	// Encoding is "utf-8", "" (the same) or "windows-1252". A file with a UTF-8 byte order mark is UTF-8 in any case.
	Encoding     string
	Delta        bool                                           // only add and change rows: missing rows stay open
	AcceptShrink bool                                           // switch the delta guard off
	Zone         *time.Location                                 // of moments without an offset; required
	Progress     func(file string, bytesDone, bytesTotal int64) // may be nil
}

// Report says for each file in the folder what became of its rows.
type Report struct {
	Files map[string]Counts `json:"files"`
}

// Import reads the files of a folder into the sink and applies them. It returns *Faults when a file is wrong, and a
// wrapped *ShrinkError when the delta guard stops it. After any error nothing was changed.
func Import(ctx context.Context, folder fs.FS, sink Sink, o Options) (Report, error) {
	if o.Zone == nil {
		return Report{}, errors.New("import: no time zone given")
	}
	if !slices.Contains([]string{"", "utf-8", "windows-1252"}, o.Encoding) {
		return Report{}, fmt.Errorf("import: no encoding %q; there are utf-8 and windows-1252", o.Encoding)
	}
	r := run{folder: folder, sink: sink, o: o, incomplete: map[string]bool{}, rowsRead: map[string]int{}}
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
		return Report{}, fmt.Errorf("import: apply: %w", err)
	}
	report := Report{Files: map[string]Counts{}}
	for name, rows := range r.rowsRead {
		c := counts[name]
		c.Read = rows
		report.Files[name] = c
	}
	return report, nil
}

// run is the state of one import.
type run struct {
	folder     fs.FS
	sink       Sink
	o          Options
	faults     Faults
	incomplete map[string]bool // files with a row that could not be staged; references to them are not checked
	rowsRead   map[string]int  // by file
}

// find gives the files that are in the folder, each after the files that it refers to.
func (r *run) find(files []caseload.File) ([]*caseload.File, error) {
	entries, err := fs.ReadDir(r.folder, ".")
	if err != nil {
		return nil, err
	}
	names := make([]string, len(files))
	found := map[string]bool{}
	for i := range files {
		names[i] = files[i].Name
	}
	for i, e := range entries {
		switch {
		case slices.Contains(names, e.Name()):
			found[e.Name()] = true
		case strings.EqualFold(path.Ext(e.Name()), ".csv"):
			const what = "is not a file of the feed; its files are "
			if slices.Contains(names, strings.ToLower(e.Name())) {
				r.faults.add(e.Name(), 1, "file", what+strings.Join(names, ", "))
				continue
			}
			// The name of the file may be a person's: the fault says only its place in the sorted folder.
			r.faults.add("", 0, "", fmt.Sprintf("file %d by name ", i+1)+what+strings.Join(names, ", "))
		}
	}
	var present []*caseload.File
	for i := range files {
		if found[files[i].Name] {
			present = append(present, &files[i])
		}
	}
	if len(present) == 0 {
		r.faults.add("", 0, "", "the folder has none of "+strings.Join(names, ", "))
	}
	return present, nil
}

// file reads one file, stages its rows and checks its references. An error means that the file could not be read or
// that the sink failed; faults of the content go to r.faults.
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
		return s.readErr
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

// rows stages the rows of a file in batches. A file without rows is staged as one empty batch, so that a full import
// closes all its rows.
func (r *run) rows(ctx context.Context, s *source, f *caseload.File, h *header) error {
	b := newBatch(h)
	for {
		record, line, what := s.next()
		switch {
		case what != "":
			r.refuse(f, line, "row", what)
		case record == nil:
		case slices.Equal(record, h.names):
			r.refuse(f, line, "row", "repeats the header line")
		default:
			b.add(r, record, line)
		}
		full := len(b.rows) == batch
		last := s.done || s.readErr != nil
		if full || last {
			if err := r.stage(ctx, f, b); err != nil {
				return err
			}
			if r.o.Progress != nil {
				r.o.Progress(s.name, s.raw.done, max(s.size, s.raw.done))
			}
			b = newBatch(h)
		}
		if last {
			r.rowsRead[f.Name] = s.rows
			return s.readErr
		}
	}
}

// refuse reports a fault that keeps a row, or the whole file, from being staged.
func (r *run) refuse(f *caseload.File, line int, where, what string) {
	r.incomplete[f.Name] = true
	r.faults.add(f.Name, line, where, what)
}

func (r *run) stage(ctx context.Context, f *caseload.File, b *rowBatch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	duplicates, err := r.sink.Stage(ctx, f, b.rows)
	if err != nil {
		return fmt.Errorf("stage: %w", err)
	}
	for _, d := range duplicates {
		what := b.keyAt(d.Line) + fmt.Sprintf("stands already on line %d", d.First)
		r.faults.add(f.Name, d.Line, strings.Join(f.Key, ", "), what)
	}
	return nil
}

// references reports the rows that refer to an id that is neither in the folder nor in the store.
func (r *run) references(ctx context.Context, files []caseload.File, f *caseload.File, c *column) error {
	if c.Ref == "" || c.at < 0 || r.incomplete[c.Ref] {
		return nil
	}
	target := files[slices.IndexFunc(files, func(o caseload.File) bool { return o.Name == c.Ref })].Table
	unknown, total, err := r.sink.Unknown(ctx, f, c.Name, max(1, r.faults.room()))
	if err != nil {
		return fmt.Errorf("look up %s: %w", c.Name, err)
	}
	for _, u := range unknown {
		r.faults.add(f.Name, u.Line, c.Name, strings.TrimSpace("no such "+target+" "+quotedID(u.ID)))
	}
	r.faults.Total += max(0, total-len(unknown))
	return nil
}

// quotedID gives an id in quotation marks for a fault. It gives "" when the id has no digit or more than three letters:
// when columns were swapped, that may be a name, or an id made from one.
func quotedID(id string) string {
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
