package notice

import (
	"testing"

	"vireilla/internal/caseload"
	"vireilla/internal/policy"
)

func study(state string) Matter {
	return Matter{
		Training: caseload.Training{ID: "M-1", SeekerID: "S-1", Kind: caseload.SelfMotivatedStudy, State: state,
			AppliedOn: on("2024-02-01")},
		Seeker: caseload.Seeker{ID: "S-1", CoachID: "C-1", Email: "kanaria.s1@example.org", EmailTier: "neutral",
			Language: "sv", Municipality: "Lahti"},
	}
}

// awaited is a case whose clarification is due on Friday 2024-03-08.
func awaited(stage policy.Stage) Matter {
	m := study(caseload.ClarificationRequested)
	o := owed("S-1", "clarification", stage, "2024-03-08").Obligation
	m.Clarification = &o
	return m
}

func decided(notified string) Matter {
	m := study(caseload.Notified)
	m.DecidedOn = on("2024-03-01")
	m.NotifiedOn = on(notified)
	return m
}

func TestWhenSomethingWaitsInTheEService(t *testing.T) {
	for _, c := range []struct {
		name, now string
		m         Matter
		closed    []string
		want      string
	}{
		{"a clarification far off", "2024-03-05 05:10", awaited(policy.NoStage), nil, "skip matter_update S-1 M-1 not_yet"},
		{"upcoming", "2024-03-07 05:10", awaited(policy.Upcoming), nil,
			"send matter_update/M-1/clarification/2024-03-08/upcoming at 2024-03-07 08:00"},
		{"due", "2024-03-08 05:10", awaited(policy.Due), nil,
			"send matter_update/M-1/clarification/2024-03-08/due at 2024-03-08 08:00"},
		{"due, and the day is over", "2024-03-08 16:30", awaited(policy.Due), nil,
			"skip matter_update S-1 M-1 outside_window"},
		{"due, and the office is closed", "2024-03-08 05:10", awaited(policy.Due), []string{"2024-03-08"},
			"skip matter_update S-1 M-1 outside_window"},
		{"late: the coach has it", "2024-03-11 05:10", awaited(policy.Overdue), nil, "skip matter_update S-1 M-1 too_late"},
		{"escalated", "2024-03-15 05:10", awaited(policy.Escalated), nil, "skip matter_update S-1 M-1 too_late"},
		{"a decision", "2024-03-05 05:10", decided("2024-03-05"), nil,
			"send matter_update/M-1/decision/2024-03-05 at 2024-03-05 08:00"},
		{"notified tomorrow", "2024-03-05 05:10", decided("2024-03-06"), nil, "skip matter_update S-1 M-1 not_yet"},
		{"on a Saturday", "2024-03-09 05:10", decided("2024-03-08"), nil,
			"send matter_update/M-1/decision/2024-03-08 at 2024-03-11 08:00"},
		{"two weeks old is news", "2024-03-19 05:10", decided("2024-03-05"), nil,
			"send matter_update/M-1/decision/2024-03-05 at 2024-03-19 08:00"},
		{"a day more is not", "2024-03-20 05:10", decided("2024-03-05"), nil, "skip matter_update S-1 M-1 too_late"},
		{"the news ends before a window time", "2024-03-23 05:10", decided("2024-03-09"), nil,
			"skip matter_update S-1 M-1 outside_window"},
		{"not decided", "2024-03-05 05:10", study(caseload.UnderReview), nil, "skip matter_update S-1 M-1 not_yet"},
	} {
		t.Run(c.name, func(t *testing.T) {
			expect(t, words(Matters(at(c.now), office(c.closed...), []Matter{c.m})), []string{c.want})
		})
	}
}

func TestALetterAboutAMatter(t *testing.T) {
	n := Matters(at("2024-03-05 05:10"), office(), []Matter{decided("2024-03-05")}).Notices[0]
	if n.To != "S-1" || n.Role != ToSeeker || n.Subject != "M-1" || n.Language != "sv" ||
		!n.Expires.Equal(at("2024-03-20 00:00")) {
		t.Errorf("%+v", n)
	}
	n = Matters(at("2024-03-07 05:10"), office(), []Matter{awaited(policy.Upcoming)}).Notices[0]
	if !n.Expires.Equal(at("2024-03-09 00:00")) {
		t.Errorf("a clarification is told until the end of its day, not %s", n.Expires)
	}
}

func TestAMatterOfSomebodyUnreachableIsASkip(t *testing.T) {
	m := awaited(policy.Due)
	m.Suppressed = true
	k := Matters(at("2024-03-08 05:10"), office(), []Matter{m}).Skips[0]
	if k.Why != SuppressedAddress || k.Key != "matter_update/M-1/clarification/2024-03-08/due" ||
		!k.Until.Equal(at("2024-03-09 00:00")) {
		t.Errorf("%+v", k)
	}
}
