package workers

import (
	"context"
	"time"

	"golang.org/x/time/rate"

	"vireilla/tasks"
)

// Pace lets letters begin one after the other, evenly, however many workers there are. The nil Pace holds nobody up.
type Pace struct {
	limiter *rate.Limiter
	every   time.Duration
}

// PerMinute is the pace of n letters a minute; 0 is none.
func PerMinute(n int) *Pace {
	if n == 0 {
		return nil
	}
	every := time.Minute / time.Duration(n)
	return &Pace{rate.NewLimiter(rate.Every(every), 1), every}
}

// batch is how many letters one worker may claim at once: those of a second, so that a letter goes out soon after its
// recheck.
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
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(stop, cancel)()
	if p.limiter.Wait(ctx) != nil { // at once when its turn comes after the deadline
		<-ctx.Done()
	}
}
