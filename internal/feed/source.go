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

const (
	noHeader = "is empty: there is no header line"
	loneCR   = "has line ends of CR alone; they must be LF or CR LF"
)

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
	old    bool  // it is in windows-1252
	mixed  bool  // a row with the other separator was told
	line   int   // on which the next record begins, empty lines not regarded
	rows   int   // rows met so far; the header line is not one of them
	done   bool  // nothing comes any more
	broken error // the file could not be read: not its content's fault
}

// open says what is wrong with a file as a whole or its header line, or gives its records.
func open(folder fs.FS, name, encoding string) (s *source, where, what string, err error) {
	info, err := fs.Stat(folder, name)
	switch {
	case err != nil:
		return nil, "", "", err
	case !info.Mode().IsRegular():
		return nil, "file", "is no regular file", nil
	case info.Size() > maxFile:
		return nil, "file", errTooBig.Error(), nil
	}
	file, err := folder.Open(name)
	if err != nil {
		return nil, "", "", err
	}
	s = &source{name: name, file: file, size: info.Size(), raw: &counter{from: file}, line: 1}
	if what, err = s.begin(encoding); what != "" || err != nil {
		s.close()
		return nil, "header", what, err
	}
	return s, "", "", nil
}

// begin looks at the first bytes: the byte order mark, and the line end and the separator of the header line.
func (s *source) begin(encoding string) (what string, err error) {
	raw := bufio.NewReader(s.raw)
	mark, err := raw.Peek(3)
	if err != nil && err != io.EOF {
		return "", err
	}
	if len(mark) == 0 {
		return noHeader, nil
	}
	var text io.Reader = raw
	switch {
	case bytes.HasPrefix(mark, []byte("\xef\xbb\xbf")):
		_, _ = raw.Discard(3)
		if again, _ := raw.Peek(3); bytes.Equal(again, mark) {
			return "begins with two byte order marks", nil
		}
	case bytes.HasPrefix(mark, []byte("\xff\xfe")), bytes.HasPrefix(mark, []byte("\xfe\xff")), bytes.IndexByte(mark, 0) >= 0:
		return "is UTF-16; it must be UTF-8", nil
	case encoding == "windows-1252":
		text, s.old = readWindows1252(raw), true
	}
	s.guard = &guard{from: text, limit: maxRecord}
	buffered := bufio.NewReaderSize(s.guard, 64<<10)
	head, err := buffered.Peek(maxField)
	if err != nil && err != io.EOF {
		return "", err
	}
	line, _, _ := bytes.Cut(bytes.TrimLeft(head, "\r\n"), []byte("\n"))
	if bytes.IndexByte(bytes.TrimSuffix(line, []byte("\r")), '\r') >= 0 {
		return loneCR, nil
	}
	s.csv = csv.NewReader(buffered)
	s.csv.ReuseRecord = true
	if i := bytes.IndexAny(line, ",;"); i >= 0 && line[i] == ';' { // no column name holds either
		s.csv.Comma = ';'
	}
	return "", nil
}

// next gives the next record, good until the call after it, and the line on which it begins; or what is wrong there; or
// neither, at the end and for what was told before.
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
			return nil, fault.StartLine, s.miscounted(record)
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

// miscounted says why a record has not the fields of the header line. That its separator is another one is told of the first such record only, for all are alike.
func (s *source) miscounted(record []string) (what string) {
	own, other := ",", ";"
	if s.csv.Comma == ';' {
		own, other = ";", ","
	}
	text := strings.Join(record, own)
	what = fmt.Sprintf("has %d fields and the header line %d: ", len(record), s.csv.FieldsPerRecord)
	switch {
	case strings.Contains(text, "\r"):
		return loneCR
	case len(record) > s.csv.FieldsPerRecord:
		return what + "a " + own + " inside a field needs quotation marks around the field"
	case strings.Count(text, other) < s.csv.FieldsPerRecord-1:
		return what + "was the file cut?"
	case s.mixed:
		return ""
	}
	s.mixed = true
	return fmt.Sprintf("is separated by %s and the header line by %s (this row and all like it)", other, own)
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
