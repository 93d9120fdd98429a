// Package canarytest looks for the people of tests (package canary) where none may be named: logs, error texts, Redis, metrics, traces and the pages for operators.
// SQL and letters may name them.
package canarytest

import (
	"regexp"
	"strings"
	"testing"

	"vireilla/internal/canary"
)

var marked = regexp.MustCompile(`(?i)\S*` + canary.Word + `\S*`)

// Nobody expects that a text names nobody. The complaint shows the first line that does, without the words that hold the mark.
func Nobody(t testing.TB, what, text string) {
	t.Helper()
	found := canary.Lines([]byte(text))
	if len(found) == 0 {
		return
	}
	line := marked.ReplaceAllString(strings.Split(text, "\n")[found[0]-1], "…")
	t.Errorf("%s names somebody in line %d of %d such lines: %.500s", what, found[0], len(found), line)
}
