package timetable

import (
	"math"
	"time"
)

// CatchUp says what happens to the ticks that passed while no process ran.
type CatchUp string

const (
	// All makes every tick that passed due.
	All CatchUp = "all"
	// Latest makes only the newest of them due.
	Latest CatchUp = "latest"
	// None makes a tick due only in the minute that begins with it. Older ticks are skipped for good.
	None CatchUp = "none"
)

// Why ticks are skipped.
const (
	TooOld      = "too_old"       // older than the entry's catch_up_within
	Superseded  = "superseded"    // a later tick is due instead
	NotCaughtUp = "not_caught_up" // the entry does not catch up
)

// freshness is how old a tick may be under None. Ticks are at least a minute apart, so at most one is fresh, and a
// check each second cannot miss it.
const freshness = time.Minute

// Skip is a range of ticks that are skipped for good: From is the first of them, and no tick up to To is due.
type Skip struct {
	From, To time.Time
	Why      string
}

// Valid says whether c is one of All, Latest and None, as a policy file must have it. Due treats any other value as
// Latest.
func (c CatchUp) Valid() bool { return c == All || c == Latest || c == None }

// Due sorts the ticks later than last and not later than now, oldest first, into those that are due and those to skip:
// what c does not catch up, and what is older than within (0 or less: no limit). last is the previous check or the last
// tick recorded. Nothing is due when last is zero, since the ticks of a new entry count from now, or when the clock was
// turned back behind last.
func Due(s Spec, c CatchUp, within time.Duration, last, now time.Time) (ticks []time.Time, skips []Skip) {
	if last.IsZero() {
		return nil, nil
	}
	oldest, why := last, ""
	if within > 0 {
		oldest, why = now.Add(-within-1), TooOld // a tick of exactly that age is not too old
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
