package workers

import (
	"context"
	"time"
)

// KillSwitch asks whether letters may begin, for all connections to the relay together. An answer is good for maxAge,
// and whoever turns the switch waits until older answers have ended. Those who come while an answer takes longer share
// the next one.
type KillSwitch struct {
	ask    func(context.Context) (bool, error)
	maxAge time.Duration
	now    func() time.Time
	turn   chan struct{} // full while somebody asks

	at  time.Time // just before it was asked last
	on  bool
	err error
}

// NewKillSwitch gives a KillSwitch that asks with a function. now is the real time.
func NewKillSwitch(ask func(context.Context) (bool, error), maxAge time.Duration, now func() time.Time) *KillSwitch {
	return &KillSwitch{ask: ask, maxAge: maxAge, now: now, turn: make(chan struct{}, 1)}
}

// On tells whether no letter may begin, by an answer that is still good.
func (k *KillSwitch) On(ctx context.Context) (bool, error) {
	came := k.now()
	select {
	case k.turn <- struct{}{}:
		defer func() { <-k.turn }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	goOn := k.err == nil && !k.on && k.now().Sub(k.at) < k.maxAge
	if goOn || came.Before(k.at) {
		return k.on, k.err
	}
	k.at, k.on, k.err = k.now(), true, nil // should ask panic, the switch is on
	k.on, k.err = k.ask(ctx)
	return k.on, k.err
}
