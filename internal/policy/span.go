package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Span is a stretch of time in whole minutes, written "10 minutes", "12 hours", "3 days" or "1 week". A day has 24
// hours.
type Span time.Duration

const (
	defaultSpan = Span(3 * 24 * time.Hour)
	maxSpan     = Span(4 * 7 * 24 * time.Hour) // forty thousand ticks of an entry that is due each minute
)

type spanUnit struct {
	name   string
	length Span
}

// spanUnits lists the units, the longest first.
func spanUnits() []spanUnit {
	return []spanUnit{{"week", Span(7 * 24 * time.Hour)}, {"day", Span(24 * time.Hour)}, {"hour", Span(time.Hour)},
		{"minute", Span(time.Minute)}}
}

// UnmarshalText reads "3 days".
func (s *Span) UnmarshalText(b []byte) error {
	number, name, _ := strings.Cut(string(b), " ")
	n, err := strconv.Atoi(number)
	units := spanUnits()
	i := slices.IndexFunc(units, func(u spanUnit) bool { return u.name == strings.TrimSuffix(name, "s") })
	if err != nil || n < 1 || i < 0 {
		return fmt.Errorf("%q is not a stretch of time like \"10 minutes\", \"12 hours\", \"3 days\" or \"1 week\"", b)
	}
	if n > int(maxSpan/units[i].length) {
		return fmt.Errorf("%q is too long: at most 4 weeks", b)
	}
	*s = Span(n) * units[i].length
	return nil
}

// String is the span as UnmarshalText reads it, in the largest unit that fits.
func (s Span) String() string {
	for _, u := range spanUnits() {
		switch n := s / u.length; {
		case s%u.length != 0 || n == 0:
		case n == 1:
			return "1 " + u.name
		default:
			return fmt.Sprintf("%d %ss", n, u.name)
		}
	}
	return time.Duration(s).String()
}
