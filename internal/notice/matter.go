package notice

import (
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
	"vireilla/internal/policy"
)

// Matter is a training case that may call for a letter to the seeker: a clarification is awaited, or a decision can be
// read.
type Matter struct {
	caseload.Training
	Seeker        caseload.Seeker
	Suppressed    bool
	Clarification *policy.Obligation // with the stage of the day; nil when none is awaited
}

// Matters plans the letters saying that something waits in the e-service. They say nothing of its content.
func Matters(now time.Time, p *policy.Policy, matters []Matter) Plan {
	var plan Plan
	day := calendar.DayOf(now, p.Location)
	for i := range matters {
		m := &matters[i]
		key, expires, why := m.due(p, day)
		if why == "" {
			why = Unreachable(m.Seeker, m.Suppressed, day)
		}
		sendAt := window{p, p.AuthorityOf(m.Seeker.Municipality, day)}.next(now)
		if why == "" && !sendAt.Before(expires) {
			why = OutsideWindow
		}
		if why != "" {
			plan.Skips = append(plan.Skips, Skip{Letter: MatterUpdate, To: m.SeekerID, Subject: m.ID, Why: why, Key: key,
				Until: expires})
			continue
		}
		plan.Notices = append(plan.Notices, Notice{Key: key, Letter: MatterUpdate, To: m.SeekerID, Role: ToSeeker,
			Subject: m.ID, Language: m.Seeker.Language, SendAt: sendAt.In(p.Location), Expires: expires})
	}
	return plan
}

// due gives the key of the letter that the matter asks for on a day, or the reason why it asks for none. The seeker
// gets a letter when a clarification is upcoming and when it is due; once it is late, the coach takes over.
func (m *Matter) due(p *policy.Policy, day calendar.Day) (key string, expires time.Time, why string) {
	if o := m.Clarification; o != nil {
		switch o.Stage {
		case policy.NoStage:
			return "", time.Time{}, policy.NotYet
		case policy.Upcoming, policy.Due:
			key = MatterUpdate + "/" + m.ID + "/clarification/" + o.Due.String() + "/" + o.Stage.String()
			return key, (o.Due + 1).At(0, 0, p.Location), ""
		}
		return "", time.Time{}, TooLate
	}
	seen, exists := m.On(day)
	if !exists || seen.State != caseload.Notified || seen.NotifiedOn == 0 {
		return "", time.Time{}, policy.NotYet
	}
	last := seen.NotifiedOn + calendar.Day(p.Appointments.DecisionNewsDays)
	if day > last {
		return "", time.Time{}, TooLate
	}
	return MatterUpdate + "/" + m.ID + "/decision/" + seen.NotifiedOn.String(), (last + 1).At(0, 0, p.Location), ""
}
