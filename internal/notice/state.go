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
	Unsure    State = "unsure"    // the connection broke after the letter was handed over
	Held      State = "held"      // on hold: a person decides
	Withdrawn State = "withdrawn" // no longer true
)

// States lists every state, in the order of a letter's life.
func States() []State {
	return []State{Pending, Sending, Sent, Deferred, Unsure, Held, Failed, Withdrawn}
}

// Result of an attempt, as the SMTP conversation shows it (docs/reliability.md has the table).
type Result string

// The results.
const (
	Accepted  Result = "accepted"  // 250 to the final dot
	Later     Result = "later"     // a temporary refusal, or a fault of the connection or the relay
	Never     Result = "never"     // a permanent refusal of this recipient, or of our own validation
	Ambiguous Result = "ambiguous" // handed over, and no answer
)

// Outcome of one attempt. Code is the SMTP reply code, 0 without one. Why is a short word, never the server's text,
// which can hold addresses.
type Outcome struct {
	Result Result
	Code   int
	Why    string
}

// Attempt is the history of a letter's attempts.
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

// UnsureWait is the time before an unsure letter is sent once more, with the same Message-ID and Date, so that a
// receiver can recognize the duplicate and drop it.
const UnsureWait = 10 * time.Minute

// waits between attempts: greylisting ends after minutes, and a relay that is down is back within the day.
func waits() []time.Duration {
	return []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour,
		4 * time.Hour}
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
	// It may have arrived already. This attempt was the one resend, and did not reach the relay, so it may be repeated.
	if a.Unsure > 0 {
		return Next{State: Unsure, Try: try, Why: o.Why}
	}
	return Next{State: Deferred, Try: try, Why: o.Why}
}

// GuardLimit is the limit of the blast guard: how many letters a run may plan, given how many the last runs of its kind
// planned.
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
