package workers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"

	"vireilla/tasks"
)

// Bell puts tasks into the queue: the doorbell. While the queue is away, every method gives ErrAway at once.
type Enqueuer struct {
	Client                 *asynq.Client
	Inspector              *asynq.Inspector
	TickQueue, LetterQueue string       // names
	Watch                  *QueueHealth // is told when the queue does not take a task
	Clock                  func() time.Time
	Trace                  *Trace
}

// patience is how long the queue may take to take a task, well below the lease of the timetable.
const enqueueTimeout = 2 * time.Second

// Letters rings for some letters, a batch a task. A ring that is lost is made good by the sweep.
func (b *Enqueuer) Letters(ctx context.Context, ids []int64) error {
	for len(ids) > 0 {
		batch := ids[:min(tasks.Batch, len(ids))]
		ids = ids[len(batch):]
		if err := b.deliver(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

// RingAny rings n times for whatever is due.
func (b *Enqueuer) DueLetters(ctx context.Context, n int) error {
	for range n {
		if err := b.deliver(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

func (b *Enqueuer) deliver(ctx context.Context, ids []int64) error {
	task, options := tasks.NewDeliver(b.LetterQueue, ids)
	if err := b.put(ctx, task, options); err != nil {
		return fmt.Errorf("ring: %w", err)
	}
	return nil
}

// Help asks n others to help with the cases that are awake.
func (b *Enqueuer) Help(ctx context.Context, n int) error {
	for range n {
		task, options := tasks.NewRefresh(b.TickQueue)
		if err := b.put(ctx, task, options); err != nil {
			return fmt.Errorf("ask for help: %w", err)
		}
	}
	return nil
}

// Tick puts the task of a tick; put twice, it is one. A task that was tried to no end, and would keep its id for ever, is tried anew; so is one whose worker died and
// whose lease was lost, which the queue believes to be at work for ever.
func (b *Enqueuer) Tick(ctx context.Context, entry string, at time.Time) (err error) {
	ctx, end := b.Trace.span(ctx, "strike "+entry)
	defer func() { end(err) }()
	tick := tasks.Tick{Entry: entry, At: at}
	err = b.tick(ctx, tick)
	if errors.Is(err, asynq.ErrTaskIDConflict) {
		err = b.again(ctx, tick)
	}
	if err != nil && !errors.Is(err, asynq.ErrTaskIDConflict) {
		return fmt.Errorf("put tick %s: %w", entry, err)
	}
	return nil
}

func (b *Enqueuer) tick(ctx context.Context, tick tasks.Tick) error {
	task, options, err := tasks.NewTick(b.TickQueue, tick)
	if err != nil {
		return err
	}
	return b.put(ctx, task, options)
}

func (b *Enqueuer) again(ctx context.Context, tick tasks.Tick) error {
	info, err := b.Inspector.GetTaskInfo(b.TickQueue, tick.ID())
	switch later := tick.After(b.Clock()); {
	case err != nil: // it went meanwhile
		return nil
	case info.State == asynq.TaskStateArchived:
		return b.Inspector.RunTask(b.TickQueue, tick.ID())
	case info.State == asynq.TaskStateActive && later.Again > 0:
		return b.tick(ctx, later)
	}
	return nil
}

func (b *Enqueuer) put(ctx context.Context, task *asynq.Task, options []asynq.Option) error {
	if b.Watch.Down() {
		return ErrQueueDown
	}
	soon, cancel := context.WithTimeout(ctx, enqueueTimeout)
	defer cancel()
	if headers := b.Trace.carry(ctx); headers != nil {
		task = asynq.NewTaskWithHeaders(task.Type(), task.Payload(), headers)
	}
	_, err := b.Client.EnqueueContext(soon, task, options...)
	if err != nil && ctx.Err() == nil && !errors.Is(err, asynq.ErrTaskIDConflict) {
		b.Watch.Report(err)
		return ErrQueueDown
	}
	return err
}
