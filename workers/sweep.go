package workers

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"vireilla/internal/policy"
)

// Sweep makes good what was lost: it rings for what is due, frees letters whose worker died, puts again ticks whose task never came, and forgets the old.
type Sweep struct {
	Policy *policy.Policy
	Outbox interface {
		FreeStuck(ctx context.Context, wall time.Time, hold []string) (int, error)
		Due(ctx context.Context, now time.Time) (int, error)
		Forget(ctx context.Context, letters, skips time.Time) error
	}
	OpenTicks func(ctx context.Context, before time.Time, each func(entry string, at time.Time) error) error
	Enqueue   interface {
		DueLetters(ctx context.Context, n int) error
		Tick(ctx context.Context, entry string, at time.Time) error
	}
	DeliverTasks int // how many letters' tasks run side by side
	Log          *slog.Logger
}

// lostAfter is how long a tick may stay undone before its task is put again.
const lostAfter = 2 * time.Minute

// Ring rings for whatever is due, if anything is.
func (s *Sweep) Ring(ctx context.Context, now time.Time) error {
	due, err := s.Outbox.Due(ctx, now)
	if err != nil || due == 0 {
		return err
	}
	return unlessQueueDown(s.Enqueue.DueLetters(ctx, min(s.DeliverTasks, due)))
}

// Run frees and puts again. Claims end by the real time, wall.
func (s *Sweep) Run(ctx context.Context, now, wall time.Time) error {
	n, err := s.Outbox.FreeStuck(ctx, wall, s.Policy.HeldWhenUnsure())
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	if n > 0 {
		s.Log.Warn("letters whose worker died are unsure", "letters", n)
	}
	return s.putAgain(ctx, now, now.Add(-lostAfter))
}

// Back puts all that a queue which was away may have lost. What it still has is put twice, which is once.
func (s *Sweep) Back(ctx context.Context, now time.Time) error { return s.putAgain(ctx, now, now) }

func (s *Sweep) putAgain(ctx context.Context, now, before time.Time) error {
	if err := s.OpenTicks(ctx, before, func(entry string, at time.Time) error {
		return unlessQueueDown(s.Enqueue.Tick(ctx, entry, at))
	}); err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	return s.Ring(ctx, now)
}

// Forget drops what has served its time.
func (s *Sweep) Forget(ctx context.Context, now time.Time) error {
	r := s.Policy.Retention
	return s.Outbox.Forget(ctx, now.AddDate(0, 0, -r.LettersDays), now.AddDate(0, 0, -r.SkipsDays))
}
