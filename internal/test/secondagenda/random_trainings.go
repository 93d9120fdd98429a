package secondagenda

import (
	"fmt"
	"time"
)

// training makes one case. Its days run from the application to the notification, but each may lie before or
// after the middle, be missing though the state tells of it, or be there though the state does not.
func (m *maker) training(seekerID string) {
	state := m.one("applied", "clarification_requested", "under_review", "selection_pending",
		"decided_positive", "decided_negative", "notified", "withdrawn")
	applied := m.around.AddDate(0, 0, -m.between(-4, 70))
	complete := m.beside(m.around.AddDate(0, 0, -30), 18)
	switch n := m.IntN(100); {
	case n < 25:
		complete = applied.AddDate(0, 0, m.between(0, 20))
	case n < 40:
		complete = m.someDay()
	case n < 42:
		complete = m.beside(date(2017, time.January, 1), 3)
	case n < 47:
		complete = m.around.AddDate(0, 0, m.between(0, 6))
	}
	if complete.Before(applied) {
		applied = complete.AddDate(0, 0, -m.between(0, 5))
	}
	t := cells{
		"training_id": fmt.Sprintf("TR-%d", len(m.trainings)+1), "seeker_id": seekerID, "state": state,
		"kind": m.one("labour_market_training", "self_motivated_study", "self_motivated_study", "short_study",
			"short_study", "integration_training", "recruitment_training"),
		"applied_on": show(applied),
	}
	if m.chance(85) {
		t["information_complete_on"] = show(complete)
	}
	if m.chance(15) || state == "clarification_requested" && m.chance(95) {
		t["clarification_due"] = show(m.planned(-14, 10))
	}
	if m.chance(80) {
		t["study_starts_on"] = show(m.planned(-8, 40))
	}
	if m.chance(50) {
		t["handler_id"] = m.one(m.staffIDs...)
	}
	m.decision(t, state, applied)
	m.trainings = append(m.trainings, t)
}

// planned is a day near the middle, now and then beside a closed day or far away.
func (m *maker) planned(low, high int) time.Time {
	day := m.around.AddDate(0, 0, m.between(low, high))
	if m.chance(15) {
		day = m.nearClosed(day)
	} else if m.chance(10) {
		day = m.someDay()
	}
	return day
}

func (m *maker) decision(t cells, state string, applied time.Time) {
	decidedChance, notifiedChance := 8, 3
	switch state {
	case "decided_positive", "decided_negative":
		decidedChance, notifiedChance = 96, 8
	case "notified":
		decidedChance, notifiedChance = 96, 96
	}
	decided := later(applied, m.planned(-12, 5))
	if m.chance(decidedChance) {
		t["decided_on"] = show(decided)
	}
	if m.chance(notifiedChance) {
		t["notified_on"] = show(decided.AddDate(0, 0, m.between(0, 9)))
	}
}
