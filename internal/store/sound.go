package store

import (
	"context"
	"fmt"
	"time"
)

// soundWithin is how long the opening of a database waits for the look whether its file is damaged. A large file is looked through while work goes on, for that takes as long as to
// read it.
var soundWithin = 300 * time.Millisecond

// look looks through the whole file. What it finds later than the opening waits for, Sound tells.
func (s *DB) look() error {
	if s.dia.check == "" {
		return nil
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stopLooking = stop
	found := make(chan error, 1)
	s.looking.Go(func() {
		err := s.lookThrough(ctx)
		if err != nil && ctx.Err() == nil {
			s.damage.Store(&err)
		}
		found <- err
	})
	select {
	case err := <-found:
		return err
	case <-time.After(soundWithin):
		return nil
	}
}

func (s *DB) lookThrough(ctx context.Context) error {
	var answer string
	if err := s.db.QueryRowContext(ctx, s.dia.check).Scan(&answer); err != nil {
		return s.notOpened(err)
	}
	if answer != "ok" {
		return fmt.Errorf("database: is damaged (%s); restore it from a backup", answer)
	}
	return nil
}

func (s *DB) notOpened(err error) error {
	if s.dia.damaged(err) {
		return fmt.Errorf("database: is damaged; restore it from a backup: %w", err)
	}
	return fmt.Errorf("database: cannot be opened: %w", err)
}

// Sound tells what is wrong with the database's file, as far as it was looked through. While something is, nothing is written and no letter goes out.
func (s *DB) Sound() error {
	if damage := s.damage.Load(); damage != nil {
		return *damage
	}
	return nil
}
