package policy

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
	"vireilla/internal/timetable"
)

// settle resolves the words of a policy and tells what cannot be meant.
func (p *Policy) settle(f *faults) {
	if p.Version == "" {
		f.at("version", "is missing; every letter is recorded with it")
	}
	var err error
	if p.Location, err = location(p.Zone); err != nil {
		f.at("zone", "%v", err)
	}
	if p.resumed, err = calendar.ParseInterval(p.ResumedWithin); err != nil {
		f.at("resumed_within", "%v", err)
	}
	p.Days = calendar.New(p.Calendar.SaturdayCounts, p.Calendar.EvesCount)
	p.settleEras(f)
	p.settleRules(f)
	p.settleLetters(f)
	p.settleAuthorities(f)
	p.settleTimetable(f)
}

func (p *Policy) settleEras(f *faults) {
	if len(p.Eras) == 0 {
		f.at("eras", "at least one era is needed")
	}
	names := map[string]bool{}
	for i, e := range p.Eras {
		path := fmt.Sprintf("eras[%d]", i)
		if e.Name == "" || names[e.Name] {
			f.at(path+".name", "era %q needs a name of its own", e.Name)
		}
		names[e.Name] = true
		if e.Basis == "" {
			f.at(path+".basis", "era %q names no act", e.Name)
		}
		f.span(path, e.From, e.To)
		if i == 0 {
			continue
		}
		switch before := p.Eras[i-1].To; {
		case before == 0 || e.From <= before:
			f.at(path+".from", "era %q overlaps %q before it", e.Name, p.Eras[i-1].Name)
		case e.From > before+1:
			f.at(path+".from", "a gap: no era from %s to %s", before+1, e.From-1)
		}
	}
}

// span tells a from–to that has no start or ends before it starts.
func (f *faults) span(path string, from, to calendar.Day) {
	if from == 0 {
		f.at(path+".from", "a day is needed")
	}
	if to != 0 && to < from {
		f.at(path+".to", "%s is before %s", to, from)
	}
}

func (p *Policy) settleRules(f *faults) {
	ruled := map[string]bool{}
	seen := map[string]bool{}
	for i := range p.Rules {
		path, r := fmt.Sprintf("rules[%d]", i), &p.Rules[i]
		for _, era := range r.Eras {
			if !slices.ContainsFunc(p.Eras, func(e Era) bool { return e.Name == era }) {
				f.at(path+".eras", "no era %q", era)
			}
			if id := r.Name + "/" + r.Subject + "/" + era; seen[id] {
				f.at(path, "a second rule %s in era %s", r.Name, era)
			} else {
				seen[id] = true
			}
		}
		p.settleRule(f, path, r)
		ruled[r.Name] = true
	}
	names := make([]string, 0, len(p.Ladders))
	for name := range p.Ladders {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if !ruled[name] {
			f.at("ladders."+name, "no rule %q", name)
		}
	}
}

func (p *Policy) settleRule(f *faults, path string, r *Rule) {
	s := step{rule: r}
	anchors := contactAnchors()
	if len(r.Kinds) > 0 {
		anchors = trainingAnchors()
		f.oneOf(path+".kinds", r.Kinds, trainingKinds)
		f.oneOf(path+".states", r.States, trainingStates)
		f.oneOf(path+".owner", []string{r.Owner}, []string{"handler", "seeker"})
		if len(r.Eras) > 0 || r.Subject != "" {
			f.at(path, "a training rule has neither eras nor a subject")
		}
	} else {
		if len(r.Eras) == 0 {
			f.at(path, "rule %q needs eras (contact rules) or kinds (training rules)", r.Name)
		}
		if len(r.States) > 0 || r.Owner != "" {
			f.at(path, "a contact rule has neither states nor an owner: it is the coach's")
		}
	}
	if !slices.Contains(ruleNames, r.Name) {
		f.at(path+".rule", "no such rule %q; the letters know: %s", r.Name, strings.Join(ruleNames, ", "))
	}
	var err error
	if a, ok := anchors[r.Anchor]; ok {
		s.anchor = a
	} else {
		f.at(path+".anchor", "no such anchor %q; there are: %s", r.Anchor, words(anchors))
	}
	if s.due, err = parseDue(r.Due); err != nil {
		f.at(path+".due", "%v", err)
	}
	windowed := false
	for j, w := range r.When {
		c, err := parseCondition(w)
		if err != nil {
			f.at(fmt.Sprintf("%s.when[%d]", path, j), "%v", err)
		}
		s.when = append(s.when, c)
		windowed = windowed || strings.HasSuffix(w, "in_window")
	}
	if windowed {
		if s.window, err = calendar.ParseInterval(r.Window); err != nil {
			f.at(path+".window", "%v", err)
		}
	} else if r.Window != "" {
		f.at(path+".window", "no condition of the rule looks at a window")
	}
	l, ok := p.Ladders[r.Name]
	if !ok {
		f.at(path+".rule", "rule %q has no ladder", r.Name)
	} else if s.due != nil && s.anchor != nil {
		p.checkLadder(f, r, l)
	}
	p.steps = append(p.steps, s)
}

// checkLadder tells a ladder whose first stage would come before the anchor, where the interval runs forward from it.
func (p *Policy) checkLadder(f *faults, r *Rule, l Ladder) {
	path := "ladders." + r.Name
	if l.Upcoming < 1 || l.Upcoming > 60 {
		f.at(path+".upcoming", "must be 1 to 60 working days")
	}
	if l.Escalated < 1 || l.Escalated > 60 {
		f.at(path+".escalated", "must be 1 to 60 working days")
	}
	text, after := strings.CutSuffix(r.Due, " after")
	interval, err := calendar.ParseInterval(text)
	if !after || err != nil || interval.N == 0 {
		return
	}
	ordinary := calendar.Date(2023, 9, 4) // no closed day for eight weeks
	if due, _ := p.Days.After(ordinary, interval); p.Days.WorkingDaysFrom(due, -l.Upcoming) < ordinary {
		f.at(path+".upcoming", "cannot happen: %d working days before the end of %s lies before its start", l.Upcoming, interval)
	}
}

func (p *Policy) settleLetters(f *faults) {
	if p.Digest.MaxItems < 1 || p.Digest.MaxItems > 500 {
		f.at("digest.max_items", "must be 1 to 500")
	}
	if p.Window.To <= p.Window.From {
		f.at("window.to", "must be later than from")
	}
	if len(p.Appointments.Reminders) == 0 {
		f.at("appointments.reminders", "at least one row is needed (hours may be empty)")
	}
	for i, r := range p.Appointments.Reminders {
		path := fmt.Sprintf("appointments.reminders[%d]", i)
		if r.From == 0 || i > 0 && r.From <= p.Appointments.Reminders[i-1].From {
			f.at(path+".from", "the days must rise")
		}
		for j, h := range r.Hours {
			if h < 1 || h > 24*60 || j > 0 && h >= r.Hours[j-1] {
				f.at(fmt.Sprintf("%s.hours[%d]", path, j), "hours lie in 1–1440, the longest first")
			}
		}
	}
	f.atLeast("appointments.too_close_hours", p.Appointments.TooCloseHours, 0)
	f.atLeast("appointments.short_notice_days", p.Appointments.ShortNoticeDays, 0)
	f.atLeast("appointments.decision_news_days", p.Appointments.DecisionNewsDays, 1)
	f.atLeast("guard.floor", p.Guard.Floor, 1)
	f.atLeast("guard.times", p.Guard.Times, 1)
	f.atLeast("guard.runs", p.Guard.Runs, 1)
	f.atLeast("retention.letters_days", p.Retention.LettersDays, 1)
	f.atLeast("retention.skips_days", p.Retention.SkipsDays, 1)
	for _, name := range letterNames {
		l, ok := p.Letters[name]
		if !ok {
			f.at("letters", "letter %q has no settings", name)
		} else {
			f.oneOf("letters."+name+".unsure", []string{l.Unsure}, []string{"again", "hold"})
		}
	}
	for name := range p.Letters {
		f.oneOf("letters."+name, []string{name}, letterNames)
	}
}

func (p *Policy) settleAuthorities(f *faults) {
	if len(p.Authorities) == 0 {
		f.at("authorities", "at least one authority is needed")
	}
	type stay struct{ from, to calendar.Day }
	stays := map[string][]stay{}
	ids := map[string]bool{}
	for i, a := range p.Authorities {
		path := fmt.Sprintf("authorities[%d]", i)
		if a.ID == "" || ids[a.ID] {
			f.at(path+".id", "authority %q needs an id of its own", a.ID)
		}
		ids[a.ID] = true
		if a.Name["fi"] == "" {
			f.at(path+".name", "a Finnish name is needed")
		}
		if a.Switchboard == "" {
			f.at(path+".switchboard", "a telephone number is needed")
		}
		if !strings.HasPrefix(a.ServiceURL, "https://") {
			f.at(path+".service_url", "must begin with https://")
		}
		for j, m := range a.Municipalities {
			at := fmt.Sprintf("%s.municipalities[%d]", path, j)
			f.span(at, m.From, m.To)
			for _, s := range stays[m.Name] {
				if (m.To == 0 || s.from <= m.To) && (s.to == 0 || m.From <= s.to) {
					f.at(at+".from", "%s overlaps another authority's days from %s", m.Name, s.from)
				}
			}
			stays[m.Name] = append(stays[m.Name], stay{m.From, m.To})
		}
	}
	for _, name := range sortedKeys(stays) {
		days := stays[name]
		sort.Slice(days, func(i, j int) bool { return days[i].from < days[j].from })
		for i := 1; i < len(days); i++ {
			if before := days[i-1].to; before != 0 && days[i].from > before+1 {
				f.at("authorities", "a gap: %s belongs to nobody from %s to %s", name, before+1, days[i].from-1)
			}
		}
	}
}

func (p *Policy) settleTimetable(f *faults) {
	seen := map[string]bool{}
	for i := range p.Timetable {
		path, e := fmt.Sprintf("timetable[%d]", i), &p.Timetable[i]
		f.oneOf(path+".entry", []string{e.Name}, entryNames)
		if seen[e.Name] {
			f.at(path+".entry", "entry %q stands twice", e.Name)
		}
		seen[e.Name] = true
		if !e.CatchUp.Valid() {
			f.at(path+".catch_up", "%q is not one of all, latest, none", string(e.CatchUp))
		}
		if e.CatchUpWithin == 0 {
			e.CatchUpWithin = usualSpan
		}
		if p.Location == nil {
			continue
		}
		var err error
		if e.Spec, err = timetable.Parse(e.Cron, p.Location); err != nil {
			f.at(path+".cron", "%v", err)
		}
	}
	for _, name := range entryNames {
		if !seen[name] {
			f.at("timetable", "entry %q is missing", name)
		}
	}
}

func (f *faults) oneOf(path string, got, allowed []string) {
	for _, g := range got {
		if !slices.Contains(allowed, g) {
			f.at(path, "%q is not one of %s", g, strings.Join(allowed, ", "))
		}
	}
	if len(got) == 0 {
		f.at(path, "is missing")
	}
}

func (f *faults) atLeast(path string, n, least int) {
	if n < least {
		f.at(path, "must be at least %d", least)
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// What the rest of the program knows by name.
var (
	ruleNames = []string{"first_interview", "periodic_interview", "initial_interview", "job_search_discussion", "supplementary_discussion",
		"intensive_month", "statement", "clarification", "decision_before_start", "selection_result", "notify_decision"}
	letterNames = []string{"coach_digest", "lead_escalation", "appointment_booked", "appointment_reminder", "appointment_changed",
		"appointment_cancelled", "matter_update"}
	entryNames = []string{"contacts", "training", "digests", "leads", "appointments", "deliver", "sweep", "retention"}

	trainingKinds = []string{caseload.LabourMarketTraining, caseload.SelfMotivatedStudy, caseload.ShortStudy,
		caseload.IntegrationTraining, caseload.RecruitmentTraining}
	trainingStates = []string{caseload.Applied, caseload.ClarificationRequested, caseload.UnderReview, caseload.SelectionPending,
		caseload.DecidedPositive, caseload.DecidedNegative, caseload.Notified, caseload.Withdrawn}
)
