package workers

import (
	"context"
	"time"
)

// Halt asks whether sending is halted, for all lines to the relay together: an answer is good for a moment, and whoever
// throws the switch waits until it is over. Where an answer takes longer than that, those who wait for it share the
// next one.
type KillSwitch struct {
	ask  func(context.Context) (bool, error)
	good time.Duration
	now  func() time.Time
	turn chan struct{} // full while somebody asks

	at     time.Time // before it was asked last
	halted bool
	err    error
}

// NewHalt gives a Halt that asks with a function, whose answers are good for a while of the real time that now tells.
func NewKillSwitch(ask func(context.Context) (bool, error), good time.Duration, now func() time.Time) *KillSwitch {
	return &KillSwitch{ask: ask, good: good, now: now, turn: make(chan struct{}, 1)}
}

// Halted tells whether sending was halted, by an answer that is still good.
func (h *KillSwitch) On(ctx context.Context) (bool, error) {
	came := h.now()
	select {
	case h.turn <- struct{}{}:
		defer func() { <-h.turn }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	goOn := h.err == nil && !h.halted && h.now().Sub(h.at) < h.good
	if goOn || came.Before(h.at) {
		return h.halted, h.err
	}
	h.at, h.halted, h.err = h.now(), true, nil // whatever becomes of the question
	h.halted, h.err = h.ask(ctx)
	return h.halted, h.err
}
