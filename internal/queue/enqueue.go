package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/hibiken/asynq"

	"vireilla/tasks"
)

// While Redis is down, the methods below do nothing and return nil: Health has reported it, and workers.Poller does the
// work from SQL.

// Letters enqueues the delivery of some letters, a batch a task.
func (q *Queue) Letters(ctx context.Context, ids []int64) error {
	for len(ids) > 0 {
		batch := ids[:min(tasks.Batch, len(ids))]
		ids = ids[len(batch):]
		task, options := tasks.NewDeliver(q.Options.Letters, batch)
		if err := q.enqueue(ctx, task, options); err != nil {
			return err
		}
	}
	return nil
}

// DueLetters enqueues n tasks that deliver whatever is due.
func (q *Queue) DueLetters(ctx context.Context, n int) error {
	for range n {
		task, options := tasks.NewDeliver(q.Options.Letters, nil)
		if err := q.enqueue(ctx, task, options); err != nil {
			return err
		}
	}
	return nil
}

// Help enqueues n tasks that look at awake cases, for whoever is free.
func (q *Queue) Help(ctx context.Context, n int) error {
	for range n {
		task, options := tasks.NewRefresh(q.Options.Ticks)
		if err := q.enqueue(ctx, task, options); err != nil {
			return err
		}
	}
	return nil
}

// Tick enqueues the work of a tick. Its task has an id that nobody used before, so nothing that Redis remembers stands
// in its way; a tick that is done is not run again, because SQL says so.
func (q *Queue) Tick(ctx context.Context, entry string, at time.Time) error {
	task, options, err := tasks.NewTick(q.Options.Ticks, tasks.Tick{Entry: entry, At: at})
	if err != nil {
		return err
	}
	return q.enqueue(ctx, task, options)
}

func (q *Queue) enqueue(ctx context.Context, task *asynq.Task, options []asynq.Option) error {
	if q.Health.Down() {
		return nil
	}
	soon, cancel := context.WithTimeout(ctx, enqueueTimeout)
	defer cancel()
	if q.Carry != nil {
		task = asynq.NewTaskWithHeaders(task.Type(), task.Payload(), q.Carry(ctx))
	}
	_, err := q.client.EnqueueContext(soon, task, options...)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("enqueue %s: %w", task.Type(), ctx.Err())
	}
	q.Health.Report(err)
	return nil
}
