package templates

import (
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxWord is the length, in characters, at which the text of a field is cut.
const maxWord = 200

// harmless returns the value v of a field in which no string can end a line, change the reading direction or become a
// link. Addresses of the e-service come from the configuration and are checked instead.
func (f *field) harmless(v reflect.Value) any {
	switch {
	case !f.words:
		return v.Interface()
	case v.Kind() == reflect.String:
		return unlink(clean(v.String()))
	}
	items := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
	reflect.Copy(items, v)
	for i := range v.Len() {
		for at := range f.items {
			if word := items.Index(i).Field(at); f.items[at].words {
				word.Set(reflect.ValueOf(f.items[at].harmless(word)))
			}
		}
	}
	return items.Interface()
}

// clean returns s on one line: no control, format (bidi, zero width) or broken
// character, single spaces, no more than maxWord characters.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), unicode.IsSpace(r), r == unicode.ReplacementChar:
			return ' '
		case !unicode.IsGraphic(r):
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > maxWord {
		s = string([]rune(s)[:maxWord-1]) + "…"
	}
	return s
}

// unlink inserts spaces into what mail programs turn into links: addresses (a dot or an @ between letters), schemes and
// network shares. "Katu 11 C, 2. krs" stays as it is.
func unlink(s string) string {
	if !strings.ContainsAny(s, `.:@/\`) {
		return s
	}
	r := []rune(s)
	var b strings.Builder
	for i, c := range r {
		b.WriteRune(c)
		if i+1 == len(r) {
			break
		}
		next := r[i+1]
		switch {
		case c == '.' && (unicode.IsLetter(next) || unicode.IsDigit(next) && i > 0 && unicode.IsLetter(r[i-1])),
			c == ':' && !unicode.IsDigit(next) && next != ' ',
			c == '@' && next != ' ',
			(c == '/' || c == '\\') && (next == '/' || next == '\\'):
			b.WriteRune(' ')
		}
	}
	return b.String()
}
