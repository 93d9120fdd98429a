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
	At     string `help:"Explain this day; the default is today." placeholder:"DAY"`
	Format string `help:"Write text or json." default:"text" enum:"text,json"`
}

// explanation is what the command says of a person, by ids and days only.
type explanation struct {
	Seeker    string           `json:"seeker"`
	At        calendar.Day     `json:"at"`
	Coach     string           `json:"coach"`
	Owner     string           `json:"owner"`
	Email     string           `json:"email"` // "yes", or why there is none
	Rules     []policy.Verdict `json:"rules"`
	Told      []toldRow        `json:"told"`
	Letters   []letterRow      `json:"letters"`
	Planned   []notice.Notice  `json:"planned"` // letters to the person on the day
	Unwritten []notice.Skip    `json:"skips"`
}

// toldRow is a stage of an obligation that an owner was told of, and when.
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

func (c *explainCmd) Run(env *environment) error {
	f, day, err := ask(env, c.At, env.parseDay)
	if err != nil {
		return err
	}
	defer f.Close()
	person, err := f.Case(f.ctx, c.Seeker)
	if err != nil {
		return err
	}
	staff, err := f.Staff(f.ctx)
	if err != nil {
		return err
	}
	end := (day + 1).At(0, 0, f.Location)
	e := explanation{
		Seeker: c.Seeker, At: day, Coach: person.Seeker.CoachID, Owner: staff.Owner(person.Seeker.CoachID, day),
		Rules: f.Explain(person, day), Email: "yes",
		Told: []toldRow{}, Letters: []letterRow{}, Planned: []notice.Notice{}, Unwritten: []notice.Skip{},
	}
	suppressed, err := f.Suppressed(f.ctx, c.Seeker)
	if err != nil {
		return err
	}
	if why := notice.Unreachable(person.Seeker, suppressed, day); why != "" {
		e.Email = why
	}
	told, err := f.ToldOf(f.ctx, end, c.Seeker)
	if err != nil {
		return err
	}
	for _, t := range told {
		at := stamp(t.At, f.Location)
		e.Told = append(e.Told, toldRow{t.Owner, t.Rule, t.Subject, t.Anchor, t.Stage, at})
	}
	letters, err := f.DB.Letters(f.ctx, notice.Filter{To: c.Seeker})
	if err != nil {
		return err
	}
	for _, l := range letters {
		if l.Planned.Before(end) {
			changed := stamp(l.Changed, f.Location)
			e.Letters = append(e.Letters, letterRow{l.ID, l.Key, l.State, changed, l.Why})
		}
	}
	plan, err := f.planPerson(&person, day)
	if err != nil {
		return err
	}
	kept, err := f.SkipsTo(f.ctx, end, c.Seeker)
	if err != nil {
		return err
	}
	e.Planned = append(e.Planned, plan.Notices...)
	for _, k := range slices.Concat(plan.Skips, kept) {
		if !slices.ContainsFunc(e.Unwritten, func(o notice.Skip) bool {
			return o.Letter == k.Letter && o.Subject == k.Subject && o.Why == k.Why
		}) {
			e.Unwritten = append(e.Unwritten, k)
		}
	}
	if c.Format == "json" {
		return env.json(e)
	}
	e.text(env, f.Location)
	return nil
}

func (e *explanation) text(env *environment, zone *time.Location) {
	fmt.Fprintf(env.out, "%s on %s %s: coach %s", e.Seeker, e.At.Weekday(), e.At, e.Coach)
	if e.Owner != e.Coach {
		fmt.Fprintf(env.out, ", on that day %s stands in", e.Owner)
	}
	if e.Email == "yes" {
		fmt.Fprintln(env.out, "; can be written to by e-mail.")
	} else {
		fmt.Fprintf(env.out, "; gets no e-mail: %s.\n", web.Because(e.Email))
	}
	e.rules(env)
	e.letters(env, zone)
}

// rules prints what is due first, then what is not. Rules that are not due for the same reason share a line.
func (e *explanation) rules(env *environment) {
	inOrder := slices.Clone(e.Rules)
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
	others := 0
	for i, v := range inOrder {
		if v.Why == policy.OtherEra {
			others++
			continue
		}
		same := func(w policy.Verdict) bool {
			return !v.Open && w.Why == v.Why && w.Because == v.Because && len(v.Steps)+len(w.Steps) == 0
		}
		if slices.ContainsFunc(inOrder[:i], same) {
			continue // printed with the first of them
		}
		names := []string{ruleName(v.Rule, v.Subject)}
		for _, w := range inOrder[i+1:] {
			if name := ruleName(w.Rule, w.Subject); same(w) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		fmt.Fprintf(env.out, "\n%s: %s\n", strings.Join(names, ", "), verdictText(&v))
		for _, s := range append(v.Steps, "would change it: "+v.Change) {
			fmt.Fprintln(env.out, "  "+s)
		}
	}
	if others > 0 {
		fmt.Fprintf(env.out, "\n%d %s of other years %s not concern this person; --format json shows all.\n",
			others, plural(others, "rule", "rules"), plural(others, "does", "do"))
	}
}

// verdictText says in one sentence what a rule found.
func verdictText(v *policy.Verdict) string {
	basis := "by " + v.Basis
	if v.Ours {
		basis = "a day that the office sets, not the law"
	}
	if !v.Open {
		return fmt.Sprintf("not due, %s (%s)", v.Because, v.Why)
	}
	return fmt.Sprintf("due %s %s, %s; the next step is %s's", v.Due.Weekday().String()[:3], v.Due, basis, v.Owner)
}

// letters prints what was told and written until the end of the day, and which letters go to the person on that day and
// which do not.
func (e *explanation) letters(env *environment, zone *time.Location) {
	when := func(text string) string {
		at, _ := time.Parse(time.RFC3339, text)
		return at.Format("Mon 2006-01-02 at 15:04")
	}
	fmt.Fprintln(env.out, "\nTold so far:")
	for _, t := range e.Told {
		fmt.Fprintf(env.out, "  %s was told on %s that %s is %s\n", t.Owner, when(t.At), ruleName(t.Rule, t.Subject), t.Stage)
	}
	for _, l := range e.Letters {
		why := ""
		if l.Why != "" {
			why = ", because " + web.Because(l.Why)
		}
		fmt.Fprintf(env.out, "  letter %d, %s: %s since %s%s\n", l.ID, l.Key, l.State, when(l.Sent), why)
	}
	if len(e.Told)+len(e.Letters) == 0 {
		fmt.Fprintln(env.out, "  nothing")
	}
	fmt.Fprintf(env.out, "\nLetters to %s on %s:\n", e.Seeker, e.At)
	for _, n := range e.Planned {
		fmt.Fprintf(env.out, "  %s about %s goes out at %s\n", n.Letter, n.Subject, n.SendAt.In(zone).Format("15:04"))
	}
	for _, k := range e.Unwritten {
		fmt.Fprintf(env.out, "  no %s about %s: %s (%s)\n", k.Letter, k.Subject, web.Because(k.Why), k.Why)
	}
	if len(e.Planned)+len(e.Unwritten) == 0 {
		fmt.Fprintln(env.out, "  none")
	}
}

func ruleName(rule, subject string) string { return strings.TrimSpace(rule + " " + subject) }

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
