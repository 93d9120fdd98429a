package workers

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"vireilla/internal/notice"
)

// Compare holds the database against the send journal of this machine. A database that knows less was restored from a backup: all letters are held until a person has
// let the outbox take over what the journal knows (vireilla journal accept).
type Compare struct {
	Clock   func() time.Time
	Journal interface {
		ID() string
		Tail() (hands []notice.HandoverID, pulse time.Time)
		Reload() error
		RecordLastTick(now, pulse time.Time) error
	}
	Outbox interface {
		LastTick(ctx context.Context) (time.Time, error)
		Unknown(ctx context.Context, hands []notice.HandoverID) (int, error)
		SetStale(ctx context.Context, journal string, since time.Time) error
	}
	Log *slog.Logger

	told atomic.Bool // that letters are held is said once
}

// fallBack is how far the timetable's ledger may fall back: a standby that takes over may lack the last moments, and what matters of them, the letters, is looked at one by one.
const fallBack = 5 * time.Minute

// Run looks once a minute until the context ends.
func (c *Compare) Run(ctx context.Context) {
	each := time.NewTicker(time.Minute)
	defer each.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-each.C:
			if err := c.Check(ctx); err != nil && ctx.Err() == nil {
				c.Log.Error("the database could not be held against the send journal", "err", err)
			}
		}
	}
}

// Look compares once, and holds all letters when the database is behind.
func (c *Compare) Check(ctx context.Context) error {
	behind, pulse, err := c.behind(ctx)
	if err != nil {
		return err
	}
	if behind { // perhaps somebody else has told this file meanwhile that it was accepted
		if err := c.Journal.Reload(); err != nil {
			return err
		}
		if behind, pulse, err = c.behind(ctx); err != nil {
			return err
		}
	}
	if !behind {
		c.told.Store(false)
		return c.Journal.RecordLastTick(c.Clock(), pulse)
	}
	if err := c.Outbox.SetStale(ctx, c.Journal.ID(), c.Clock()); err != nil {
		return fmt.Errorf("hold all letters: %w", err)
	}
	if !c.told.Swap(true) {
		c.Log.Error("the database is older than the send journal: it was restored, or is another one; no letter goes out until vireilla journal accept", "journal", c.Journal.ID())
	}
	return nil
}

// Glance looks whether the database knows the last letter that was begun, and compares when it does not: somebody may put a backup in its place between two claims. It comes
// before the claim, which moves fences.
func (c *Compare) CheckLast(ctx context.Context) error {
	hands, _ := c.Journal.Tail()
	if len(hands) == 0 {
		return nil
	}
	n, err := c.Outbox.Unknown(ctx, hands[len(hands)-1:])
	if err != nil || n == 0 {
		return err
	}
	return c.Check(ctx)
}

func (c *Compare) behind(ctx context.Context) (behind bool, pulse time.Time, err error) {
	hands, seen := c.Journal.Tail()
	if pulse, err = c.Outbox.LastTick(ctx); err != nil {
		return false, pulse, err
	}
	n, err := c.Outbox.Unknown(ctx, hands)
	return n > 0 || seen.Sub(pulse) > fallBack, pulse, err
}
