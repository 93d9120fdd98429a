package workers

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/hibiken/asynq"

	"vireilla/tasks"
)

// Rounds does without the doorbell: while the queue is away it goes to see, at its pace, what the ticks in SQL ask for and which letters are due, and hands the same
// tasks to the same steps. Several processes may go on rounds, and some still hear the bell: SQL decides who has a letter.
type Poller struct {
	Watch       interface{ Down() bool }
	Clock       func() time.Time
	Ticks       func(ctx context.Context, before time.Time, each func(entry string, at time.Time) error) error // those not done
	Do          asynq.Handler
	Concurrency int           // how many take letters to the relay side by side
	Interval    time.Duration // between two rounds
	Log         *slog.Logger
}

// linger is how long what is under way may go on after the end of Run's context, as asynq grants it; farewell how long it may take to write down how it ended.
const (
	shutdownTimeout = 20 * time.Second
	recordGrace     = 2 * time.Second
)

// Run goes on rounds until the context ends. A hand that waits for a slow relay holds up no other.
func (r *Poller) Run(ctx context.Context) {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(shutdownTimeout, cancel) })()
	var all sync.WaitGroup
	defer func() {
		ended := make(chan struct{})
		go func() {
			all.Wait()
			close(ended)
		}()
		select {
		case <-ended:
		case <-late.Done(): // one that was cut writes down what became of its letters; one that waits for a relay that does not answer is left behind
			select {
			case <-ended:
			case <-time.After(recordGrace):
			}
		}
	}()
	all.Go(func() { r.each(ctx, func() { r.strike(ctx); r.deliver(late) }) })
	for range r.Concurrency - 1 {
		all.Go(func() { r.each(ctx, func() { r.deliver(late) }) })
	}
}

func (r *Poller) each(ctx context.Context, round func()) {
	pace := time.NewTicker(r.Interval)
	defer pace.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pace.C:
			if r.Watch.Down() {
				round()
			}
		}
	}
}

// strike does the work of the ticks that are not done. What fails stays open; the step has told it.
func (r *Poller) strike(ctx context.Context) {
	if err := r.Ticks(ctx, r.Clock(), func(entry string, at time.Time) error {
		task, _, err := tasks.NewTick("", tasks.Tick{Entry: entry, At: at})
		if err == nil && ctx.Err() == nil {
			_ = r.Do.ProcessTask(ctx, task)
		}
		return err
	}); err != nil && ctx.Err() == nil {
		r.Log.Error("what the timetable asks for could not be read; it is caught up later", "err", err)
	}
}

func (r *Poller) deliver(ctx context.Context) {
	task, _ := tasks.NewDeliver("", nil)
	_ = r.Do.ProcessTask(ctx, task) // the step has told it
}
