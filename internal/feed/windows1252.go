package feed

import (
	"io"
	"unicode/utf8"
)

// upper is what the bytes 0x80 to 0x9f stand for in windows-1252; every other byte stands for the character of its own number. Five
// stand for nothing: they stay as they are, and are no text.
const upper = "€\ufffd‚ƒ„…†‡ˆ‰Š‹Œ\ufffdŽ\ufffd\ufffd‘’“”•–—˜™š›œ\ufffdžŸ"

// windows1252 reads a file of that encoding as UTF-8.
type windows1252 struct {
	from  io.Reader
	upper []rune
	raw   [8 << 10]byte
	text  []byte // room for what raw becomes
	rest  []byte // of text, not given yet
}

func readWindows1252(from io.Reader) io.Reader {
	return &windows1252{from: from, upper: []rune(upper)}
}

func (w *windows1252) Read(p []byte) (int, error) {
	if len(w.rest) == 0 {
		n, err := w.from.Read(w.raw[:])
		if n == 0 {
			return 0, err
		}
		w.text = w.text[:0]
		for _, b := range w.raw[:n] {
			if c := w.letter(b); c != utf8.RuneError {
				w.text = utf8.AppendRune(w.text, c)
			} else {
				w.text = append(w.text, b)
			}
		}
		w.rest = w.text
	}
	n := copy(p, w.rest)
	w.rest = w.rest[n:]
	return n, nil
}

func (w *windows1252) letter(b byte) rune {
	if b >= 0x80 && b < 0xa0 {
		return w.upper[b-0x80]
	}
	return rune(b)
}
