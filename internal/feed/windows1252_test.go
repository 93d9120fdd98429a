package feed

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// The text has letters of Finnish names, typographic marks and the five bytes that the encoding leaves unassigned.
func TestWindows1252IsReadByteByByte(t *testing.T) {
	raw := "Sj\xf6berg, \xc5ke; \x8a\x9a \x8e\x9e \x80 5 \x96 \x93Niin\x94 \x92 \x85 \x81\x8d\x8f\x90\x9d \xff \x7f"
	want := "Sjöberg, Åke; Šš Žž € 5 – “Niin” ’ … \x81\x8d\x8f\x90\x9d ÿ \u007f"
	for name, from := range map[string]io.Reader{
		"at once":    strings.NewReader(raw),
		"one by one": iotest.OneByteReader(strings.NewReader(raw)),
	} {
		if got, err := io.ReadAll(readWindows1252(from)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if err := iotest.TestReader(readWindows1252(strings.NewReader(raw)), []byte(want)); err != nil {
		t.Error(err)
	}
	long := bytes.Repeat([]byte("\x80\xe4a"), 10_000)
	if got, err := io.ReadAll(readWindows1252(bytes.NewReader(long))); err != nil || string(got) != strings.Repeat("€äa", 10_000) {
		t.Errorf("a long file: %d bytes, %v", len(got), err)
	}
}
