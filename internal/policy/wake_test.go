package policy

import (
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
)

// anyCase draws a case whose days lie around a day, some after it.
func anyCase(t *rapid.T, around calendar.Day) caseload.Case {
	near := func(name string, back, ahead int) calendar.Day {
		return around + calendar.Day(rapid.IntRange(-back, ahead).Draw(t, name))
	}
	perhaps := func(name string, back, ahead int) calendar.Day {
		if rapid.IntRange(0, 2).Draw(t, name+"?") == 0 {
			return 0
		}
		return near(name, back, ahead)
	}
	c := caseload.Case{Seeker: caseload.Seeker{ID: "S-1", CoachID: "C-1",
		Status: rapid.SampledFrom([]string{caseload.Unemployed, caseload.Unemployed, "part_time",
			caseload.InService}).Draw(t, "status"),
		JobSearchStarted: near("started", 500, 20), JobSearchEnded: perhaps("ended", 10,
			60), PreviousJobSearchEnded: perhaps("previous", 700, 0),
		UnemploymentStarted: perhaps("unemployed", 500, 40), SupplementaryWeeks: rapid.IntRange(0, 4).Draw(t, "weeks")}}
	kinds := []string{caseload.InitialInterview, caseload.PeriodicInterview, caseload.JobSearchDiscussion,
		caseload.SupplementaryDiscussion, "call_attempt"}
	for i := range rapid.IntRange(0, 5).Draw(t, "contacts") {
		c.Contacts = append(c.Contacts, caseload.Contact{ID: fmt.Sprint(i), Kind: rapid.SampledFrom(kinds).Draw(t, "kind"),
			HeldOn: near("held", 450, 60)})
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "training") {
		c.Training = append(c.Training, caseload.Training{ID: fmt.Sprint("T", i),
			Kind:  rapid.SampledFrom(trainingKinds).Draw(t, "training kind"),
			State: rapid.SampledFrom(trainingStates).Draw(t, "state"), AppliedOn: near("applied", 60,
				20), InformationCompleteOn: perhaps("complete", 40, 20),
			ClarificationDue: perhaps("clarification", 20, 30), StudyStartsOn: perhaps("starts", 10,
				60), DecidedOn: perhaps("decided", 20, 30), NotifiedOn: perhaps("notified", 10, 40)})
	}
	return c
}

// A case that sleeps until its day of waking misses nothing: on every day before, the answer is the same.
func TestNothingChangesBeforeACaseWakes(t *testing.T) {
	p := Default()
	rapid.Check(t, func(t *rapid.T) {
		year := rapid.IntRange(2018, 2027).Draw(t, "year")
		day := calendar.Date(year, 1, 1) + calendar.Day(rapid.IntRange(0, 364).Draw(t, "day"))
		c := anyCase(t, day)
		now, wake := p.Obligations(c, day), p.Wake(c, day)
		end := wake
		if wake == 0 {
			end = day + 900
		}
		for d := day + 1; d < end; d++ {
			if later := p.Obligations(c, d); !reflect.DeepEqual(now, later) {
				t.Fatalf("on %s: %+v\non %s: %+v\nbut it wakes on %q", day, now, d, later, wake)
			}
		}
	})
}

// A due day never lies on a closed day for what rolls, stages come in their order, and a case always has a stage that
// fits its days.
func TestStagesComeInOrder(t *testing.T) {
	p := Default()
	rapid.Check(t, func(t *rapid.T) {
		day := calendar.Date(2024, 6, 1)
		for _, o := range p.Obligations(anyCase(t, day), day) {
			days := p.StageDays(o)
			if days[Upcoming] > days[Due] || days[Due] > days[Overdue] || days[Overdue] > days[Escalated] {
				t.Fatalf("%+v: stages on %v", o, days)
			}
			if o.Due < o.DueStrict || o.Stage != p.StageOn(o, day) {
				t.Fatalf("%+v", o)
			}
		}
	})
}
