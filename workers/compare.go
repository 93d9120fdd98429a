package workers

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"vireilla/internal/notice"
)

// Compare compares the database with the send journal of this machine. A database that knows less was restored from a
// backup: all letters are on hold until a person lets the outbox take over what the journal knows (vireilla journal
// accept).
type Compare struct {
	Clock   func() time.Time
	Journal CompareJournal
	Outbox  CompareOutbox
	Log     *slog.Logger

	logged atomic.Bool // that letters are on hold is logged once
}

// CompareJournal is what Compare needs of the send journal.
type CompareJournal interface {
	ID() string
	Tail() (last []notice.HandoverID, tick time.Time) // the newest handovers, and the newest tick that the database knew
	Reload() error
	RecordLastTick(now, tick time.Time) error
}

// CompareOutbox is what Compare needs of the database.
type CompareOutbox interface {
	LastTick(ctx context.Context) (time.Time, error)
	Unknown(ctx context.Context, last []notice.HandoverID) (int, error)
	SetStale(ctx context.Context, journal string, since time.Time) error
}

// maxLag is how far the newest tick may fall back: a standby that takes over may lack the last moments. Letters are
// compared one by one.
const maxLag = 5 * time.Minute

// Run compares once a minute until the context ends.
func (c *Compare) Run(ctx context.Context) {
	ticker := time.NewTicker(time.Minute)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := c.Check(ctx); err != nil && ctx.Err() == nil {
				c.Log.Error("the database could not be compared with the send journal", "err", err)
			}
		}
	}
}

// Check compares once, and puts all letters on hold when the database is stale.
func (c *Compare) Check(ctx context.Context) error {
	stale, tick, err := c.stale(ctx)
	if err != nil {
		return err
	}
	if stale { // perhaps another process has accepted the database meanwhile
		if err := c.Journal.Reload(); err != nil {
			return err
		}
		if stale, tick, err = c.stale(ctx); err != nil {
			return err
		}
	}
	if !stale {
		c.logged.Store(false)
		return c.Journal.RecordLastTick(c.Clock(), tick)
	}
	if err := c.Outbox.SetStale(ctx, c.Journal.ID(), c.Clock()); err != nil {
		return fmt.Errorf("hold all letters: %w", err)
	}
	if !c.logged.Swap(true) {
		c.Log.Error("the database is older than the send journal: it was restored, or is another one; no letter goes out until vireilla journal accept", "journal", c.Journal.ID())
	}
	return nil
}

// CheckLast asks whether the database knows the last letter that was begun, and compares when it does not: somebody may
// put a backup in its place between two claims. Call it before the claim, which moves fences.
func (c *Compare) CheckLast(ctx context.Context) error {
	last, _ := c.Journal.Tail()
	if len(last) == 0 {
		return nil
	}
	n, err := c.Outbox.Unknown(ctx, last[len(last)-1:])
	if err != nil || n == 0 {
		return err
	}
	return c.Check(ctx)
}

func (c *Compare) stale(ctx context.Context) (stale bool, tick time.Time, err error) {
	last, seen := c.Journal.Tail()
	if tick, err = c.Outbox.LastTick(ctx); err != nil {
		return false, tick, err
	}
	n, err := c.Outbox.Unknown(ctx, last)
	return n > 0 || seen.Sub(tick) > maxLag, tick, err
}
