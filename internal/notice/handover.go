package notice

import "time"

// Hand is one handing over of a letter: which, and under which claim.
type HandoverID struct {
	Key   string
	Fence int64
}

// Handed is what a send journal knows of a letter: how it stood when it was last about to be handed over, and what became of it.
type Handover struct {
	Notice
	Fence  int64
	At     time.Time // of the last claim
	Dated  time.Time // of the first try; the Date header of every try
	State  State     // Sent: the relay took it. Unsure: it may have. Deferred: it did not
	Unsure int       // claims that ended ambiguous, or of whose end nothing is known
}

// Behind is a letter of which a send journal knows more than the outbox does.
type Stale struct {
	Handover
	InOutbox State // "" when the outbox does not know it
}
