package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"vireilla/internal/journal"
	"vireilla/internal/notice"
	"vireilla/internal/store"
)

// journalCmd compares the send journal with the database, after the database was restored from a backup.
type journalCmd struct {
	Show   journalShow   `cmd:"" default:"withargs" help:"Show what the send journal of this machine knows and the database does not."`
	Accept journalAccept `cmd:"" help:"Write what the journal knows into the outbox, and let letters go out again."`
}

type journalShow struct {
	Format string `help:"Write text or json." default:"text" enum:"text,json"`
}

// difference is what a journal knows and the database does not.
type difference struct {
	Damaged int           `json:"damaged"`
	Letters []staleLetter `json:"letters"`
	Held    []string      `json:"held_by"`

	known []notice.Handover
	stale []notice.Stale
}

type staleLetter struct {
	Key     string       `json:"key"`
	Letter  string       `json:"letter"`
	To      string       `json:"to"`
	Journal notice.State `json:"journal"`
	Outbox  notice.State `json:"outbox"`
}

func compare(ctx context.Context, folder string, s *store.DB) (d difference, err error) {
	letters, damaged, err := journal.Letters(folder)
	if err != nil {
		return d, err
	}
	d = difference{Damaged: damaged, Letters: []staleLetter{}, Held: []string{}, known: letters}
	if d.stale, err = s.Stale(ctx, letters); err != nil {
		return d, err
	}
	for _, l := range d.stale {
		d.Letters = append(d.Letters, staleLetter{l.Key, l.Letter, l.To, l.State, l.InOutbox})
	}
	held, err := s.StaleBy(ctx)
	d.Held = append(d.Held, held...)
	return d, err
}

func (c *journalShow) Run(env *environment) error {
	s, err := env.store()
	if err != nil {
		return err
	}
	defer s.Close()
	d, err := compare(env.ctx, env.Data, s)
	if err != nil {
		return err
	}
	if c.Format == "json" {
		return env.json(d)
	}
	if len(d.Letters) == 0 {
		fmt.Fprintln(env.out, "The database knows every letter that the send journal of this machine knows.")
	} else {
		t := env.table("key", "the journal", "the database")
		for _, l := range d.Letters {
			inJournal := "may have gone out"
			if l.Journal == notice.Sent {
				inJournal = "went out"
			}
			t.row(l.Key, inJournal, cmp.Or(string(l.Outbox), "does not know it"))
		}
		if err := t.flush(); err != nil {
			return err
		}
	}
	if d.Damaged > 1 {
		fmt.Fprintf(env.out, "\n%d lines of the journal cannot be read: it may know of fewer letters than went out.\n", d.Damaged)
	}
	if len(d.Held) > 0 {
		fmt.Fprintf(env.out, "\nNo letter goes out: the database is older than a send journal (of %d). "+
			"Import the newest feed, then vireilla journal accept --yes on each machine.\n", len(d.Held))
	}
	return nil
}

type journalAccept struct{ confirmation }

func (c *journalAccept) Run(env *environment) error {
	w := change{
		"let the outbox take over what the send journal of this machine knows, and let letters go out again",
		"the outbox knows what the send journal of this machine knows", "accept the journal", nil,
	}
	return c.apply(env, w, nil, func(s *store.DB) error {
		d, err := compare(env.ctx, env.Data, s)
		if err != nil {
			return err
		}
		j, err := journal.Open(env.Data, now())
		if err != nil {
			return err
		}
		sent, held, err := s.TakeOver(env.ctx, now(), d.stale)
		if err == nil {
			err = j.Accept(now(), d.known)
		}
		if err == nil {
			err = s.ClearStale(env.ctx, j.ID())
		}
		if err := errors.Join(err, j.Close()); err != nil {
			return err
		}
		fmt.Fprintf(env.out, "%d letters count as sent; %d may have arrived and are held for a person to decide\n", sent, held)
		if left := slices.DeleteFunc(d.Held, func(id string) bool { return id == j.ID() }); len(left) > 0 {
			fmt.Fprintf(env.out, "letters are still held for journals of other machines (%d): "+
				"run this on those machines too\n", len(left))
		}
		return nil
	})
}

// mayWrite fails when the database is older than a send journal: letters could then go out twice.
func (a *app) mayWrite(ctx context.Context) error {
	if err := a.Workers.Compare.Check(ctx); err != nil {
		return err
	}
	held, err := a.Store.StaleBy(ctx)
	if err == nil && len(held) > 0 {
		err = errors.New("the database is older than the send journal: it was restored, or is another one. " +
			"vireilla journal shows the difference, vireilla journal accept --yes lets letters go out again")
	}
	return err
}
