package store

import (
	"fmt"
	"time"

	"vireilla/internal/calendar"
)

// day scans a day, which SQL keeps as text, ” when not set.
type day struct{ d *calendar.Day }

func (d day) Scan(v any) error {
	switch text := v.(type) {
	case nil:
		*d.d = 0
		return nil
	case string:
		return d.d.UnmarshalText([]byte(text))
	case []byte:
		return d.d.UnmarshalText(text)
	}
	return fmt.Errorf("a day is text, not %T", v)
}

// moment scans a time, which SQL keeps in milliseconds since 1970 UTC, 0 when not set.
type moment struct{ t *time.Time }

func (m moment) Scan(v any) error {
	ms, ok := v.(int64)
	if !ok && v != nil {
		return fmt.Errorf("a moment is a number, not %T", v)
	}
	*m.t = instant(ms)
	return nil
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func boolean(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// words holds one copy of each text that many rows have in common.
type words map[string]string

func (w words) word(to *string) word { return word{w, to} }

// word scans a text into the copy that words holds.
type word struct {
	known words
	to    *string
}

func (w word) Scan(v any) error {
	text, isText := v.(string)
	if !isText {
		return fmt.Errorf("a word is text, not %T", v)
	}
	if _, known := w.known[text]; !known {
		w.known[text] = text
	}
	*w.to = w.known[text]
	return nil
}
