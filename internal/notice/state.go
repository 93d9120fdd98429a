package notice

import (
	"slices"
	"time"
)

// State of a notice in the outbox. `sending` is written before the first byte goes out.
type State string

// The states.
const (
	Pending   State = "pending"
	Sending   State = "sending"
	Sent      State = "sent"
	Deferred  State = "deferred"  // again at NextTry
	Failed    State = "failed"    // never again
	Unsure    State = "unsure"    // the line broke after the letter was handed over
	Held      State = "held"      // a person decides
	Withdrawn State = "withdrawn" // no longer true
)

// States lists every state, in the order of a letter's life.
func States() []State {
	return []State{Pending, Sending, Sent, Deferred, Unsure, Held, Failed, Withdrawn}
}

// Result of an attempt, as the SMTP conversation told it (docs/reliability.md has the table).
type Result string

// The results.
const (
	Accepted  Result = "accepted"  // 250 to the final dot
	Later     Result = "later"     // a temporary no, or the fault of the line or the relay
	Never     Result = "never"     // a permanent no about this recipient, or our own validation
	Ambiguous Result = "ambiguous" // handed over, and no answer
)

// Outcome of one attempt. Code is the SMTP reply code, 0 without one; Why is a short word, never a server's text: that holds addresses.
type Outcome struct {
	Result Result
	Code   int
	Why    string
}

// Attempt is what a letter has behind it.
type Attempt struct {
	Tries    int    // attempts so far, this one included
	Unsure   int    // how many of them ended ambiguous, this one excluded
	HoldWhen string // what the policy says of unsure letters: "again" or "hold"
}

// Next is what becomes of a letter.
type Next struct {
	State State
	Try   time.Time // for deferred and unsure
	Why   string

	Ambiguous bool // this attempt may have been accepted
}

// UnsureWait is the time before an unsure letter is sent once more, with the same Message-ID and Date, so that a receiver that knows it can drop it.
const UnsureWait = 10 * time.Minute

// waits between attempts: greylisting lets go after minutes, a relay that is down comes back within the day.
func waits() []time.Duration {
	return []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour}
}

// After says what becomes of a letter after an attempt at `now`.
func (a Attempt) After(o Outcome, now time.Time) Next {
	switch o.Result {
	case Accepted:
		return Next{State: Sent}
	case Never:
		return Next{State: Failed, Why: o.Why}
	case Ambiguous:
		if a.Unsure > 0 || a.HoldWhen == "hold" {
			return Next{State: Held, Why: "unsure", Ambiguous: true}
		}
		return Next{State: Unsure, Try: now.Add(UnsureWait), Why: o.Why, Ambiguous: true}
	}
	w := waits()
	try := now.Add(w[min(max(a.Tries, 1), len(w))-1])
	if a.Unsure > 0 { // it may have arrived already: the one resend was this attempt's to make, and may still be made
		return Next{State: Unsure, Try: try, Why: o.Why}
	}
	return Next{State: Deferred, Try: try, Why: o.Why}
}

// GuardLimit is the blast guard's: how many letters a run may plan, given the numbers that the last runs of its kind planned.
func GuardLimit(floor, times int, last []int) int {
	if len(last) == 0 {
		return floor
	}
	sorted := slices.Sorted(slices.Values(last))
	median := sorted[len(sorted)/2]
	if len(sorted)%2 == 0 {
		median = (median + sorted[len(sorted)/2-1]) / 2
	}
	return max(floor, times*median)
}
