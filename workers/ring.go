package workers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"

	"vireilla/tasks"
)

// Bell puts tasks into the queue: the doorbell.
type Bell struct {
	Client         *asynq.Client
	Ticks, Letters string // queues
}

// Letters rings for some letters, a batch a task. A ring that is lost is made good by the sweep.
func (b *Bell) Ring(ctx context.Context, ids []int64) error {
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
func (b *Bell) RingAny(ctx context.Context, n int) error {
	for range n {
		if err := b.deliver(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

func (b *Bell) deliver(ctx context.Context, ids []int64) error {
	task, options := tasks.NewDeliver(b.Letters, ids)
	if _, err := b.Client.EnqueueContext(ctx, task, options...); err != nil {
		return fmt.Errorf("ring: %w", err)
	}
	return nil
}

// Tick puts the task of a tick; put twice, it is one.
func (b *Bell) Tick(ctx context.Context, entry string, at time.Time) error {
	task, options, err := tasks.NewTick(b.Ticks, tasks.Tick{Entry: entry, At: at})
	if err != nil {
		return err
	}
	_, err = b.Client.EnqueueContext(ctx, task, options...)
	if err != nil && !errors.Is(err, asynq.ErrTaskIDConflict) {
		return fmt.Errorf("put tick %s: %w", entry, err)
	}
	return nil
}
