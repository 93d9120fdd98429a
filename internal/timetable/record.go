package timetable

import "time"

// Tick is a moment at which an entry is due. It stays open until its work is done.
type Tick struct {
	Entry string
	At    time.Time
	Done  time.Time // zero while it is open
}

// Record is what is to be recorded of an entry at Now: the ticks that are due since Last, where the ledger stands, and
// those left out.
type Record struct {
	Entry     string
	Last, Now time.Time
	Ticks     []time.Time
	Skips     []Skip
}
