package policy

import (
	"maps"
	"slices"
	"strings"

	"vireilla/internal/caseload"
)

// What the rest of the program knows by name.
var (
	ruleNames = []string{"first_interview", "periodic_interview", "initial_interview", "job_search_discussion",
		"supplementary_discussion", "intensive_month", "statement", "clarification", "decision_before_start", "selection_result",
		"notify_decision"}
	letterNames = []string{"coach_digest", "lead_escalation", "appointment_booked", "appointment_reminder",
		"appointment_changed",
		"appointment_cancelled", "matter_update"}
	entryNames = []string{"contacts", "training", "digests", "leads", "appointments", "deliver", "sweep", "retention"}

	trainingKinds = []string{caseload.LabourMarketTraining, caseload.SelfMotivatedStudy, caseload.ShortStudy,
		caseload.IntegrationTraining, caseload.RecruitmentTraining}
	trainingStates = []string{caseload.Applied, caseload.ClarificationRequested, caseload.UnderReview,
		caseload.SelectionPending, caseload.DecidedPositive, caseload.DecidedNegative, caseload.Notified, caseload.Withdrawn}
)

// Words lists the words that a policy file may use: for each place in the file, its name and the words allowed there.
func Words() [][2]string {
	return [][2]string{
		{"rule", strings.Join(ruleNames, ", ")},
		{"anchor of a contact rule", joinKeys(contactAnchors())},
		{"anchor of a training rule", joinKeys(trainingAnchors())},
		{"due", "N working_days after, N days after, N weeks after, N months after, the same with before, " +
			"supplementary_weeks after"},
		{"when", joinKeys(conditions()) + ", fewer_than N in_window, fewer_than N in_month"},
		{"kinds of training", strings.Join(trainingKinds, ", ")},
		{"states of training", strings.Join(trainingStates, ", ")},
		{"owner of a training rule", "handler, seeker"},
		{"letter", strings.Join(letterNames, ", ")},
		{"unsure", "again, hold"},
		{"entry", strings.Join(entryNames, ", ")},
		{"catch_up", "all, latest, none"},
	}
}

func joinKeys[V any](m map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(m)), ", ")
}
