package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// checkWait is how long Open waits for the check of the file. The check reads the whole file; that of a large file goes
// on while the program works.
var checkWait = 300 * time.Millisecond

// checkAgain is the wait after a check that could not read the file: the disk may be full, or the file locked.
var checkAgain = time.Minute

// startCheck checks the whole file for damage. It returns what the first check finds within checkWait. Damage that is
// found later is returned by damageFound; a later check that cannot be made is made again, and stops nothing.
func (c *core) startCheck() error {
	if c.checkQuery == "" {
		return nil
	}
	ctx, stop := context.WithCancel(context.Background())
	c.stopCheck = stop
	first := make(chan error, 1)
	c.checking.Go(func() { c.keepChecking(ctx, first) })
	select {
	case err := <-first:
		return err
	case <-time.After(checkWait):
		return nil
	}
}

// keepChecking checks the file until a check could read it, and sends what the first one found.
func (c *core) keepChecking(ctx context.Context, first chan<- error) {
	for {
		err := c.checkFile(ctx)
		damaged := errors.Is(err, errDamaged)
		if damaged {
			c.damage.Store(&err)
		}
		select {
		case first <- err:
		default: // it was sent before
		}
		if err == nil || damaged {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(checkAgain):
		}
	}
}

var errDamaged = errors.New("database: is damaged")

func (c *core) checkFile(ctx context.Context) error {
	var answer string
	if err := c.db.QueryRowContext(ctx, c.checkQuery).Scan(&answer); err != nil {
		return c.openError(err)
	}
	if answer != "ok" {
		return fmt.Errorf("%w (%s); restore it from a backup", errDamaged, answer)
	}
	return nil
}

func (c *core) openError(err error) error {
	if c.damaged(err) {
		return fmt.Errorf("%w; restore it from a backup: %w", errDamaged, err)
	}
	return fmt.Errorf("database: cannot be opened: %w", err)
}

// damageFound returns the damage that the check has found so far. A damaged database is not written to, and no letter
// goes out.
func (c *core) damageFound() error {
	if damage := c.damage.Load(); damage != nil {
		return *damage
	}
	return nil
}
