// Package notice turns what is due into letters: which notices there should be by now, which not and why, which state a
// letter takes after an attempt, and whether it is still true just before it goes out. It is pure: the time is a
// parameter.
package notice

import (
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/policy"
)

// Digest items that are no rule of the policy.
const (
	ShortNotice  = "short_notice"   // an appointment so near that the coach phones too
	ReachByPhone = "reach_by_phone" // no letter could be written; the coach phones instead
)

// Notice is one letter for one person. Key names it without the time of any run: a notice whose key exists already is
// not added again.
type Notice struct {
	Key      string    `json:"key"`
	Letter   string    `json:"letter"`
	To       string    `json:"to"`
	Role     string    `json:"role"`
	Subject  string    `json:"subject,omitempty"` // appointment or training id
	Language string    `json:"language"`
	SendAt   time.Time `json:"send_at"`
	Items    []Item    `json:"items,omitempty"`
	Rest     int       `json:"rest,omitempty"` // items beyond the letter's limit; in a coach's letter they end Told

	Late    int       `json:"-"` // items past their due day, those beyond the limit included
	Expires time.Time `json:"-"` // the letter must go out before
	Told    []Item    `json:"-"` // what its recipient is told for the first time
	Start   time.Time `json:"-"` // the start of the appointment that the letter is about
}

// Item is a line of a digest.
type Item struct {
	Seeker      string       `json:"seeker"`
	Rule        string       `json:"rule"`
	Subject     string       `json:"subject"`
	Stage       policy.Stage `json:"stage"`
	New         bool         `json:"new"`
	DaysOverdue int          `json:"days_overdue"`

	Anchor calendar.Day `json:"-"`
	Due    calendar.Day `json:"-"`
	Coach  string       `json:"-"` // the seeker's own coach, also when a deputy gets the letter
	At     time.Time    `json:"-"` // start of the appointment, for ShortNotice and ReachByPhone
	Why    string       `json:"-"` // the reason of ReachByPhone

	weight int
}

// Skip is a letter that is not written, and the reason why: one of the reasons below or of package policy.
type Skip struct {
	Letter  string `json:"letter"`
	To      string `json:"to"`
	Subject string `json:"subject"`
	Why     string `json:"why"`

	Key   string    `json:"-"` // of the notice; empty when the skip is not stored
	Until time.Time `json:"-"` // how long a coach can do something about it
}

// Reasons, beside those of package policy.
const (
	AlreadyTold       = "already_told"
	Protected         = "protected"
	NoAddress         = "no_address"
	NoConsent         = "no_consent"
	SuppressedAddress = "suppressed_address"
	TooClose          = "too_close_to_booking"
	TooLate           = "too_late"
	OutsideWindow     = "outside_window"
	HeldByGuard       = "held_by_guard"
	Superseded        = "superseded"
)

// Plan is the letters that are due by now, and those that are not written.
type Plan struct {
	Notices []Notice
	Skips   []Skip
}

// Add appends another plan.
func (p *Plan) Add(more Plan) {
	p.Notices = append(p.Notices, more.Notices...)
	p.Skips = append(p.Skips, more.Skips...)
}

func (p *Plan) skip(letter, to, subject, why string) {
	p.Skips = append(p.Skips, Skip{Letter: letter, To: to, Subject: subject, Why: why})
}

// Only gives the plan with the notices that are wanted; the others become skips for a reason.
func (p *Plan) Only(why string, wanted func(n Notice) bool) Plan {
	kept := Plan{Skips: p.Skips}
	for _, n := range p.Notices {
		if wanted(n) {
			kept.Notices = append(kept.Notices, n)
		} else {
			kept.skip(n.Letter, n.To, n.Subject, why)
		}
	}
	return kept
}

// Keys gives the keys of the planned notices.
func (p *Plan) Keys() []string {
	keys := make([]string, len(p.Notices))
	for i := range p.Notices {
		keys[i] = p.Notices[i].Key
	}
	return keys
}
