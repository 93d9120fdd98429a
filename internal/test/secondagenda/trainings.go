package secondagenda

import "time"

// stateSeen is the state of a training case at the end of the day asked about. The feed holds only the present state,
// so a decision or a notification after that day is undone.
func stateSeen(t training, asked time.Time) string {
	if t.decided.After(asked) {
		return "under_review"
	}
	if t.notified.After(asked) {
		return "decided_positive"
	}
	return t.state
}

// trainingObligations applies the table of section 5 row by row, for one seeker. They do not depend on the job search
// or the status. The owner is the case's handler or the seeker's coach, before absences are applied, and the seeker
// for a clarification.
func trainingObligations(s seeker, trainings []training, asked time.Time) []obligation {
	var found []obligation
	for _, t := range trainings {
		if t.applied.After(asked) {
			continue
		}
		owner := s.coach
		if t.handler != "" {
			owner = t.handler
		}
		add := func(rule, owner string, anchor, strict, due time.Time) {
			found = append(found, obligation{
				seeker: s.id, rule: rule, subject: t.id,
				anchor: anchor, strict: strict, due: due, owner: owner,
			})
		}

		state := stateSeen(t, asked)
		waiting := state == "applied" || state == "under_review"
		study := t.kind == "self_motivated_study" || t.kind == "short_study"
		selected := t.kind == "labour_market_training" || t.kind == "integration_training" ||
			t.kind == "recruitment_training"

		if study && waiting && isSet(t.complete) && onOrBefore(t.complete, asked) {
			strict := daysAfter(t.complete, 30)
			add("statement", owner, t.complete, strict, rolled(strict))
		}
		if study && state == "clarification_requested" && isSet(t.clarification) {
			add("clarification", s.id, t.clarification, t.clarification, rolled(t.clarification))
		}
		if t.kind == "self_motivated_study" && waiting && isSet(t.starts) {
			strict := workingDaysBefore(t.starts, 5)
			add("decision_before_start", owner, t.starts, strict, strict)
		}
		if selected && (waiting || state == "selection_pending") && isSet(t.starts) {
			strict := workingDaysBefore(t.starts, 10)
			add("selection_result", owner, t.starts, strict, strict)
		}
		notified := isSet(t.notified) && onOrBefore(t.notified, asked)
		if (state == "decided_positive" || state == "decided_negative") && isSet(t.decided) && !notified {
			strict := workingDaysAfter(t.decided, 2)
			add("notify_decision", owner, t.decided, strict, strict)
		}
	}
	return found
}

func isSet(day time.Time) bool { return !day.IsZero() }
