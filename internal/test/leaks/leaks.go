// Package leaks searches for the made-up people of tests (package markers) where no name or address may occur: logs,
// error texts, Redis, metrics, traces and the pages for operators. SQL and letters may name them.
package leaks

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"vireilla/internal/test/markers"
)

var marked = regexp.MustCompile(`(?i)\S*` + markers.Word + `\S*`)

// Nobody fails the test when a text names one of them.
func Nobody(t testing.TB, what, text string) {
	t.Helper()
	if leak := Leak(what, text); leak != "" {
		t.Error(leak)
	}
}

// Leak returns the first line that names somebody, without the words that contain the marker; "" when there is none.
func Leak(what, text string) string {
	found := markers.Lines([]byte(text))
	if len(found) == 0 {
		return ""
	}
	line := marked.ReplaceAllString(strings.Split(text, "\n")[found[0]-1], "…")
	return fmt.Sprintf("%s names somebody in line %d of %d such lines: %.500s", what, found[0], len(found), line)
}
