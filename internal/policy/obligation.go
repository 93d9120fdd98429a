package policy

import (
	"cmp"
	"slices"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
)

// Obligation is something that is due for one seeker: a contact to be held, a training step to be taken.
type Obligation struct {
	Seeker  string `json:"seeker"`
	Rule    string `json:"rule"`
	Subject string `json:"subject"` // training id, "1" or "2" of an intensive month, or empty
	Era     string `json:"era"`

	Anchor    calendar.Day `json:"anchor"`     // the day the interval is counted from
	DueStrict calendar.Day `json:"due_strict"` // before rolling
	Due       calendar.Day `json:"due"`
	Stage     Stage        `json:"stage"`
	// Owner takes the next step: the coach, or the seeker for a clarification. Absences are not applied to it.
	Owner string `json:"owner"`
	Basis string `json:"basis"`

	Coach  string `json:"-"` // who follows it up: the handler of a training case, else the seeker's coach
	Weight int    `json:"-"` // of the rule; the greater comes first
}

// Key names an obligation, whoever owns it.
type Key struct {
	Seeker, Rule, Subject string
	Anchor                calendar.Day
}

// Key gives the name of the obligation.
func (o *Obligation) Key() Key { return Key{o.Seeker, o.Rule, o.Subject, o.Anchor} }

// Why a rule asks for nothing. OtherEra and OtherStatus mean that the rule does not apply to the person at all; the
// others are reasons that are shown to people.
const (
	Met                = "met"
	NotYet             = "not_yet"
	JobSearchEnded     = "job_search_ended"
	InService          = "in_service"
	Employed           = "employed"
	SkippedBySixMonths = "skipped_by_six_months"
	Withdrawn          = "withdrawn"
	OutsideWindow      = "outside_window"
	OtherEra           = "other_era"
	OtherStatus        = "other_status"
)

// Obligations gives what is due for a case as seen from a day, sorted by rule, anchor and subject, with the stage of
// that day.
func (p *Policy) Obligations(c caseload.Case, day calendar.Day) []Obligation {
	var open []Obligation
	p.evaluate(c, day, func(f *finding) {
		if f.why == "" {
			open = append(open, f.o)
		}
	})
	slices.SortFunc(open, func(a, b Obligation) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Anchor, b.Anchor), cmp.Compare(a.Subject, b.Subject))
	})
	return open
}

// compiledRule is a rule with its words resolved to code.
type compiledRule struct {
	*Rule
	anchor anchor
	due    func(*finding) bool // false: the seeker has no such interval
	window calendar.Interval
	when   []condition
}

// finding is what one rule finds in a case: the obligation, or why there is none.
type finding struct {
	p *Policy
	*compiledRule
	c   *caseOn
	t   *caseload.Training // nil for contact rules
	o   Obligation
	why string // one of the reasons above; "" when there is an obligation
}

// evaluate applies every rule to a case and yields what each found.
func (p *Policy) evaluate(c caseload.Case, day calendar.Day, yield func(*finding)) {
	seen := newCaseOn(c, day)
	closed := seen.closed()
	for i := range p.compiled {
		r := &p.compiled[i]
		f := finding{p: p, compiledRule: r, c: &seen, o: Obligation{Seeker: seen.seeker.ID, Rule: r.Name, Subject: r.Subject}}
		if len(r.Kinds) == 0 {
			if f.why = closed; closed == "" {
				f.why = f.evaluate()
			}
			yield(&f)
			continue
		}
		for j := range c.Training {
			if t, exists := c.Training[j].On(day); exists && slices.Contains(r.Kinds, t.Kind) {
				f := f
				f.t, f.o.Subject = &t, t.ID
				f.why = f.evaluate()
				yield(&f)
			}
		}
	}
}

// evaluate fills the obligation step by step. It gives the reason why there is none, or "".
func (f *finding) evaluate() string {
	o := &f.o
	o.Coach, o.Weight = f.c.seeker.CoachID, f.Weight
	if f.t != nil {
		if !slices.Contains(f.States, f.t.State) {
			return f.outside(f.t)
		}
		o.Coach = cmp.Or(f.t.HandlerID, o.Coach)
	}
	if o.Owner = o.Coach; f.Owner == "seeker" {
		o.Owner = o.Seeker
	}
	if o.Anchor = f.anchor.day(f); o.Anchor == 0 {
		return NotYet
	}
	if era, ok := f.p.EraOf(o.Anchor); ok {
		o.Era, o.Basis = era.Name, era.Basis
	}
	if len(f.Eras) > 0 && !slices.Contains(f.Eras, o.Era) {
		return OtherEra
	}
	if !f.due(f) {
		return NotYet
	}
	for _, c := range f.when {
		if why := c.unmet(f); why != "" {
			return why
		}
	}
	o.Stage = f.p.StageOn(*o, f.c.day)
	return ""
}

// outside gives the reason why a rule asks for nothing in a training case whose state it does not name.
func (r *Rule) outside(t *caseload.Training) string {
	furthest := 0
	for _, state := range r.States {
		furthest = max(furthest, decided(state))
	}
	switch {
	case t.State == caseload.Withdrawn:
		return Withdrawn
	case r.Anchor == "clarification_due" && t.ClarificationDue != 0, r.Anchor != "clarification_due" &&
		decided(t.State) > furthest:
		return Met
	}
	return NotYet
}

// decided says how far a training case came: 0 to be decided, 1 decided, 2 the decision notified.
func decided(state string) int {
	switch state {
	case caseload.DecidedPositive, caseload.DecidedNegative:
		return 1
	case caseload.Notified:
		return 2
	}
	return 0
}
