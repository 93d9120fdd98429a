package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"vireilla/internal/policy"
	"vireilla/internal/store"
	"vireilla/internal/timetable"
	"vireilla/workers"
)

type timetableCmd struct {
	At     string `help:"From this moment on; now without it." placeholder:"MOMENT"`
	Next   int    `help:"How many runs of each entry." default:"3"`
	Format string `help:"text or json." default:"text" enum:"text,json"`
}

// nextRuns is an entry, its next runs in local time, and what the database knows of it.
type nextRuns struct {
	Entry   string   `json:"entry"`
	Cron    string   `json:"cron"`
	CatchUp string   `json:"catch_up"`
	Within  string   `json:"catch_up_within"`
	Next    []string `json:"next"`
	Last    *lastRun `json:"last,omitempty"`
	Left    *leftOut `json:"left_out,omitempty"`
}

// lastRun is the newest tick of an entry; Done is empty while its work is not done.
type lastRun struct {
	At   string `json:"at"`
	Done string `json:"done"`
}

// leftOut is the newest stretch of ticks that were left out.
type leftOut struct {
	From string `json:"from"`
	To   string `json:"to"`
	Why  string `json:"why"`
}

func (c *timetableCmd) Run(env *environment) error {
	p, _, err := env.policy()
	if err != nil {
		return err
	}
	at, err := env.parseMoment(c.At, p)
	if err != nil {
		return err
	}
	var all []nextRuns
	for _, e := range p.Timetable {
		r := nextRuns{Entry: e.Name, Cron: e.Cron, CatchUp: string(e.CatchUp), Within: e.CatchUpWithin.String()}
		for t := e.Spec.Next(at); len(r.Next) < c.Next; t = e.Spec.Next(t) {
			r.Next = append(r.Next, stamp(t, p.Location))
		}
		all = append(all, r)
	}
	owner, err := c.past(env, p, all)
	if err != nil { // what is to come stands without a database
		fmt.Fprintln(env.err, "the past ticks are not known:", err)
	}
	if c.Format == "json" {
		return env.json(all)
	}
	return c.text(env, all, owner)
}

// past adds what the database knows, and gives the owner of the lease; without a database that is nothing.
func (c *timetableCmd) past(env *environment, p *policy.Policy, all []nextRuns) (owner string, err error) {
	s, err := env.store()
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer s.Close()
	newest, err := s.NewestTicks(env.ctx)
	if err != nil {
		return "", err
	}
	for i := range all {
		if err := all[i].addPast(env, s, newest, p.Location); err != nil {
			return "", err
		}
	}
	return s.Owner(env.ctx, workers.TimetableLease)
}

func (r *nextRuns) addPast(env *environment, s *store.DB, newest []timetable.Tick, zone *time.Location) error {
	for _, t := range newest {
		if t.Entry == r.Entry {
			r.Last = &lastRun{At: stamp(t.At, zone), Done: stamp(t.Done, zone)}
		}
	}
	skips, err := s.TickSkips(env.ctx, r.Entry, 1)
	if len(skips) > 0 {
		r.Left = &leftOut{From: stamp(skips[0].From, zone), To: stamp(skips[0].To, zone), Why: skips[0].Why}
	}
	return err
}

func (c *timetableCmd) text(env *environment, all []nextRuns, owner string) error {
	when := func(text string) string {
		at, _ := time.Parse(time.RFC3339, text)
		return at.Format("Mon 2006-01-02 15:04 -07:00")
	}
	t := env.table("entry", "cron", "catch up", "last", "", "next runs")
	for _, r := range all {
		last, state := "", ""
		if r.Last != nil {
			last, state = when(r.Last.At), "done"
			if r.Last.Done == "" {
				state = "open"
			}
		}
		head := []string{r.Entry, r.Cron, r.CatchUp + ", within " + r.Within, last, state}
		for _, n := range r.Next {
			t.row(append(head, when(n))...)
			head = make([]string, len(head))
		}
	}
	if err := t.flush(); err != nil {
		return err
	}
	var notes []string
	for _, r := range all {
		if r.Left != nil {
			notes = append(notes, fmt.Sprintf("%s: left out from %s to %s, %s", r.Entry, when(r.Left.From), when(r.Left.To), r.Left.Why))
		}
	}
	if owner != "" {
		notes = append(notes, "ticks are recorded by "+owner)
	}
	if len(notes) == 0 {
		return nil
	}
	_, err := fmt.Fprintf(env.out, "\n%s\n", strings.Join(notes, "\n"))
	return err
}
