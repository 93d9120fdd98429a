package feed

import (
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/transform"
)

// readWindows1252 gives the text of a windows-1252 file as UTF-8.
func readWindows1252(from io.Reader) io.Reader { return transform.NewReader(from, windows1252{}) }

// windows1252 decodes as the library does, but for the five bytes that the encoding leaves unassigned: 0x81, 0x8d,
// 0x8f, 0x90 and 0x9d. The library replaces them by U+FFFD. Here they stay, so that the field is not valid UTF-8 and is
// refused.
type windows1252 struct{ transform.NopResetter }

// Transform implements transform.Transformer.
func (windows1252) Transform(dst, src []byte, _ bool) (written, read int, err error) {
	for _, b := range src {
		if written+utf8.UTFMax > len(dst) {
			return written, read, transform.ErrShortDst
		}
		if c := charmap.Windows1252.DecodeByte(b); c != utf8.RuneError {
			written += utf8.EncodeRune(dst[written:], c)
		} else {
			dst[written] = b
			written++
		}
		read++
	}
	return written, read, nil
}
