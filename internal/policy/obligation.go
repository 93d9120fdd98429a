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
	Owner     string       `json:"owner"` // who takes the next step: coach, or seeker for a clarification; absence is applied by the reader
	Basis     string       `json:"basis"`

	Coach  string `json:"-"` // who follows it up: the handler of a training case, else the seeker's coach
	Weight int    `json:"-"` // of the rule; more comes first
}

// Key names an obligation, whoever it is told to.
type Key struct {
	Seeker, Rule, Subject string
	Anchor                calendar.Day
}

// Key gives the name of the obligation.
func (o *Obligation) Key() Key { return Key{o.Seeker, o.Rule, o.Subject, o.Anchor} }

// Obligations gives what is due for a case as seen from a day, sorted by rule, anchor and subject, with the stage of that day.
func (p *Policy) Obligations(c caseload.Case, day calendar.Day) []Obligation {
	var open []Obligation
	p.each(c, day, func(_ *step, o Obligation, why string) {
		if why == "" {
			open = append(open, o)
		}
	})
	slices.SortFunc(open, func(a, b Obligation) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Anchor, b.Anchor), cmp.Compare(a.Subject, b.Subject))
	})
	return open
}

// each tries every rule on a case and tells the obligation, or why there is none (one of the words of policy.md, section 8).
func (p *Policy) each(c caseload.Case, day calendar.Day, tell func(*step, Obligation, string)) {
	v := look(c, day)
	closed := v.closed()
	for i := range p.steps {
		s := &p.steps[i]
		if len(s.rule.Kinds) == 0 {
			if closed != "" {
				tell(s, Obligation{Seeker: v.seeker.ID, Rule: s.rule.Name, Subject: s.rule.Subject}, closed)
				continue
			}
			p.try(s, &v, nil, tell)
			continue
		}
		for j := range c.Training {
			if t, exists := c.Training[j].On(day); exists && slices.Contains(s.rule.Kinds, t.Kind) {
				p.try(s, &v, &t, tell)
			}
		}
	}
}

// try applies one rule; t is nil for contact rules.
func (p *Policy) try(s *step, v *view, t *caseload.Training, tell func(*step, Obligation, string)) {
	o := Obligation{Seeker: v.seeker.ID, Rule: s.rule.Name, Subject: s.rule.Subject, Coach: v.seeker.CoachID, Weight: s.rule.Weight}
	if t != nil {
		o.Subject = t.ID
		if !slices.Contains(s.rule.States, t.State) {
			tell(s, o, s.rule.outside(t))
			return
		}
		if t.HandlerID != "" {
			o.Coach = t.HandlerID
		}
	}
	if o.Owner = o.Coach; s.rule.Owner == "seeker" {
		o.Owner = v.seeker.ID
	}
	if o.Anchor = s.anchor(p, v, t); o.Anchor == 0 {
		tell(s, o, NotYet)
		return
	}
	if era, ok := p.EraOf(o.Anchor); ok {
		o.Era, o.Basis = era.Name, era.Basis
	}
	if len(s.rule.Eras) > 0 && !slices.Contains(s.rule.Eras, o.Era) {
		tell(s, o, OtherEra)
		return
	}
	if !s.due(p, v, &o) {
		tell(s, o, NotYet)
		return
	}
	for _, holds := range s.when {
		if why := holds(p, s, v, t, &o); why != "" {
			tell(s, o, why)
			return
		}
	}
	o.Stage = p.StageOn(o, v.day)
	tell(s, o, "")
}

// outside says why a rule asks nothing of a training case whose state it does not name.
func (r *Rule) outside(t *caseload.Training) string {
	furthest := 0
	for _, state := range r.States {
		furthest = max(furthest, decided(state))
	}
	switch {
	case t.State == caseload.Withdrawn:
		return Withdrawn
	case r.Anchor == "clarification_due" && t.ClarificationDue != 0, r.Anchor != "clarification_due" && decided(t.State) > furthest:
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

// Why a rule asks for nothing. OtherEra and OtherStatus say that the rule is not concerned; the rest are reasons that people are told.
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
