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

// maxRecord is more than a row within the other limits needs. It bounds the memory for a row whose quotation mark is
// not closed.
const maxRecord = 256 << 10

const (
	byteOrderMark = "\xef\xbb\xbf" // of UTF-8

	noHeader = "is empty: there is no header line"
	loneCR   = "has line ends of CR alone; they must be LF or CR LF"
)

var (
	errTooBig  = errors.New("the file is larger than 512 MiB")
	errTooLong = errors.New("the row is longer than 256 KiB: a quotation mark that is not closed?")
)

// source reads the records of one file with their lines.
type source struct {
	name        string
	file        fs.File
	size        int64
	raw         *fileReader
	limited     *recordReader
	csv         *csv.Reader
	windows1252 bool  // the encoding of the file
	mixed       bool  // a row with the other separator was reported
	line        int   // the line after the last record; the next record begins there or after empty lines
	rows        int   // rows read so far, without the header line
	done        bool  // there are no more records
	readErr     error // the file could not be read
}

// open gives the records of a file. When its content cannot be read as CSV, what is the fault and where is its column.
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
	s = &source{name: name, file: file, size: info.Size(), raw: &fileReader{from: file}, line: 1}
	if what, err = s.begin(encoding); what != "" || err != nil {
		s.close()
		return nil, "header", what, err
	}
	return s, "", "", nil
}

// begin finds the encoding of the file, and the line end and the separator of its header line. what is a fault of
// these.
func (s *source) begin(encoding string) (what string, err error) {
	raw := bufio.NewReader(s.raw)
	start, err := raw.Peek(3)
	if err != nil && err != io.EOF {
		return "", err
	}
	if len(start) == 0 {
		return noHeader, nil
	}
	var text io.Reader = raw
	switch {
	case bytes.Equal(start, []byte(byteOrderMark)):
		_, _ = raw.Discard(3)
		if next, _ := raw.Peek(3); bytes.Equal(next, start) {
			return "begins with two byte order marks", nil
		}
	case bytes.HasPrefix(start, []byte("\xff\xfe")), bytes.HasPrefix(start, []byte("\xfe\xff")),
		bytes.IndexByte(start, 0) >= 0:
		return "is UTF-16; it must be UTF-8", nil
	case encoding == "windows-1252":
		text, s.windows1252 = readWindows1252(raw), true
	}
	s.limited = &recordReader{from: text, limit: maxRecord}
	buffered := bufio.NewReaderSize(s.limited, 64<<10)
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
	if i := bytes.IndexAny(line, ",;"); i >= 0 && line[i] == ';' { // no name of a column has either character
		s.csv.Comma = ';'
	}
	return "", nil
}

// next gives the next record and the line on which it begins, or what is wrong on that line. Both are missing at the
// end, after a read error, and for a fault that was reported for all rows like it. A record is valid until the next
// call.
func (s *source) next() (record []string, line int, what string) {
	record, err := s.csv.Read()
	s.limited.limit = s.csv.InputOffset() + maxRecord + 64<<10
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
		s.readErr = err
	}
	return nil, 0, ""
}

// miscounted explains why a record has more or fewer fields than the header line. It reports the other separator for
// the first such record only.
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

// close ignores the error: the file was only read.
func (s *source) close() { _ = s.file.Close() }

// fileReader counts the bytes read of a file and fails beyond maxFile, also when the file grew since its size was read.
type fileReader struct {
	from io.Reader
	done int64
}

func (r *fileReader) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if r.done += int64(n); r.done > maxFile {
		return 0, errTooBig
	}
	return n, err
}

// recordReader fails when a record is longer than maxRecord. The reader of records moves the limit on after each one.
type recordReader struct {
	from        io.Reader
	done, limit int64
}

func (r *recordReader) Read(p []byte) (int, error) {
	if r.done >= r.limit {
		return 0, errTooLong
	}
	n, err := r.from.Read(p)
	r.done += int64(n)
	return n, err
}
