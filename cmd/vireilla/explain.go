package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/internal/web"
)

type explainCmd struct {
	Seeker string `arg:"" help:"Id of the job seeker."`
	At     string `help:"Day asked about; today without it." placeholder:"DAY"`
	Format string `help:"text or json." default:"text" enum:"text,json"`
}

// explanation is what the command tells of a person, by ids and days only.
type explanation struct {
	Seeker    string           `json:"seeker"`
	At        calendar.Day     `json:"at"`
	Coach     string           `json:"coach"`
	Owner     string           `json:"owner"`
	Email     string           `json:"email"` // "yes", or why there is none
	Rules     []policy.Verdict `json:"rules"`
	Told      []toldRow        `json:"told"`
	Letters   []letterRow      `json:"letters"`
	Unwritten []notice.Skip    `json:"skips"`
}

// toldRow is a stage of an obligation that somebody was told of, and when.
type toldRow struct {
	Owner   string       `json:"owner"`
	Rule    string       `json:"rule"`
	Subject string       `json:"subject"`
	Anchor  calendar.Day `json:"anchor"`
	Stage   policy.Stage `json:"stage"`
	At      string       `json:"at"`
}

type letterRow struct {
	ID    int64        `json:"id"`
	Key   string       `json:"key"`
	State notice.State `json:"state"`
	Sent  string       `json:"changed"`
	Why   string       `json:"why"`
}

func (c *explainCmd) Run(a *app) error {
	p, _, err := a.policy()
	if err != nil {
		return err
	}
	day, err := a.parseDay(c.At, p)
	if err != nil {
		return err
	}
	s, err := a.store()
	if err != nil {
		return err
	}
	defer s.Close()
	person, err := s.Case(a.ctx, c.Seeker)
	if err != nil {
		return err
	}
	staff, err := s.Staff(a.ctx)
	if err != nil {
		return err
	}
	end := (day + 1).At(0, 0, p.Location)
	e := explanation{Seeker: c.Seeker, At: day, Coach: person.Seeker.CoachID, Owner: staff.Owner(person.Seeker.CoachID, day), Rules: p.Explain(person, day),
		Told: []toldRow{}, Letters: []letterRow{}, Email: "yes"}
	suppressed, err := s.Suppressed(a.ctx, c.Seeker)
	if err != nil {
		return err
	}
	if why := notice.Unreachable(person.Seeker, suppressed, day); why != "" {
		e.Email = why
	}
	told, err := s.ToldOf(a.ctx, end, c.Seeker)
	if err != nil {
		return err
	}
	for _, t := range told {
		e.Told = append(e.Told, toldRow{t.Owner, t.Rule, t.Subject, t.Anchor, t.Stage, t.At.In(p.Location).Format(time.RFC3339)})
	}
	letters, err := s.Letters(a.ctx, notice.Filter{To: c.Seeker})
	if err != nil {
		return err
	}
	for _, l := range letters {
		if l.Planned.Before(end) {
			e.Letters = append(e.Letters, letterRow{l.ID, l.Key, l.State, l.Changed.In(p.Location).Format(time.RFC3339), l.Why})
		}
	}
	if e.Unwritten, err = s.SkipsTo(a.ctx, end, c.Seeker); err != nil {
		return err
	}
	if c.Format == "json" {
		return a.json(e)
	}
	e.text(a)
	return nil
}

func (e *explanation) text(a *app) {
	fmt.Fprintf(a.out, "%s on %s %s: coach %s", e.Seeker, e.At.Weekday(), e.At, e.Coach)
	if e.Owner != e.Coach {
		fmt.Fprintf(a.out, ", on that day %s stands in", e.Owner)
	}
	if e.Email == "yes" {
		fmt.Fprintln(a.out, "; can be written to.")
	} else {
		fmt.Fprintf(a.out, "; gets no e-mail: %s.\n", e.Email)
	}
	said := map[string]bool{}
	inOrder := slices.Clone(e.Rules) // what is due first
	slices.SortStableFunc(inOrder, func(a, b policy.Verdict) int {
		switch {
		case a.Open && b.Open:
			return cmp.Compare(a.Due, b.Due)
		case a.Open:
			return -1
		case b.Open:
			return 1
		}
		return 0
	})
	for _, v := range inOrder {
		if again := v.Rule + v.Subject + v.Why; !v.Open && said[again] {
			continue // the same rule in another era, for the same reason
		} else {
			said[again] = true
		}
		name := v.Rule
		if v.Subject != "" {
			name += " " + v.Subject
		}
		if v.Open {
			fmt.Fprintf(a.out, "\n%s: due %s (%s), for %s\n", name, v.Due, v.Basis, v.Owner)
		} else {
			fmt.Fprintf(a.out, "\n%s: not due, %s (%s)\n", name, web.Because(v.Why), v.Why)
		}
		for _, s := range v.Steps {
			fmt.Fprintln(a.out, "  "+s)
		}
		fmt.Fprintln(a.out, "  would change it: "+v.Change)
	}
	fmt.Fprintln(a.out, "\nTold so far:")
	for _, t := range e.Told {
		fmt.Fprintf(a.out, "  %s of %s: %s, at %s\n", t.Owner, strings.TrimSpace(t.Rule+" "+t.Subject), t.Stage, t.At)
	}
	for _, l := range e.Letters {
		fmt.Fprintf(a.out, "  letter %d %s: %s at %s %s\n", l.ID, l.Key, l.State, l.Sent, l.Why)
	}
	for _, k := range e.Unwritten {
		fmt.Fprintf(a.out, "  not written: %s about %s, %s\n", k.Letter, k.Subject, k.Why)
	}
	if len(e.Told)+len(e.Letters)+len(e.Unwritten) == 0 {
		fmt.Fprintln(a.out, "  nothing")
	}
}
