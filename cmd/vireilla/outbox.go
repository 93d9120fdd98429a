package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
	"vireilla/internal/store"
)

type outboxCmd struct {
	List     outboxList     `cmd:"" help:"List the letters, oldest first."`
	Show     outboxShow     `cmd:"" help:"Show the state, times and codes of one letter."`
	Retry    outboxRetry    `cmd:"" help:"Try a failed, held, unsure or deferred letter again at once."`
	Withdraw outboxWithdraw `cmd:"" help:"Withdraw a letter that has not gone out."`
	Release  outboxRelease  `cmd:"" help:"Send the letters of a run that the guard holds."`
	Stop     outboxStop     `cmd:"" help:"Turn the kill switch on: no letter goes out any more."`
	Start    outboxStart    `cmd:"" help:"Turn the kill switch off: letters go out again."`
}

type outboxList struct {
	State  string `help:"List only letters in this state." placeholder:"STATE" enum:",${states}" default:""`
	Letter string `help:"List only letters of this kind." placeholder:"KIND" enum:",${letters}" default:""`
	To     string `help:"List only letters to this person." placeholder:"ID"`
	Day    string `help:"List only letters planned for this day."`
	Format string `help:"Write text or json." default:"text" enum:"text,json"`
}

func (c *outboxList) Run(env *environment) error {
	f := notice.Filter{State: c.State, Letter: c.Letter, To: c.To}
	if c.Day != "" {
		day, err := calendar.ParseDay(c.Day)
		if err != nil {
			return usageError{fmt.Errorf("--day: %w", err)}
		}
		f.Day = day
	}
	s, err := env.store()
	if err != nil {
		return err
	}
	defer s.Close()
	entries, err := s.Letters(env.ctx, f)
	if err != nil {
		return err
	}
	if len(entries) == 0 && c.To != "" {
		if err := known(env, s, c.To); err != nil {
			return fmt.Errorf("--to: %w", err)
		}
	}
	if c.Format == "json" {
		return env.json(entries)
	}
	if len(entries) == 0 {
		_, err := fmt.Fprintln(env.out, "no such letters")
		return err
	}
	t := env.table("id", "key", "state", "tries", "next try", "code", "why")
	for _, e := range entries {
		t.row(fmt.Sprint(e.ID), e.Key, string(e.State), fmt.Sprint(e.Tries), e.NextTry, e.Code, e.Why)
	}
	return t.flush()
}

func states() (words []string) {
	for _, s := range notice.States() {
		words = append(words, string(s))
	}
	return words
}

type outboxShow struct {
	ID     int64  `arg:"" help:"Id of the letter."`
	Format string `help:"Write text or json." default:"text" enum:"text,json"`
}

func (c *outboxShow) Run(env *environment) error {
	p, _, err := env.policy()
	if err != nil {
		return err
	}
	s, err := env.store()
	if err != nil {
		return err
	}
	defer s.Close()
	found, err := s.Letters(env.ctx, notice.Filter{ID: c.ID})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return fmt.Errorf("no letter %d", c.ID)
	}
	r := newLetterReport(&found[0], p.Location)
	if c.Format == "json" {
		return env.json(r)
	}
	for _, line := range [][2]string{
		{"letter", fmt.Sprint(r.ID)}, {"key", r.Key}, {"to", r.To + " (" + r.Role + ")"},
		{"state", string(r.State)}, {"why", r.Why}, {"code", r.Code},
		{"tries", fmt.Sprint(r.Tries)}, {"ended unsure", fmt.Sprint(r.Unsure)}, {"items", fmt.Sprint(r.Items)},
		{"run", r.Run}, {"policy", r.Policy}, {"planned", r.Planned}, {"send at", r.SendAt},
		{"first try", r.Dated}, {"changed", r.Changed}, {"next try", r.NextTry}, {"of use until", r.Expires},
	} {
		fmt.Fprintf(env.out, "%-13s %s\n", line[0], cmp.Or(line[1], "-"))
	}
	return nil
}

// letterReport is all that outbox show says of a letter. It leaves out the letter's text.
type letterReport struct {
	notice.Entry
	Why     string `json:"why"`
	Unsure  int    `json:"ended_unsure"`
	Items   int    `json:"items"`
	Run     string `json:"run"`
	Policy  string `json:"policy"`
	Planned string `json:"planned"`
	SendAt  string `json:"send_at"`
	Dated   string `json:"first_try"`
	Changed string `json:"changed"`
	Expires string `json:"of_use_until"`
}

func newLetterReport(e *notice.Entry, zone *time.Location) letterReport {
	return letterReport{
		Entry: *e, Why: e.Why, Unsure: e.Unsure, Items: e.Items, Run: e.Run, Policy: e.Policy,
		Planned: stamp(e.Planned, zone), SendAt: stamp(e.SendAt, zone), Dated: stamp(e.Dated, zone),
		Changed: stamp(e.Changed, zone), Expires: stamp(e.Expires, zone),
	}
}

// confirmation is the --yes that a change needs.
type confirmation struct {
	Yes bool `help:"Do it; without --yes the command only says what it would do."`
}

// change is what an operator asks for.
type change struct {
	would string // completes "would …"
	done  string // printed afterwards
	what  string // for the log, the same word as from the pages
	ids   []any  // for the log
}

// apply checks that the change is possible, with or without --yes; without a check it always is. A change that was made
// is logged.
func (c confirmation) apply(env *environment, w change, check, do func(*store.DB) error) error {
	s, err := env.store()
	if err != nil {
		return err
	}
	defer s.Close()
	if check != nil {
		if err := check(s); err != nil {
			return err
		}
	}
	if !c.Yes {
		_, err := fmt.Fprintf(env.out, "would %s; repeat with --yes\n", w.would)
		return err
	}
	if err := do(s); err != nil {
		return err
	}
	attributes := append([]any{"what", w.what, "who", fmt.Sprint("uid ", os.Getuid())}, w.ids...)
	env.log().Warn("decided by hand", attributes...)
	_, err = fmt.Fprintln(env.out, w.done)
	return err
}

// letterChange is a change of one letter.
type letterChange struct {
	ID int64 `arg:"" help:"Id of the letter."`
	confirmation
}

// apply checks that there is the letter, in a state that allows the change, and makes the change.
func (c *letterChange) apply(
	env *environment, w change, changed string, may func(notice.State) bool,
	do func(s *store.DB, ctx context.Context, now time.Time, id int64) error,
) error {
	w.ids = []any{"letter", c.ID}
	return c.confirmation.apply(env, w, func(s *store.DB) error {
		found, err := s.Letters(env.ctx, notice.Filter{ID: c.ID})
		switch {
		case err != nil:
			return err
		case len(found) == 0:
			return fmt.Errorf("no letter %d; vireilla outbox list shows them", c.ID)
		case !may(found[0].State):
			return fmt.Errorf("letter %d is %s: it cannot be %s", c.ID, found[0].State, changed)
		}
		return nil
	}, func(s *store.DB) error { return do(s, env.ctx, now(), c.ID) })
}

// runOnHold checks that the guard holds the run.
func runOnHold(env *environment, kind string, day calendar.Day) func(*store.DB) error {
	return func(s *store.DB) error {
		runs, err := s.HeldRuns(env.ctx, now())
		if err != nil {
			return err
		}
		var names []string
		for _, r := range runs {
			if r.Kind == kind && r.Day == day {
				return nil
			}
			if r.Left > 0 {
				names = append(names, r.Kind+"/"+r.Day.String())
			}
		}
		if len(names) == 0 {
			return fmt.Errorf("run %s/%s is not held, nor is any other that would still be of use", kind, day)
		}
		return fmt.Errorf("run %s/%s is not held; held are %s", kind, day, strings.Join(names, ", "))
	}
}

type outboxRetry struct{ letterChange }

func (c *outboxRetry) Run(env *environment) error {
	w := change{
		would: fmt.Sprintf("try letter %d at once", c.ID), what: "retry",
		done: fmt.Sprintf("letter %d goes out again as soon as letters do", c.ID),
	}
	return c.apply(env, w, "tried again", notice.State.MayRetry, (*store.DB).Retry)
}

type outboxWithdraw struct{ letterChange }

func (c *outboxWithdraw) Run(env *environment) error {
	w := change{
		would: fmt.Sprintf("withdraw letter %d", c.ID), what: "withdraw",
		done: fmt.Sprintf("letter %d is withdrawn", c.ID),
	}
	return c.apply(env, w, "taken back", notice.State.MayWithdraw, (*store.DB).Withdraw)
}

type outboxRelease struct {
	Held string `arg:"" name:"run" help:"Run on hold, such as digests/2024-03-04."`
	confirmation
}

func (c *outboxRelease) Run(env *environment) error {
	kind, text, _ := strings.Cut(c.Held, "/")
	day, err := calendar.ParseDay(text)
	if err != nil {
		return usageError{fmt.Errorf("a run is written like digests/2024-03-04")}
	}
	w := change{
		"release the letters of " + c.Held, "run " + c.Held + " is released",
		"release", []any{"run", kind + "/" + day.String()},
	}
	return c.apply(env, w, runOnHold(env, kind, day), func(s *store.DB) error {
		n, err := s.Release(env.ctx, now(), kind, day)
		if err == nil {
			fmt.Fprintf(env.out, "%d letters may go out\n", n)
		}
		return err
	})
}

type outboxStop struct{ confirmation }

func (c *outboxStop) Run(env *environment) error {
	w := change{"stop all letters", "no letter goes out until `vireilla outbox start`", "stop", nil}
	return c.apply(env, w, nil, func(s *store.DB) error { return s.SetKillSwitch(env.ctx, true) })
}

type outboxStart struct{ confirmation }

func (c *outboxStart) Run(env *environment) error {
	w := change{"let letters go out again", "letters are no longer stopped", "start", nil}
	return c.apply(env, w, nil, func(s *store.DB) error {
		stale, err := s.StaleBy(env.ctx)
		if len(stale) > 0 {
			fmt.Fprintln(env.out, "letters are still held, because the database is older than a send journal: "+
				"vireilla journal says more")
		}
		return errors.Join(err, s.SetKillSwitch(env.ctx, false))
	})
}
