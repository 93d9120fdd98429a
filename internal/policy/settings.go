package policy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"vireilla/internal/calendar"
	"vireilla/internal/timetable"
)

func (p *Policy) validateLetters(f *faults) {
	if p.Digest.MaxItems < 1 || p.Digest.MaxItems > 500 {
		f.add("digest.max_items", "must be 1 to 500")
	}
	if p.Window.To <= p.Window.From {
		f.add("window.to", "must be later than from")
	}
	if len(p.Appointments.Reminders) == 0 {
		f.add("appointments.reminders", "at least one row is needed (hours may be empty)")
	}
	for i, r := range p.Appointments.Reminders {
		path := fmt.Sprintf("appointments.reminders[%d]", i)
		if r.From == 0 || i > 0 && r.From <= p.Appointments.Reminders[i-1].From {
			f.add(path+".from", "the days must rise")
		}
		for j, h := range r.Hours {
			if h < 1 || h > 24*60 || j > 0 && h >= r.Hours[j-1] {
				f.add(fmt.Sprintf("%s.hours[%d]", path, j), "hours lie in 1–1440, the longest first")
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
			f.add("letters", "letter %q has no settings", name)
		} else {
			f.oneOf("letters."+name+".unsure", []string{l.Unsure}, []string{"again", "hold"})
		}
	}
	for name := range p.Letters {
		f.oneOf("letters."+name, []string{name}, letterNames)
	}
}

func (p *Policy) validateAuthorities(f *faults) {
	if len(p.Authorities) == 0 {
		f.add("authorities", "at least one authority is needed")
	}
	type stay struct{ from, to calendar.Day }
	stays := map[string][]stay{}
	ids := map[string]bool{}
	for i, a := range p.Authorities {
		path := fmt.Sprintf("authorities[%d]", i)
		if a.ID == "" || ids[a.ID] {
			f.add(path+".id", "authority %q needs an id of its own", a.ID)
		}
		ids[a.ID] = true
		if a.Name["fi"] == "" {
			f.add(path+".name", "a Finnish name is needed")
		}
		if a.Switchboard == "" {
			f.add(path+".switchboard", "a telephone number is needed")
		}
		if !strings.HasPrefix(a.ServiceURL, "https://") {
			f.add(path+".service_url", "must begin with https://")
		}
		for j, m := range a.Municipalities {
			at := fmt.Sprintf("%s.municipalities[%d]", path, j)
			f.checkPeriod(at, m.From, m.To)
			for _, s := range stays[m.Name] {
				if (m.To == 0 || s.from <= m.To) && (s.to == 0 || m.From <= s.to) {
					f.add(at+".from", "%s overlaps another authority's days from %s", m.Name, s.from)
				}
			}
			stays[m.Name] = append(stays[m.Name], stay{m.From, m.To})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(stays)) {
		days := stays[name]
		slices.SortFunc(days, func(a, b stay) int { return cmp.Compare(a.from, b.from) })
		for i := 1; i < len(days); i++ {
			if before := days[i-1].to; before != 0 && days[i].from > before+1 {
				f.add("authorities", "a gap: %s belongs to nobody from %s to %s", name, before+1, days[i].from-1)
			}
		}
	}
}

func (p *Policy) validateTimetable(f *faults) {
	seen := map[string]bool{}
	for i := range p.Timetable {
		path, e := fmt.Sprintf("timetable[%d]", i), &p.Timetable[i]
		f.oneOf(path+".entry", []string{e.Name}, entryNames)
		if seen[e.Name] {
			f.add(path+".entry", "entry %q stands twice", e.Name)
		}
		seen[e.Name] = true
		if !e.CatchUp.Valid() {
			f.add(path+".catch_up", "%q is not one of all, latest, none", string(e.CatchUp))
		}
		if e.CatchUpWithin == 0 {
			e.CatchUpWithin = defaultSpan
		}
		if p.Location == nil {
			continue
		}
		var err error
		if e.Spec, err = timetable.Parse(e.Cron, p.Location); err != nil {
			f.add(path+".cron", "%v", err)
		}
	}
	for _, name := range entryNames {
		if !seen[name] {
			f.add("timetable", "entry %q is missing", name)
		}
	}
}
