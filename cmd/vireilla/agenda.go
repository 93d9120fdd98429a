package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"slices"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/internal/store"
)

type agendaCmd struct {
	At     string `help:"Show the agenda of this day; the default is today." placeholder:"DAY"`
	Owner  string `help:"List only what this coach or team has to do." placeholder:"ID"`
	Stage  string `help:"List only obligations at this stage." placeholder:"STAGE" enum:",upcoming,due,overdue,escalated" default:""`
	Format string `help:"Write text, json or ndjson." default:"text" enum:"text,json,ndjson"`
}

func (c *agendaCmd) Run(env *environment) error {
	f, day, err := ask(env, c.At, env.parseDay)
	if err != nil {
		return err
	}
	defer f.Close()
	staff, err := f.Staff(f.ctx)
	if err != nil {
		return err
	}
	if c.Owner != "" {
		if err := known(env, f.DB, c.Owner); err != nil {
			return fmt.Errorf("--owner: %w", err)
		}
	}
	out := bufio.NewWriter(env.out)
	defer out.Flush()
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	all := []policy.Obligation{}
	err = f.Cases(f.ctx, func(cases []notice.Awake) error {
		for i := range cases {
			for _, o := range f.Obligations(cases[i].Case, day) {
				if o.Owner != o.Seeker {
					o.Owner = staff.Owner(o.Owner, day) // the stand-in of a coach who is absent
				}
				if c.Owner != "" && o.Owner != c.Owner || c.Stage != "" && o.Stage.String() != c.Stage {
					continue
				}
				if c.Format != "ndjson" {
					all = append(all, o)
				} else if err := lines.Encode(o); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil || c.Format == "ndjson" {
		return err
	}
	if c.Format == "json" {
		return env.json(all)
	}
	return c.text(env, day, all)
}

// known fails when the id belongs to no coach, team or job seeker.
func known(env *environment, s *store.DB, id string) error {
	staff, err := s.Staff(env.ctx)
	if err != nil {
		return err
	}
	seekers, err := s.Seekers(env.ctx, []string{id})
	if err != nil {
		return err
	}
	_, coach := staff.Coaches[id]
	_, team := staff.Teams[id]
	if _, seeker := seekers[id]; !coach && !team && !seeker {
		return fmt.Errorf("there is no coach, team or job seeker %q", id)
	}
	return nil
}

// text lists the obligations that have a stage, the most urgent first, and counts the others.
func (c *agendaCmd) text(env *environment, day calendar.Day, all []policy.Obligation) error {
	quiet := 0
	staged := slices.DeleteFunc(all, func(o policy.Obligation) bool {
		if o.Stage == policy.NoStage {
			quiet++
		}
		return o.Stage == policy.NoStage
	})
	slices.SortStableFunc(staged, func(x, y policy.Obligation) int { return int(x.Due - y.Due) })
	t := env.table("seeker", "rule", "subject", "due", "stage", "late", "owner", "since", "basis")
	counts := map[policy.Stage]int{}
	for _, o := range staged {
		counts[o.Stage]++
		late := ""
		if n := int(day - o.Due); n > 0 {
			late = fmt.Sprintf("%d d", n)
		}
		t.row(o.Seeker, o.Rule, o.Subject, o.Due.String(), o.Stage.String(), late, o.Owner, o.Anchor.String(), o.Basis)
	}
	if err := t.flush(); err != nil {
		return err
	}
	if c.Stage != "" {
		fmt.Fprintf(env.out, "\n%s: %d %s.\n", day, len(staged), c.Stage)
		return nil
	}
	fmt.Fprintf(env.out, "\n%s: %d escalated, %d overdue, %d due, %d upcoming; %d more have nothing to say yet.\n",
		day, counts[policy.Escalated], counts[policy.Overdue], counts[policy.Due], counts[policy.Upcoming], quiet)
	return nil
}
