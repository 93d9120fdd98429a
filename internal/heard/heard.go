// Package heard keeps what goroutines and processes say, for tests to look at meanwhile.
package heard

import (
	"bytes"
	"strings"
	"sync"
)

// Text is what was said. Its zero value is silence; it is safe for use by many goroutines.
type Text struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (t *Text) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(b)
}

// String is all of it.
func (t *Text) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

// Count is how often it holds some words.
func (t *Text) Count(words string) int { return strings.Count(t.String(), words) }
