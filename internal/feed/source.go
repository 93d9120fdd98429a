package feed

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// maxRecord is more than any row within the limits needs: it keeps a quotation mark that is never closed from pulling a
// whole file into memory.
const maxRecord = 256 << 10

var (
	errTooBig  = errors.New("the file is larger than 512 MiB")
	errTooLong = errors.New("the row is longer than 256 KiB: a quotation mark that is not closed?")
)

// source gives the records of one file with their lines.
type source struct {
	name   string
	file   fs.File
	size   int64
	raw    *counter
	guard  *guard
	csv    *csv.Reader
	line   int   // on which the next record begins, empty lines not regarded
	rows   int   // rows met so far; the header line is not one of them
	done   bool  // nothing comes any more
	broken error // the file could not be read: not its content's fault
}

// open says what is wrong with a file as a whole, or gives its records.
func open(folder fs.FS, name, encoding string) (s *source, what string, err error) {
	info, err := fs.Stat(folder, name)
	switch {
	case err != nil:
		return nil, "", err
	case !info.Mode().IsRegular():
		return nil, "is no regular file", nil
	case info.Size() > maxFile:
		return nil, errTooBig.Error(), nil
	}
	file, err := folder.Open(name)
	if err != nil {
		return nil, "", err
	}
	s = &source{name: name, file: file, size: info.Size(), raw: &counter{from: file}, line: 1}
	if what, err = s.begin(encoding); what != "" || err != nil {
		s.close()
		return nil, what, err
	}
	return s, "", nil
}

// begin looks at the first bytes: the byte order mark and the separator of the header line.
func (s *source) begin(encoding string) (what string, err error) {
	raw := bufio.NewReader(s.raw)
	mark, err := raw.Peek(3)
	if err != nil && err != io.EOF {
		return "", err
	}
	if len(mark) == 0 {
		return "is empty: there is no header line", nil
	}
	var text io.Reader = raw
	switch {
	case bytes.HasPrefix(mark, []byte("\xef\xbb\xbf")):
		_, _ = raw.Discard(3)
	case bytes.HasPrefix(mark, []byte("\xff\xfe")), bytes.HasPrefix(mark, []byte("\xfe\xff")):
		return "is UTF-16; it must be UTF-8", nil
	case encoding == "windows-1252":
		text = readWindows1252(raw)
	}
	s.guard = &guard{from: text, limit: maxRecord}
	buffered := bufio.NewReaderSize(s.guard, 64<<10)
	head, err := buffered.Peek(maxField)
	if err != nil && err != io.EOF {
		return "", err
	}
	s.csv = csv.NewReader(buffered)
	s.csv.ReuseRecord = true
	s.csv.Comma = separator(head)
	return "", nil
}

// separator is the first , or ; of the header line: no column name holds either.
func separator(head []byte) rune {
	line, _, _ := bytes.Cut(bytes.TrimLeft(head, "\r\n"), []byte("\n"))
	if i := bytes.IndexAny(line, ",;"); i >= 0 && line[i] == ';' {
		return ';'
	}
	return ','
}

// next gives the next record, good until the call after it, and the line on which it begins; or what is wrong there; or
// neither at the end.
func (s *source) next() (record []string, line int, what string) {
	record, err := s.csv.Read()
	s.guard.limit = s.csv.InputOffset() + maxRecord + 64<<10
	var fault *csv.ParseError
	if err == nil || errors.As(err, &fault) {
		s.rows++
	}
	switch {
	case s.rows > maxRows:
		s.done = true
		return nil, s.line, "the file has more than 5 million rows"
	case err == nil:
		line, _ = s.csv.FieldPos(0)
		end, _ := s.csv.FieldPos(len(record) - 1)
		s.line = end + strings.Count(record[len(record)-1], "\n") + 1
		return record, line, ""
	case fault != nil:
		s.line = fault.Line + 1
		if errors.Is(err, csv.ErrFieldCount) {
			return nil, fault.StartLine, fmt.Sprintf("has %d fields and the header line %d: was the file cut?", len(record), s.csv.FieldsPerRecord)
		}
		return nil, fault.StartLine, "a quotation mark is not closed, or stands where none may: was the file cut?"
	case errors.Is(err, errTooBig), errors.Is(err, errTooLong):
		s.done = true
		return nil, s.line, err.Error()
	}
	s.done = true
	if err != io.EOF {
		s.broken = err
	}
	return nil, 0, ""
}

func (s *source) tell(progress func(string, int64, int64)) {
	if progress != nil {
		progress(s.name, s.raw.done, max(s.size, s.raw.done))
	}
}

func (s *source) close() { _ = s.file.Close() } // only read: nothing is lost

// counter counts what was read of a file and stops at its largest size, whatever its entry in the folder says.
type counter struct {
	from io.Reader
	done int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	if c.done += int64(n); c.done > maxFile {
		return 0, errTooBig
	}
	return n, err
}

// guard stops a record that does not end. Its limit moves with the records that were read.
type guard struct {
	from        io.Reader
	done, limit int64
}

func (g *guard) Read(p []byte) (int, error) {
	if g.done >= g.limit {
		return 0, errTooLong
	}
	n, err := g.from.Read(p)
	g.done += int64(n)
	return n, err
}
