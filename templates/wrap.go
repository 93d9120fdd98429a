package templates

import "strings"

// maxLine is the length, in characters, that lines of the text part keep to.
const maxLine = 76

// wrap folds long lines at spaces, closes up runs of empty lines, and ends the
// text with one LF. The rest of a line that starts with "* " or with spaces
// stands below its first word.
func wrap(text string) string {
	var out []string
	empty := true // an empty line at the top is dropped too
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		if line == "" && empty {
			continue
		}
		empty = line == ""
		out = append(out, fold(line)...)
	}
	return strings.TrimRight(strings.Join(out, "\n"), "\n") + "\n"
}

func fold(line string) []string {
	words := strings.TrimLeft(line, " ")
	indent := strings.Repeat(" ", len(line)-len(words))
	below := indent
	if strings.HasPrefix(words, "* ") {
		below += "  "
	}
	var lines []string
	current := indent
	for i, word := range strings.Split(words, " ") {
		switch {
		case i == 0:
			current += word
		case len([]rune(current))+1+len([]rune(word)) > maxLine:
			lines = append(lines, current)
			current = below + word
		default:
			current += " " + word
		}
	}
	return append(lines, current)
}
