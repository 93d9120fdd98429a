package timetable

import "time"

// Stroke is what a look at the clock says of an entry: which ticks to strike and
// which to leave out on the way from Last, where its ledger stands, to Now.
type Record struct {
	Entry     string
	Last, Now time.Time
	Ticks     []time.Time
	Skips     []Skip
}
