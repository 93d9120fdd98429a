package workers

import (
	"context"
	"time"

	"vireilla/tasks"
)

// Pace lets letters begin one after the other, evenly, however many workers there are. The nil Pace holds nobody up.
type Pace struct {
	turn  chan struct{} // full while nobody may begin
	every time.Duration
}

// PerMinute is the pace of n letters a minute; 0 is none.
func PerMinute(n int) *Pace {
	if n == 0 {
		return nil
	}
	return &Pace{turn: make(chan struct{}, 1), every: time.Minute / time.Duration(n)}
}

// batch is how many letters one worker may claim at once: those of a second, so that none waits long after it was looked at whether it is still true.
func (p *Pace) batch() int {
	if p == nil {
		return tasks.Batch
	}
	return min(tasks.Batch, max(1, int(time.Second/p.every)))
}

// wait returns when a letter may begin, or when one of the contexts ends.
func (p *Pace) wait(ctx, stop context.Context) {
	if p == nil {
		return
	}
	select {
	case p.turn <- struct{}{}:
		time.AfterFunc(p.every, func() { <-p.turn })
	case <-ctx.Done():
	case <-stop.Done():
	}
}
