package templates

import (
	"strings"
	"unicode/utf8"
)

// maxLine is the longest line of the text part in characters.
const maxLine = 76

// wrap folds long lines at spaces, reduces several empty lines to one, and ends the text with one LF. The rest of a
// line that starts with "* " or with spaces is indented below its first word.
func wrap(text string) string {
	var out strings.Builder
	out.Grow(len(text) + maxLine)
	empty := true // an empty line at the top is dropped too
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		if line == "" && empty {
			continue
		}
		empty = line == ""
		fold(&out, line)
		out.WriteByte('\n')
	}
	return strings.TrimRight(out.String(), "\n") + "\n"
}

func fold(out *strings.Builder, line string) {
	if utf8.RuneCountInString(line) <= maxLine {
		out.WriteString(line)
		return
	}
	words := strings.TrimLeft(line, " ")
	indent := strings.Repeat(" ", len(line)-len(words))
	below := indent
	if strings.HasPrefix(words, "* ") {
		below += "  "
	}
	current := indent
	for i, word := range strings.Split(words, " ") {
		switch {
		case i == 0:
			current += word
		case utf8.RuneCountInString(current)+1+utf8.RuneCountInString(word) > maxLine:
			out.WriteString(current)
			out.WriteByte('\n')
			current = below + word
		default:
			current += " " + word
		}
	}
	out.WriteString(current)
}
