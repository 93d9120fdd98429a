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

// Why ticks are left out.
const (
	TooOld      = "too_old"       // older than the entry's catch_up_within
	Superseded  = "superseded"    // a later tick is struck in their stead
	NotCaughtUp = "not_caught_up" // the entry catches nothing up
)

// freshness is how old a tick may be under None. Ticks are at least a minute
// apart, so at most one is fresh, and a look each second cannot miss it.
const freshness = time.Minute

// Skip is a stretch of ticks that are left out for good: From is the first of
// them, and no tick up to To is struck.
type Skip struct {
	From, To time.Time
	Why      string
}

// Valid says whether c is one of All, Latest and None, as a policy file must
// have it. Due treats any other value as Latest.
func (c CatchUp) Valid() bool { return c == All || c == Latest || c == None }

// Due sorts the ticks later than last and not later than now, oldest first, into
// those to strike and those to leave out: what c does not let through, and what
// is older than within (0 or less: however old). last is the previous look or the
// last tick recorded. A zero last is an entry nobody has looked at yet: nothing
// is due, its ticks count from now. With a clock that was turned back behind last
// nothing is due.
func Due(s Spec, c CatchUp, within time.Duration, last, now time.Time) (ticks []time.Time, skips []Skip) {
	if last.IsZero() {
		return nil, nil
	}
	oldest, why := last, ""
	if within > 0 {
		oldest, why = now.Add(-within-1), TooOld // exactly that old is not too old
	}
	if fresh := now.Add(-freshness); c == None && fresh.After(oldest) {
		oldest, why = fresh, NotCaughtUp
	}
	after := last
	if oldest.After(last) {
		after = oldest
		if first := s.Next(last); !first.IsZero() && !first.After(oldest) {
			skips = append(skips, Skip{first, oldest, why})
		}
	}
	ticks = s.Between(after, now, math.MaxInt)
	if n := len(ticks); c != All && n > 1 {
		skips = append(skips, Skip{ticks[0], ticks[n-2], Superseded})
		ticks = ticks[n-1:]
	}
	return ticks, skips
}
