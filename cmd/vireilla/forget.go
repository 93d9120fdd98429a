package main

import "fmt"

type forgetCmd struct {
	Seeker string `arg:"" help:"Id of the job seeker."`
	Yes    bool   `help:"Do it; without --yes the command only says what it would do."`
}

// Run erases a person without waiting for the retention time.
func (c *forgetCmd) Run(env *environment) error {
	s, err := env.store()
	if err != nil {
		return err
	}
	defer s.Close()
	erase := s.Erasable
	if c.Yes {
		erase = s.Erase
	}
	n, err := erase(env.ctx, c.Seeker)
	if err != nil {
		return err
	}
	if n == 0 {
		return fmt.Errorf("no such seeker %q, and nothing left of one", c.Seeker)
	}
	if !c.Yes {
		_, err := fmt.Fprintf(env.out, "This would erase job seeker %s with contacts, appointments and training, "+
			"and empty the letters about them, %d rows; keys stay. It cannot be undone.\n"+
			"What the feed still holds comes back with the next import: take the person out of the feed first. "+
			"Then repeat with --yes.\n", c.Seeker, n)
		return err
	}
	_, err = fmt.Fprintf(env.out, "%d rows erased or emptied\n", n)
	return err
}
