package notice

import (
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/policy"
)

// Run is one kind of work on one local day: "digests" on 2024-03-04.
type Run struct {
	Kind   string
	Day    calendar.Day
	Policy string // version of the policy, recorded with every letter
	Guard  policy.Guard
}

// Added is what became of a plan: the ids of the letters that may go out, and how many the guard holds.
type Added struct {
	IDs  []int64
	Held int
}

// Claimed is a letter taken for sending. Fence says which claim it is: whoever holds an older one has lost the letter.
type Claimed struct {
	Notice
	ID     int64
	Fence  int64
	Tries  int       // this one included
	Unsure int       // earlier tries that ended ambiguous
	Dated  time.Time // of the first try; the Date header of every try
	Until  time.Time // the claim ends

	Unreadable bool // what it says cannot be read any more; ID and Fence can
}

// Report is what became of a claimed letter.
type Report struct {
	Claimed
	Next
	Code int
	Told *ToldBooking // the version of the appointment that the letter told, if it went out or may have
	// Address that said never; it is not written to again.
	Suppress string
	// Released: nothing was tried, and the try is not counted.
	Returned bool
}
