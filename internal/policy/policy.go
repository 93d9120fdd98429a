// Package policy decides what is due and why: the policy file, eras, rules that turn a case into obligations, and the
// stages at which people are notified. The file is data (default.yaml unless replaced); only the arithmetic and the
// words that a file may use are code. It is pure: the day asked about is a parameter.
package policy

import (
	"slices"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/timetable"
)

// Policy is a valid policy file. It does not change after Parse.
type Policy struct {
	Version       string            `yaml:"version"`
	Zone          string            `yaml:"zone"`
	Calendar      Switches          `yaml:"calendar"`
	Eras          []Era             `yaml:"eras"`
	ResumedWithin string            `yaml:"resumed_within"`
	Rules         []Rule            `yaml:"rules"`
	Ladders       map[string]Ladder `yaml:"ladders"`
	Digest        Digest            `yaml:"digest"`
	Window        Window            `yaml:"window"`
	Appointments  Appointments      `yaml:"appointments"`
	Letters       map[string]Letter `yaml:"letters"`
	Guard         Guard             `yaml:"guard"`
	Retention     Retention         `yaml:"retention"`
	Authorities   []Authority       `yaml:"authorities"`
	Timetable     []Entry           `yaml:"timetable"`

	// What Parse makes of the keys.
	Days     *calendar.Calendar // the calendar under the switches
	Location *time.Location     // of Zone
	resumed  calendar.Interval
	compiled []compiledRule
}

// Switches of the calendar; see calendar.New.
type Switches struct {
	SaturdayCounts bool `yaml:"saturday_counts"`
	EvesCount      bool `yaml:"eves_count"`
}

// Era is a set of rules in force for anchors from one day to another, both inclusive; an unset To is open.
type Era struct {
	Name  string       `yaml:"name"`
	From  calendar.Day `yaml:"from"`
	To    calendar.Day `yaml:"to"`
	Basis string       `yaml:"basis"` // number of the act, 1379/2021
	Law   string       `yaml:"law"`
}

// Rule says how long after or before which day (Anchor) an obligation is due, and when it exists.
type Rule struct {
	Name    string   `yaml:"rule"`
	Subject string   `yaml:"subject"`
	Eras    []string `yaml:"eras"`
	Kinds   []string `yaml:"kinds"`
	States  []string `yaml:"states"`
	Anchor  string   `yaml:"anchor"`
	Due     string   `yaml:"due"`
	Window  string   `yaml:"window"`
	When    []string `yaml:"when"`
	Owner   string   `yaml:"owner"`
	Weight  int      `yaml:"weight"`
	Ours    bool     `yaml:"ours"` // the office set the day; no law does
}

// Ladder is how many working days before and after the due day the stages upcoming and escalated begin.
type Ladder struct {
	Upcoming  int `yaml:"upcoming"`
	Escalated int `yaml:"escalated"`
}

// Digest settings.
type Digest struct {
	At       ClockTime `yaml:"at"`
	MaxItems int       `yaml:"max_items"`
	Weekly   bool      `yaml:"weekly"`
}

// Window is the time of a working day in which letters to seekers go out, both ends inclusive.
type Window struct {
	From ClockTime `yaml:"from"`
	To   ClockTime `yaml:"to"`
}

// Appointments holds the settings of letters about appointments.
type Appointments struct {
	Reminders        []Reminders `yaml:"reminders"`
	TooCloseHours    int         `yaml:"too_close_hours"`
	ShortNoticeDays  int         `yaml:"short_notice_days"`
	DecisionNewsDays int         `yaml:"decision_news_days"`
}

// Reminders are the hours before its start at which the seeker is reminded of an appointment, for appointments from a
// day on.
type Reminders struct {
	From  calendar.Day `yaml:"from"`
	Hours []int        `yaml:"hours"`
}

// Letter settings.
type Letter struct {
	Unsure string `yaml:"unsure"` // again or hold
}

// Guard is the blast guard: a run that plans more than max(Floor, Times × median of the last Runs runs) is held.
type Guard struct {
	Floor int `yaml:"floor"`
	Times int `yaml:"times"`
	Runs  int `yaml:"runs"`
}

// Retention is after how many days the personal parts of letters, and skips, are erased.
type Retention struct {
	LettersDays int `yaml:"letters_days"`
	SkipsDays   int `yaml:"skips_days"`
}

// Authority is an employment authority (työvoimaviranomainen) and how its letters name it.
type Authority struct {
	ID             string            `yaml:"id"`
	Name           map[string]string `yaml:"name"` // by language; fi is needed
	Switchboard    string            `yaml:"switchboard"`
	ServiceURL     string            `yaml:"service_url"`
	Municipalities []Municipality    `yaml:"municipalities"`
	Closures       []calendar.Day    `yaml:"closures"` // office closures
}

// Municipality belongs to an authority from one day to another, both inclusive; an unset To is open.
type Municipality struct {
	Name string       `yaml:"name"`
	From calendar.Day `yaml:"from"`
	To   calendar.Day `yaml:"to"`
}

// Entry is a row of the timetable.
type Entry struct {
	Name          string            `yaml:"entry"`
	Cron          string            `yaml:"cron"`
	CatchUp       timetable.CatchUp `yaml:"catch_up"`
	CatchUpWithin Span              `yaml:"catch_up_within"` // 3 days when not said
	Spec          timetable.Spec    // of Cron
}

// EraOf gives the era an anchor lies in.
func (p *Policy) EraOf(anchor calendar.Day) (Era, bool) {
	for _, e := range p.Eras {
		if within(anchor, e.From, e.To) {
			return e, true
		}
	}
	return Era{}, false
}

// AuthorityOf gives the authority of a municipality on a day; the first of the file when none is named for it.
func (p *Policy) AuthorityOf(municipality string, day calendar.Day) *Authority {
	for i := range p.Authorities {
		for _, m := range p.Authorities[i].Municipalities {
			if m.Name == municipality && within(day, m.From, m.To) {
				return &p.Authorities[i]
			}
		}
	}
	return &p.Authorities[0]
}

// AuthorityNamed gives the authority with an id; the first of the file when there is none.
func (p *Policy) AuthorityNamed(id string) *Authority {
	for i := range p.Authorities {
		if p.Authorities[i].ID == id {
			return &p.Authorities[i]
		}
	}
	return &p.Authorities[0]
}

// WritesOn says whether an authority writes to people on a day: an open day that is no office closure.
func (p *Policy) WritesOn(day calendar.Day, a *Authority) bool {
	return p.Days.Open(day) && !slices.Contains(a.Closures, day)
}

// ReminderHours gives the hours before an appointment on a day at which reminders go out, the longest first.
func (p *Policy) ReminderHours(day calendar.Day) []int {
	var hours []int
	for _, r := range p.Appointments.Reminders {
		if r.From <= day {
			hours = r.Hours
		}
	}
	return hours
}

func within(d, from, to calendar.Day) bool { return d >= from && (to == 0 || d <= to) }

// HeldWhenUnsure lists, in order, the letters that go on hold when nobody knows whether they arrived.
func (p *Policy) HeldWhenUnsure() []string {
	var names []string
	for name, l := range p.Letters {
		if l.Unsure == "hold" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
