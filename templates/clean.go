package templates

import (
	"reflect"
	"strings"
	"unicode"
)

// maxWord is the length, in characters, at which a field's words are cut.
const maxWord = 200

// harmless returns a copy of a struct of data in which no string can end a line,
// turn the reading direction or be taken for a link. Addresses of the e-service
// come from the configuration and are checked instead.
func harmless(data any) any {
	v := reflect.New(reflect.TypeOf(data)).Elem()
	v.Set(reflect.ValueOf(data))
	for _, f := range reflect.VisibleFields(v.Type()) {
		field := v.FieldByIndex(f.Index)
		switch {
		case f.Name == "ServiceURL":
		case field.Kind() == reflect.String:
			field.SetString(unlink(clean(field.String())))
		case field.Kind() == reflect.Slice:
			items := reflect.MakeSlice(field.Type(), field.Len(), field.Len())
			for i := range field.Len() {
				items.Index(i).Set(reflect.ValueOf(harmless(field.Index(i).Interface())))
			}
			field.Set(items)
		}
	}
	return v.Interface()
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
	if r := []rune(s); len(r) > maxWord {
		s = string(r[:maxWord-1]) + "…"
	}
	return s
}

// unlink parts what mail programs turn into links: addresses (a dot or an @
// between letters), schemes and shares. "Katu 11 C, 2. krs" stays as it is.
func unlink(s string) string {
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
