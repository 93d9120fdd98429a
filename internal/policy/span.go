package policy

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Span is a stretch of time in whole minutes, written "10 minutes", "12 hours", "3 days" or "1 week"; a day has 24 hours.
type Span time.Duration

const (
	usualSpan   = Span(3 * 24 * time.Hour)
	longestSpan = Span(4 * 7 * 24 * time.Hour) // of an entry that strikes each minute these are forty thousand ticks
)

// UnmarshalText reads "3 days".
func (s *Span) UnmarshalText(b []byte) error {
	number, unit, _ := strings.Cut(string(b), " ")
	n, err := strconv.Atoi(number)
	one := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour, "week": 7 * 24 * time.Hour}[strings.TrimSuffix(unit, "s")]
	if err != nil || n < 1 || one == 0 {
		return fmt.Errorf("%q is not a stretch of time like \"10 minutes\", \"12 hours\", \"3 days\" or \"1 week\"", b)
	}
	if n > int(time.Duration(longestSpan)/one) {
		return fmt.Errorf("%q is too long: at most 4 weeks", b)
	}
	*s = Span(n) * Span(one)
	return nil
}

// String is the span as UnmarshalText reads it, in the largest unit that fits.
func (s Span) String() string {
	for _, u := range []struct {
		name string
		one  time.Duration
	}{{"week", 7 * 24 * time.Hour}, {"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}} {
		switch n := time.Duration(s) / u.one; {
		case time.Duration(s)%u.one != 0 || n == 0:
		case n == 1:
			return "1 " + u.name
		default:
			return fmt.Sprintf("%d %ss", n, u.name)
		}
	}
	return time.Duration(s).String()
}
