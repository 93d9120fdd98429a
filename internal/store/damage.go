package store

import (
	"context"
	"fmt"
	"time"
)

// checkWait is how long Open waits for the check of the file. The check reads the whole file; that of a large file goes
// on while the program works.
var checkWait = 300 * time.Millisecond

// startCheck checks the whole file for damage. Damage that is found after checkWait is returned by damageFound.
func (c *core) startCheck() error {
	if c.checkQuery == "" {
		return nil
	}
	ctx, stop := context.WithCancel(context.Background())
	c.stopCheck = stop
	found := make(chan error, 1)
	c.checking.Go(func() {
		err := c.checkFile(ctx)
		if err != nil && ctx.Err() == nil {
			c.damage.Store(&err)
		}
		found <- err
	})
	select {
	case err := <-found:
		return err
	case <-time.After(checkWait):
		return nil
	}
}

func (c *core) checkFile(ctx context.Context) error {
	var answer string
	if err := c.db.QueryRowContext(ctx, c.checkQuery).Scan(&answer); err != nil {
		return c.openError(err)
	}
	if answer != "ok" {
		return fmt.Errorf("database: is damaged (%s); restore it from a backup", answer)
	}
	return nil
}

func (c *core) openError(err error) error {
	if c.damaged(err) {
		return fmt.Errorf("database: is damaged; restore it from a backup: %w", err)
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
