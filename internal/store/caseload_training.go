package store

import (
	"context"
	"fmt"
	"slices"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
)

const trainingColumns = `t.training_id, t.seeker_id, t.kind, t.state, t.applied_on, t.information_complete_on,
	t.clarification_due, t.study_starts_on, t.decided_on, t.notified_on, t.handler_id`

func trainingFields(t *caseload.Training) []any {
	return []any{&t.ID, &t.SeekerID, &t.Kind, &t.State, day{&t.AppliedOn}, day{&t.InformationCompleteOn},
		day{&t.ClarificationDue}, day{&t.StudyStartsOn}, day{&t.DecidedOn}, day{&t.NotifiedOn}, &t.HandlerID}
}

const matterQuery = `SELECT ` + trainingColumns + `, coalesce(x.email = s.email, false), ` + seekerColumns + `
	FROM training t JOIN seeker s ON s.seeker_id = t.seeker_id LEFT JOIN suppression x ON x.seeker_id = t.seeker_id
	WHERE t.gone_at = 0 AND s.gone_at = 0 AND `

func (l *Caseload) matters(ctx context.Context, where string, args ...any) ([]notice.Matter, error) {
	found, err := readAll(ctx, l.db, matterQuery+where, args, func(m *notice.Matter) []any {
		return append(append(trainingFields(&m.Training), &m.Suppressed), seekerFields(&m.Seeker)...)
	})
	if err != nil {
		return nil, fmt.Errorf("read training: %w", err)
	}
	return found, nil
}

// Decisions returns the training cases whose decision was notified between two days, both inclusive.
func (l *Caseload) Decisions(ctx context.Context, from, to calendar.Day) ([]notice.Matter, error) {
	return l.matters(ctx, `t.notified_on >= $1 AND t.notified_on <= $2 AND t.notified_on <> '' ORDER BY t.training_id`,
		from.String(), to.String())
}

// Matters returns the named training cases without their obligations.
func (l *Caseload) Matters(ctx context.Context, ids []string) ([]notice.Matter, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	args := padded(ids)
	return l.matters(ctx, `t.training_id IN `+l.list(1, len(args))+` ORDER BY t.training_id`, args...)
}

// Awaited returns the training cases of some clarifications, each with its clarification.
func (l *Caseload) Awaited(ctx context.Context, due []policy.Obligation) ([]notice.Matter, error) {
	var all []notice.Matter
	for part := range slices.Chunk(due, 500) {
		by := map[string]*policy.Obligation{}
		var ids []string
		for i := range part {
			by[part[i].Subject] = &part[i]
			ids = append(ids, part[i].Subject)
		}
		matters, err := l.Matters(ctx, ids)
		if err != nil {
			return nil, err
		}
		for i := range matters {
			matters[i].Clarification = by[matters[i].ID]
		}
		all = append(all, matters...)
	}
	return all, nil
}
