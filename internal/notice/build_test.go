package notice

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
	"vireilla/internal/policy"
)

// Small builders: what a test does not name has an ordinary value.

func helsinki() *time.Location {
	zone, err := time.LoadLocation("Europe/Helsinki")
	if err != nil {
		panic(err)
	}
	return zone
}

// at reads a local time, 2024-03-04 07:30; the empty text is the zero time.
func at(text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	t, err := time.ParseInLocation("2006-01-02 15:04", text, helsinki())
	if err != nil {
		panic(err)
	}
	return t
}

func on(text string) calendar.Day {
	d, err := calendar.ParseDay(text)
	if err != nil {
		panic(err)
	}
	return d
}

// office is the default policy with some days on which the authority of Lahti writes to nobody.
func office(closures ...string) *policy.Policy {
	p := policy.Default()
	for i := range p.Authorities {
		for _, c := range closures {
			p.Authorities[i].Closures = append(p.Authorities[i].Closures, on(c))
		}
	}
	return p
}

// team is a team of coaches C-1 to C-3 and a second one with C-9.
func team(absences ...caseload.Absence) *Staff {
	coach := func(id, team string) caseload.Coach { return caseload.Coach{ID: id, TeamID: team, Language: "fi"} }
	return NewStaff([]caseload.Team{{ID: "T-1", Authority: "lahti_region", Language: "sv"},
		{ID: "T-2", Authority: "lahti_region", Language: "en"}},
		[]caseload.Coach{coach("C-1", "T-1"), coach("C-2", "T-1"), coach("C-3", "T-1"), coach("C-9", "T-2")}, absences)
}

func away(coach, deputy, from, to string) caseload.Absence {
	return caseload.Absence{CoachID: coach, DeputyID: deputy, From: on(from), To: on(to)}
}

// owed is an obligation of C-1 that was told to nobody.
func owed(seeker, rule string, stage policy.Stage, due string) Staged {
	weights := map[string]int{"statement": 90, "initial_interview": 60, "clarification": 50, "job_search_discussion": 40}
	d := on(due)
	return Staged{Obligation: policy.Obligation{Seeker: seeker, Rule: rule, Anchor: d - 91, DueStrict: d, Due: d,
		Stage: stage, Owner: "C-1", Coach: "C-1",
		Weight: weights[rule]}}
}

func (s Staged) of(coach string) Staged {
	s.Owner, s.Coach = coach, coach
	return s
}

func (s Staged) told(owner string, stage policy.Stage) Staged {
	before := s.Told
	s.Told = map[string]policy.Stage{owner: stage}
	for o, st := range before {
		s.Told[o] = st
	}
	return s
}

func digests(now time.Time, p *policy.Policy, staff *Staff, staged []Staged) Plan {
	return Digests(now, p, staff, slices.Values(staged))
}

func leads(now time.Time, p *policy.Policy, staff *Staff, staged []Staged, before Plan) Plan {
	return Leads(now, p, staff, slices.Values(staged), before)
}

// words gives a plan as text, one line a letter or skip.
func words(p Plan) []string {
	lines := []string{}
	for _, n := range p.Notices {
		line := "send " + n.Key + " at " + local(n.SendAt)
		if len(n.Items) > 0 {
			line += ":"
		}
		for _, i := range n.Items {
			line += " " + i.Seeker
			if i.New {
				line += "!"
			}
		}
		if n.Rest > 0 {
			line += fmt.Sprintf(" +%d", n.Rest)
		}
		lines = append(lines, line)
	}
	for _, k := range p.Skips {
		lines = append(lines, strings.Join(strings.Fields("skip "+k.Letter+" "+k.To+" "+k.Subject+" "+k.Why), " "))
	}
	return lines
}

func local(t time.Time) string { return t.In(helsinki()).Format("2006-01-02 15:04") }

func expect(t testing.TB, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("\n got %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}
