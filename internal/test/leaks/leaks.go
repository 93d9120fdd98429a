// Package leaks looks for the people of tests (package markers) where none may be named: logs, error texts, Redis, metrics, traces and the pages for operators.
// SQL and letters may name them.
package leaks

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"vireilla/internal/test/markers"
)

var marked = regexp.MustCompile(`(?i)\S*` + markers.Word + `\S*`)

// Nobody expects that a text names nobody.
func Nobody(t testing.TB, what, text string) {
	t.Helper()
	if leak := Leak(what, text); leak != "" {
		t.Error(leak)
	}
}

// Leak tells where a text names somebody, with the first line that does, without the words that hold the mark; "" when none does.
func Leak(what, text string) string {
	found := markers.Lines([]byte(text))
	if len(found) == 0 {
		return ""
	}
	line := marked.ReplaceAllString(strings.Split(text, "\n")[found[0]-1], "…")
	return fmt.Sprintf("%s names somebody in line %d of %d such lines: %.500s", what, found[0], len(found), line)
}
