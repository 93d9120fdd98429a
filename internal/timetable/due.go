package timetable

import (
	"math"
	"time"
)

// CatchUp says what becomes of the ticks that passed while nobody looked.
type CatchUp string

const (
	// All strikes every tick that passed.
	All CatchUp = "all"
	// Latest strikes once, for the newest tick that passed.
	Latest CatchUp = "latest"
	// None strikes a tick only in the minute that begins with it; after a pause
	// everything older is left out for good.
	None CatchUp = "none"
)

// freshness is how old a tick may be under None. Ticks are at least a minute
// apart, so at most one is fresh, and a look each second cannot miss it.
const freshness = time.Minute

// Valid says whether c is one of All, Latest and None, as a policy file must
// have it. Due treats any other value as Latest.
func (c CatchUp) Valid() bool { return c == All || c == Latest || c == None }

// Due lists the ticks to strike now, oldest first: of those later than last and
// not later than now, what c lets through, and none older than maxAge (0 or less:
// however old). last is the previous look or the last tick recorded. A zero last
// is an entry nobody has looked at yet: nothing is due, its ticks count from now.
// With a clock that was turned back behind last nothing is due until it has
// passed last again.
func Due(s Spec, c CatchUp, last, now time.Time, maxAge time.Duration) []time.Time {
	if last.IsZero() {
		return nil
	}
	after := last
	if maxAge > 0 {
		after = later(after, now.Add(-maxAge-1)) // exactly maxAge old is not too old
	}
	if c == None {
		after = later(after, now.Add(-freshness))
	}
	ticks := s.Between(after, now, math.MaxInt)
	if c != All && len(ticks) > 1 {
		ticks = ticks[len(ticks)-1:]
	}
	return ticks
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
