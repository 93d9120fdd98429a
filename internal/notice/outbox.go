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

// Added is the result of adding a plan: the ids of the letters that may go out, and how many the guard put on hold.
type Added struct {
	IDs  []int64
	Held int
}

// Claimed is a letter taken for sending. Fence numbers its claims: whoever holds an older one has lost the letter.
type Claimed struct {
	Notice
	ID     int64
	Fence  int64
	Tries  int       // this one included
	Unsure int       // earlier tries that ended ambiguous
	Dated  time.Time // of the first try; the Date header of every try
	Until  time.Time // the claim ends

	Unreadable bool // its content cannot be decoded; only ID and Fence are set
}

// Report is what became of a claimed letter.
type Report struct {
	Claimed
	Next
	Code int
	// Told is the version of the appointment that the seeker was told, if the letter went out or may have.
	Told *ToldBooking
	// Suppress is an address that was refused for good; nothing is sent to it again.
	Suppress string
	// Returned: nothing was tried, and the try does not count.
	Returned bool
}
