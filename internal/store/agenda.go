package store

import (
	"context"
	"database/sql"
	"fmt"
	"sync/atomic"

	"vireilla/internal/notice"
	"vireilla/internal/policy"
)

// Agenda owns which obligations have something to say, and when each case and appointment is evaluated again.
type Agenda struct {
	*core
	caseload *Caseload
	asleep   atomic.Value // an asleep
}

// setAgenda replaces the obligations of some cases. Obligations without a stage are not kept.
func (a *Agenda) setAgenda(ctx context.Context, tx *sql.Tx, found []notice.Agenda) error {
	var ids, rows []any
	for i := range found {
		ids = append(ids, found[i].Seeker)
		for _, o := range found[i].Obligations {
			if o.Stage > policy.NoStage {
				rows = append(rows, o.Seeker, o.Rule, o.Subject, o.Anchor.String(), o.Era, o.Basis,
					o.DueStrict.String(), o.Due.String(), int(o.Stage), o.Owner, o.Coach, o.Weight)
			}
		}
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM agenda WHERE seeker_id IN `+a.list(1, len(ids)), ids...); err != nil {
		return err
	}
	return a.insert(ctx, tx, `INSERT INTO agenda (seeker_id, rule, subject, anchor, era, basis, due_strict, due, stage,
		owner, coach_id, weight) VALUES `, ``, 12, rows)
}

const obligationColumns = `a.seeker_id, a.rule, a.subject, a.anchor, a.era, a.basis, a.due_strict, a.due, a.stage,
	a.owner, a.coach_id, a.weight`

func (w words) obligation(o *policy.Obligation) []any {
	return []any{&o.Seeker, w.word(&o.Rule), &o.Subject, day{&o.Anchor}, w.word(&o.Era), w.word(&o.Basis),
		day{&o.DueStrict}, day{&o.Due}, &o.Stage, w.word(&o.Owner), w.word(&o.Coach), &o.Weight}
}

// Staged returns the obligations that have something to say, of all seekers or of those named, with the stages that
// owners were told.
func (a *Agenda) Staged(ctx context.Context, seekers ...string) (staged []notice.Staged, err error) {
	where, args := `true`, []any(nil)
	if len(seekers) > 0 {
		args = padded(seekers)
		where = `a.seeker_id IN ` + a.list(1, len(args))
	}
	err = a.forStaged(ctx, where, args, func(o notice.Staged) bool {
		staged = append(staged, o)
		return true
	})
	return staged, err
}

// EachStaged calls yield with what Staged returns for all seekers, until yield returns false.
func (a *Agenda) EachStaged(ctx context.Context, yield func(notice.Staged) bool) error {
	return a.forStaged(ctx, `true`, nil, yield)
}

func (a *Agenda) forStaged(ctx context.Context, where string, args []any, yield func(notice.Staged) bool) error {
	var last notice.Staged
	more, known := true, words{}
	err := forRows(ctx, a.db, `SELECT `+obligationColumns+`, coalesce(t.owner, ''), coalesce(t.stage, 0) FROM agenda a
		LEFT JOIN told t ON t.seeker_id = a.seeker_id AND t.rule = a.rule AND t.subject = a.subject AND t.anchor = a.anchor
		WHERE `+where+` ORDER BY a.seeker_id, a.rule, a.subject, a.anchor`, args, func(r *sql.Rows) error {
		var o policy.Obligation
		var owner string
		var stage policy.Stage
		if err := r.Scan(append(known.obligation(&o), known.word(&owner), &stage)...); err != nil {
			return err
		}
		if last.Obligation != o {
			more = more && (last.Seeker == "" || yield(last))
			last = notice.Staged{Obligation: o}
		}
		if owner != "" {
			if last.Told == nil {
				last.Told = map[string]policy.Stage{}
			}
			last.Told[owner] = max(last.Told[owner], stage)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the agenda: %w", err)
	}
	if more && last.Seeker != "" {
		yield(last)
	}
	return nil
}

// Clarifications returns the training cases in which the seeker owes a clarification that is upcoming or due.
func (a *Agenda) Clarifications(ctx context.Context) ([]notice.Matter, error) {
	due, err := readAll(ctx, a.db, `SELECT `+obligationColumns+` FROM agenda a
		WHERE a.rule = 'clarification' AND a.stage IN (1, 2)`, nil, words{}.obligation)
	if err != nil {
		return nil, fmt.Errorf("read clarifications: %w", err)
	}
	return a.caseload.Awaited(ctx, due)
}
