// Package secondagenda is a second, independent implementation of the agenda command, slow and plain, so that tests
// can compare the program's answer with it. It reads the feed's files for every question, counts working days one by
// one and finds closed days by their definitions. It must share no code with the rest of the program, so that both do
// not make the same mistake.
//
// The flow: read the feed, list each seeker's contact and training obligations as seen from a day, find each one's
// owner and stage, sort, print.
package secondagenda

import (
	"encoding/json"
	"fmt"
	"sort"
	"time"
)

// obligation is something that must be done by a day. It has the day before and after rolling, since stages before the
// deadline use the one and stages after it the other.
type obligation struct {
	seeker, rule, subject string
	anchor, strict, due   time.Time
	owner                 string
}

// line fixes the names and the order of the fields in one line of the answer.
type line struct {
	Seeker    string `json:"seeker"`
	Rule      string `json:"rule"`
	Subject   string `json:"subject"`
	Era       string `json:"era"`
	Anchor    string `json:"anchor"`
	DueStrict string `json:"due_strict"`
	Due       string `json:"due"`
	Stage     string `json:"stage"`
	Owner     string `json:"owner"`
	Basis     string `json:"basis"`
}

// Agenda returns the lines that "agenda --at day --format ndjson" must print for the feed in folder: one JSON
// object for each obligation open on day (2006-01-02), sorted by seeker, rule, anchor and subject. An error
// names the file, row and column of what could not be read, never a value.
func Agenda(folder, day string) ([]string, error) {
	asked, err := parseDay(day)
	if err != nil {
		return nil, fmt.Errorf("agenda: day asked about: %w", err)
	}
	r, err := readRegister(folder)
	if err != nil {
		return nil, fmt.Errorf("agenda: %w", err)
	}

	var all []obligation
	for _, s := range r.seekers {
		for _, o := range contactObligations(s, r.contacts[s.id], asked) {
			o.owner = r.standIn(o.owner, asked)
			all = append(all, o)
		}
		for _, o := range trainingObligations(s, r.trainings[s.id], asked) {
			if o.rule != "clarification" {
				o.owner = r.standIn(o.owner, asked)
			}
			all = append(all, o)
		}
	}
	sort.Slice(all, func(i, j int) bool { return before(all[i], all[j]) })

	var lines []string
	for _, o := range all {
		text, err := json.Marshal(line{
			Seeker: o.seeker, Rule: o.rule, Subject: o.subject,
			Era: eraOf(o.anchor), Anchor: show(o.anchor), DueStrict: show(o.strict), Due: show(o.due),
			Stage: stageOn(o, asked), Owner: o.owner, Basis: basisOf(eraOf(o.anchor)),
		})
		if err != nil {
			return nil, fmt.Errorf("agenda: line of %s: %w", o.seeker, err)
		}
		lines = append(lines, string(text))
	}
	return lines, nil
}

func before(a, b obligation) bool {
	if a.seeker != b.seeker {
		return a.seeker < b.seeker
	}
	if a.rule != b.rule {
		return a.rule < b.rule
	}
	if !a.anchor.Equal(b.anchor) {
		return a.anchor.Before(b.anchor)
	}
	return a.subject < b.subject
}

// standIn gives who acts for a coach on a day: the coach, or a deputy who is present, or else the team, whose lead
// stands in. A deputy's own deputy does not stand in.
func (r register) standIn(coachID string, asked time.Time) string {
	away := r.absencesOn(coachID, asked)
	if len(away) == 0 {
		return coachID
	}
	sort.Slice(away, func(i, j int) bool {
		a, b := away[i], away[j]
		if !a.from.Equal(b.from) {
			return a.from.Before(b.from)
		}
		if !a.to.Equal(b.to) {
			return a.to.Before(b.to)
		}
		return a.deputy < b.deputy
	})
	for _, a := range away {
		_, known := r.teamOf[a.deputy]
		if known && len(r.absencesOn(a.deputy, asked)) == 0 {
			return a.deputy
		}
	}
	return r.teamOf[coachID]
}

func (r register) absencesOn(coachID string, asked time.Time) []absence {
	var found []absence
	for _, a := range r.absences {
		if a.coach == coachID && !asked.Before(a.from) && !asked.After(a.to) {
			found = append(found, a)
		}
	}
	return found
}
