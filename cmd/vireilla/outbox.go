package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
	"vireilla/internal/store"
	"vireilla/templates"
)

type outboxCmd struct {
	List     outboxList     `cmd:"" help:"The letters, the oldest first."`
	Show     outboxShow     `cmd:"" help:"One letter: its states, times and codes."`
	Retry    outboxRetry    `cmd:"" help:"Try a failed, held, unsure or deferred letter at once."`
	Withdraw outboxWithdraw `cmd:"" help:"Take a letter back that is not out."`
	Release  outboxRelease  `cmd:"" help:"Let a run go out that the guard holds."`
	Stop     outboxStop     `cmd:"" help:"Kill switch: no further letter goes out."`
	Start    outboxStart    `cmd:"" help:"Letters go out again."`
}

type outboxList struct {
	State  string `help:"Only letters in this state."`
	Letter string `help:"Only this kind of letter."`
	To     string `help:"Only letters to this person." placeholder:"ID"`
	Day    string `help:"Only letters planned for this day."`
	Format string `help:"text or json." default:"text" enum:"text,json"`
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
	for flag, v := range map[string]struct {
		word  string
		known []string
	}{"--state": {c.State, states()}, "--letter": {c.Letter, templates.Letters()}} {
		if v.word != "" && !slices.Contains(v.known, v.word) {
			return usageError{fmt.Errorf("%s: %q is not one of %s", flag, v.word, strings.Join(v.known, ", "))}
		}
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
	ID     int64  `arg:""`
	Format string `help:"text or json." default:"text" enum:"text,json"`
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
	e := found[0]
	if c.Format == "json" {
		return env.json(told(&e, p.Location))
	}
	when := func(t time.Time) string {
		if t.IsZero() {
			return "-"
		}
		return t.In(p.Location).Format("2006-01-02 15:04:05 -07:00")
	}
	for _, line := range [][2]string{{"letter", fmt.Sprint(e.ID)}, {"key", e.Key}, {"to", e.To + " (" + e.Role + ")"}, {"state", string(e.State)}, {"why", e.Why},
		{"code", e.Code}, {"tries", fmt.Sprint(e.Tries)}, {"ended unsure", fmt.Sprint(e.Unsure)}, {"items", fmt.Sprint(e.Items)}, {"run", e.Run}, {"policy", e.Policy},
		{"planned", when(e.Planned)}, {"send at", when(e.SendAt)}, {"first try", when(e.Dated)}, {"changed", when(e.Changed)}, {"next try", e.NextTry}, {"of use until", when(e.Expires)}} {
		fmt.Fprintf(env.out, "%-13s %s\n", line[0], line[1])
	}
	return nil
}

// toldLetter is a letter with all that is known of it but what it says.
type toldLetter struct {
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

func told(e *notice.Entry, zone *time.Location) toldLetter {
	when := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.In(zone).Format(time.RFC3339)
	}
	return toldLetter{Entry: *e, Why: e.Why, Unsure: e.Unsure, Items: e.Items, Run: e.Run, Policy: e.Policy, Planned: when(e.Planned), SendAt: when(e.SendAt),
		Dated: when(e.Dated), Changed: when(e.Changed), Expires: when(e.Expires)}
}

// decision is a wish about a letter or run that only --yes carries out.
type decision struct {
	Yes bool `help:"Do it; without this, only say what would be done."`
}

// wish is what a person wants done: in words, what is so afterwards, and, for the log, a word and ids as from the pages.
type wish struct {
	what, so, word string
	ids            []any
}

// carry asks whether the wish can be granted, also when it only says so. What is carried out is logged.
func (d decision) carry(env *environment, w wish, may, do func(*store.DB) error) error {
	s, err := env.store()
	if err != nil {
		return err
	}
	defer s.Close()
	if err := may(s); err != nil {
		return err
	}
	if !d.Yes {
		_, err := fmt.Fprintf(env.out, "would %s; repeat with --yes\n", w.what)
		return err
	}
	if err := do(s); err != nil {
		return err
	}
	env.log().Warn("decided by hand", append([]any{"what", w.word, "who", fmt.Sprint("uid ", os.Getuid())}, w.ids...)...)
	_, err = fmt.Fprintln(env.out, w.so)
	return err
}

// always is what may be wished at any time.
func always(*store.DB) error { return nil }

// letter finds a letter whose state lets a person do something with it.
func letter(env *environment, id int64, what string, may func(notice.State) bool) func(*store.DB) error {
	return func(s *store.DB) error {
		found, err := s.Letters(env.ctx, notice.Filter{ID: id})
		switch {
		case err != nil:
			return err
		case len(found) == 0:
			return fmt.Errorf("no letter %d; vireilla outbox list shows them", id)
		case !may(found[0].State):
			return fmt.Errorf("letter %d is %s: it cannot be %s", id, found[0].State, what)
		}
		return nil
	}
}

// held finds a run that the guard holds.
func held(env *environment, kind string, day calendar.Day) func(*store.DB) error {
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

type outboxRetry struct {
	ID int64 `arg:""`
	decision
}

func (c *outboxRetry) Run(env *environment) error {
	w := wish{fmt.Sprintf("try letter %d at once", c.ID), fmt.Sprintf("letter %d goes out again as soon as letters do", c.ID), "retry", []any{"letter", c.ID}}
	return c.carry(env, w, letter(env, c.ID, "tried again", notice.State.MayRetry),
		func(s *store.DB) error { return s.Retry(env.ctx, now(), c.ID) })
}

type outboxWithdraw struct {
	ID int64 `arg:""`
	decision
}

func (c *outboxWithdraw) Run(env *environment) error {
	w := wish{fmt.Sprintf("withdraw letter %d", c.ID), fmt.Sprintf("letter %d is withdrawn", c.ID), "withdraw", []any{"letter", c.ID}}
	return c.carry(env, w, letter(env, c.ID, "taken back", notice.State.MayWithdraw),
		func(s *store.DB) error { return s.Withdraw(env.ctx, now(), c.ID) })
}

type outboxRelease struct {
	Held string `arg:"" name:"run" help:"Run that is held, such as digests/2024-03-04."`
	decision
}

func (c *outboxRelease) Run(env *environment) error {
	kind, text, _ := strings.Cut(c.Held, "/")
	day, err := calendar.ParseDay(text)
	if err != nil {
		return usageError{fmt.Errorf("a run is written like digests/2024-03-04")}
	}
	w := wish{"release the letters of " + c.Held, "run " + c.Held + " is released", "release", []any{"run", kind + "/" + day.String()}}
	return c.carry(env, w, held(env, kind, day), func(s *store.DB) error {
		n, err := s.Release(env.ctx, now(), kind, day)
		if err == nil {
			fmt.Fprintf(env.out, "%d letters may go out\n", n)
		}
		return err
	})
}

type outboxStop struct{ decision }

func (c *outboxStop) Run(env *environment) error {
	return c.carry(env, wish{"stop all letters", "no letter goes out until `vireilla outbox start`", "stop", nil}, always, func(s *store.DB) error { return s.SetKillSwitch(env.ctx, true) })
}

type outboxStart struct{ decision }

func (c *outboxStart) Run(env *environment) error {
	return c.carry(env, wish{"let letters go out again", "letters are no longer stopped", "start", nil}, always, func(s *store.DB) error {
		held, err := s.StaleBy(env.ctx)
		if len(held) > 0 {
			fmt.Fprintln(env.out, "letters are still held, because the database is older than a send journal: vireilla journal tells more")
		}
		return errors.Join(err, s.SetKillSwitch(env.ctx, false))
	})
}
