package timetable

import "time"

// Record is what one check of the clock found for an entry between Last, its last recorded check, and Now: the ticks
// that are due and those to skip.
type Record struct {
	Entry     string
	Last, Now time.Time
	Ticks     []time.Time
	Skips     []Skip
}
