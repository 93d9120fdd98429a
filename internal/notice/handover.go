package notice

import "time"

// HandoverID names one handover of a letter to a relay: the letter and the claim.
type HandoverID struct {
	Key   string
	Fence int64
}

// Handover is what a send journal knows of a letter: the letter as of its last handover, and the result.
type Handover struct {
	Notice
	Fence  int64
	At     time.Time // of the last claim
	Dated  time.Time // of the first try; the Date header of every try
	State  State     // Sent: the relay took it. Unsure: it may have. Deferred: it did not
	Unsure int       // claims that ended ambiguous, or whose end is unknown
}

// Stale is a letter of which a send journal knows more than the outbox does.
type Stale struct {
	Handover
	InOutbox State // "" when the outbox does not hold it
}
