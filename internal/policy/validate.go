package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"vireilla/internal/calendar"
)

// validate resolves the words of a policy and reports what cannot be meant.
func (p *Policy) validate(f *faults) {
	if p.Version == "" {
		f.add("version", "is missing; every letter is recorded with it")
	}
	var err error
	if p.Location, err = location(p.Zone); err != nil {
		f.add("zone", "%v", err)
	}
	if p.resumed, err = calendar.ParseInterval(p.ResumedWithin); err != nil {
		f.add("resumed_within", "%v", err)
	}
	p.Days = calendar.New(p.Calendar.SaturdayCounts, p.Calendar.EvesCount)
	p.validateEras(f)
	p.validateRules(f)
	p.validateLetters(f)
	p.validateAuthorities(f)
	p.validateTimetable(f)
}

func (p *Policy) validateEras(f *faults) {
	if len(p.Eras) == 0 {
		f.add("eras", "at least one era is needed")
	}
	names := map[string]bool{}
	for i, e := range p.Eras {
		path := fmt.Sprintf("eras[%d]", i)
		if e.Name == "" || names[e.Name] {
			f.add(path+".name", "era %q needs a name of its own", e.Name)
		}
		names[e.Name] = true
		if e.Basis == "" {
			f.add(path+".basis", "era %q names no act", e.Name)
		}
		f.checkPeriod(path, e.From, e.To)
		if i == 0 {
			continue
		}
		switch before := p.Eras[i-1].To; {
		case before == 0 || e.From <= before:
			f.add(path+".from", "era %q overlaps %q before it", e.Name, p.Eras[i-1].Name)
		case e.From > before+1:
			f.add(path+".from", "a gap: no era from %s to %s", before+1, e.From-1)
		}
	}
}

func (p *Policy) validateRules(f *faults) {
	ruled := map[string]bool{}
	seen := map[string]bool{}
	for i := range p.Rules {
		path, r := fmt.Sprintf("rules[%d]", i), &p.Rules[i]
		for _, era := range r.Eras {
			if !slices.ContainsFunc(p.Eras, func(e Era) bool { return e.Name == era }) {
				f.add(path+".eras", "no era %q", era)
			}
			if id := r.Name + "/" + r.Subject + "/" + era; seen[id] {
				f.add(path, "a second rule %s in era %s", r.Name, era)
			} else {
				seen[id] = true
			}
		}
		p.validateRule(f, path, r)
		ruled[r.Name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(p.Ladders)) {
		if !ruled[name] {
			f.add("ladders."+name, "no rule %q", name)
		}
	}
}

func (p *Policy) validateRule(f *faults, path string, r *Rule) {
	c := compiledRule{Rule: r}
	anchors := contactAnchors()
	if len(r.Kinds) > 0 {
		anchors = trainingAnchors()
		f.oneOf(path+".kinds", r.Kinds, trainingKinds)
		f.oneOf(path+".states", r.States, trainingStates)
		f.oneOf(path+".owner", []string{r.Owner}, []string{"handler", "seeker"})
		if len(r.Eras) > 0 || r.Subject != "" {
			f.add(path, "a training rule has neither eras nor a subject")
		}
	} else {
		if len(r.Eras) == 0 {
			f.add(path, "rule %q needs eras (contact rules) or kinds (training rules)", r.Name)
		}
		if len(r.States) > 0 || r.Owner != "" {
			f.add(path, "a contact rule has neither states nor an owner: it is the coach's")
		}
	}
	if !slices.Contains(ruleNames, r.Name) {
		f.add(path+".rule", "no such rule %q; the letters know: %s", r.Name, strings.Join(ruleNames, ", "))
	}
	var err error
	a, anchored := anchors[r.Anchor]
	if c.anchor = a; !anchored {
		f.add(path+".anchor", "no such anchor %q; there are: %s", r.Anchor, joinKeys(anchors))
	}
	if c.due, err = parseDue(r.Due); err != nil {
		f.add(path+".due", "%v", err)
	}
	windowed := false
	for j, w := range r.When {
		condition, err := parseCondition(w)
		if err != nil {
			f.add(fmt.Sprintf("%s.when[%d]", path, j), "%v", err)
		}
		c.when = append(c.when, condition)
		windowed = windowed || strings.HasSuffix(w, "in_window")
	}
	if windowed {
		if c.window, err = calendar.ParseInterval(r.Window); err != nil {
			f.add(path+".window", "%v", err)
		}
	} else if r.Window != "" {
		f.add(path+".window", "no condition of the rule looks at a window")
	}
	l, ok := p.Ladders[r.Name]
	if !ok {
		f.add(path+".rule", "rule %q has no ladder", r.Name)
	} else if c.due != nil && anchored {
		p.checkLadder(f, r, l)
	}
	p.compiled = append(p.compiled, c)
}

// checkLadder reports a ladder whose first stage would come before the anchor, where the interval runs forward from it.
func (p *Policy) checkLadder(f *faults, r *Rule, l Ladder) {
	path := "ladders." + r.Name
	if l.Upcoming < 1 || l.Upcoming > 60 {
		f.add(path+".upcoming", "must be 1 to 60 working days")
	}
	if l.Escalated < 1 || l.Escalated > 60 {
		f.add(path+".escalated", "must be 1 to 60 working days")
	}
	text, after := strings.CutSuffix(r.Due, " after")
	interval, err := calendar.ParseInterval(text)
	if !after || err != nil || interval.N == 0 {
		return
	}
	ordinary := calendar.Date(2023, 9, 4) // no closed day for eight weeks
	if due, _ := p.Days.After(ordinary, interval); p.Days.WorkingDaysFrom(due, -l.Upcoming) < ordinary {
		f.add(path+".upcoming", "cannot happen: %d working days before the end of %s lies before its start", l.Upcoming,
			interval)
	}
}
