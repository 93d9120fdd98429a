package sample

import (
	"fmt"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
)

// study generates a training case whose dates agree with its state.
func (w *writer) study(p *person) {
	w.training++
	applied := w.At - calendar.Day(w.between(1, 70))
	row := map[string]string{"training_id": fmt.Sprintf("TR-%04d", w.training), "seeker_id": p.id, "applied_on": applied.String(),
		"kind":  w.pick("self_motivated_study:40 labour_market_training:30 short_study:12 integration_training:10 recruitment_training:8"),
		"state": w.pick("under_review:30 applied:15 clarification_requested:12 selection_pending:12 decided_positive:8 decided_negative:4 notified:15 withdrawn:4"),
	}
	if w.chance(0.6) {
		row["handler_id"] = expertID(w.between(1, w.experts()))
	}
	row["study_starts_on"] = w.days.NextOpen(applied + calendar.Day(w.between(30, 120))).String()
	selection := row["kind"] == caseload.LabourMarketTraining || row["kind"] == caseload.IntegrationTraining || row["kind"] == caseload.RecruitmentTraining
	switch row["state"] {
	case caseload.SelectionPending:
		if !selection {
			row["state"] = caseload.UnderReview
		}
	case caseload.ClarificationRequested:
		if selection {
			row["state"] = caseload.UnderReview
		} else {
			row["clarification_due"] = (w.At + calendar.Day(w.between(-6, 14))).String()
		}
	case caseload.DecidedPositive, caseload.DecidedNegative:
		row["decided_on"] = (w.At - calendar.Day(w.between(0, min(6, int(w.At-applied))))).String()
	case caseload.Notified:
		notified := w.At - calendar.Day(w.between(0, int(w.At-applied)))
		row["decided_on"], row["notified_on"] = (notified - calendar.Day(min(2, int(notified-applied)))).String(), notified.String()
	}
	if !selection && row["state"] != caseload.ClarificationRequested && w.chance(0.8) {
		row["information_complete_on"] = (applied + calendar.Day(w.between(0, min(10, int(w.At-applied))))).String()
	}
	w.files["training.csv"].row(row)
}
