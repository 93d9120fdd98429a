package workers

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"vireilla/internal/policy"
)

// Sweep enqueues what is due, makes letters unsure whose worker died, and forgets what is old.
type Sweep struct {
	Policy  *policy.Policy
	Outbox  SweepOutbox
	Enqueue interface {
		DueLetters(ctx context.Context, n int) error
	}
	DeliverTasks int // how many tasks deliver letters side by side
	Log          *slog.Logger
}

// SweepOutbox is what Sweep needs of the outbox.
type SweepOutbox interface {
	FreeStuck(ctx context.Context, wall time.Time, hold []string) (int, error)
	Due(ctx context.Context, now time.Time) (int, error)
	Forget(ctx context.Context, letters, skips time.Time) error
}

// EnqueueDue enqueues the delivery of whatever is due, if anything is.
func (s *Sweep) EnqueueDue(ctx context.Context, now time.Time) error {
	due, err := s.Outbox.Due(ctx, now)
	if err != nil || due == 0 {
		return err
	}
	return s.Enqueue.DueLetters(ctx, min(s.DeliverTasks, due))
}

// Run makes letters unsure whose claim has ended. Claims end by the real time, wall.
func (s *Sweep) Run(ctx context.Context, wall time.Time) error {
	n, err := s.Outbox.FreeStuck(ctx, wall, s.Policy.HeldWhenUnsure())
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	if n > 0 {
		s.Log.Warn("letters whose worker died are unsure", "letters", n)
	}
	return nil
}

// Forget deletes letters and skips that are older than the policy's retention.
func (s *Sweep) Forget(ctx context.Context, now time.Time) error {
	r := s.Policy.Retention
	return s.Outbox.Forget(ctx, now.AddDate(0, 0, -r.LettersDays), now.AddDate(0, 0, -r.SkipsDays))
}
