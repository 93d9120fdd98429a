package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"vireilla/internal/notice"
)

// Record writes what became of some letters, all at once. Each change names the claim's fence. A letter that somebody
// else has claimed since is not changed; lost has its id. Recording the same again, because the answer was lost,
// changes nothing and loses nothing.
func (o *Outbox) Record(ctx context.Context, now time.Time, reports []notice.Report) (lost []int64, err error) {
	var changes [][]any
	for i := range reports {
		r := &reports[i]
		changes = append(changes, []any{r.ID, r.Fence, string(r.State), millis(r.Try), int64(r.Code), r.Why,
			boolean(r.Ambiguous), boolean(r.Returned), millis(now)})
	}
	if len(changes) == 0 {
		return nil, nil
	}
	text, args := o.values(`UPDATE notice SET state = v.column3, next_try = v.column4, code = v.column5, why = v.column6,
			unsure = unsure + v.column7, tries = tries - v.column8, changed_at = v.column9
		FROM (`, changes, `) v WHERE notice.id = v.column1 AND notice.fence = v.column2 AND notice.state || '' = 'sending'
		RETURNING notice.id`)
	err = o.write(ctx, func(tx *sql.Tx) error {
		ids, err := readAll(ctx, tx, text, args, func(id *int64) []any { return []any{id} })
		if err != nil {
			return err
		}
		missed := map[int64]int64{} // fences by id
		told := map[string]*notice.ToldBooking{}
		for i := range reports {
			r := &reports[i]
			if !slices.Contains(ids, r.ID) {
				missed[r.ID] = r.Fence
				continue
			}
			if r.Told != nil {
				told[r.Subject] = r.Told
			}
			if err := o.recordEffects(ctx, tx, now, r); err != nil {
				return err
			}
		}
		if err := o.ledger.recordAppointments(ctx, tx, told); err != nil {
			return err
		}
		lost, err = o.lost(ctx, tx, missed)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	return lost, nil
}

// recordEffects writes the effects of a letter's end: what was told, an address to suppress, a withdrawn letter's
// appointment to wake.
func (o *Outbox) recordEffects(ctx context.Context, tx *sql.Tx, now time.Time, r *notice.Report) error {
	switch {
	case r.State == notice.Sent:
		return o.ledger.recordItems(ctx, tx, now, r.To, r.Notice.Told)
	case r.State == notice.Withdrawn:
		_, err := tx.ExecContext(ctx, `UPDATE appointment SET wake_at = 0, rev = rev + 1
			WHERE appointment_id = $1 AND gone_at = 0`, r.Subject)
		return err
	case r.State == notice.Failed && r.Suppress != "":
		_, err := tx.ExecContext(ctx, `INSERT INTO suppression (seeker_id, email, at) VALUES ($1, $2, $3)
			ON CONFLICT (seeker_id) DO UPDATE SET email = excluded.email, at = excluded.at`, r.To, r.Suppress, millis(now))
		if err != nil {
			return err
		}
		return o.addSkips(ctx, tx, now, []notice.Skip{{Key: r.Key, Letter: r.Letter, To: r.To, Subject: r.Subject,
			Why: notice.SuppressedAddress, Until: r.Expires}})
	}
	return nil
}

// errCommitting says that a claim was not yet committed when its letters were given back. The transaction is run again.
var errCommitting = errors.New("the claim is being committed")

// lost returns those of the missed letters that were not recorded before; a recorded letter keeps the fence of its
// claim.
func (o *Outbox) lost(ctx context.Context, tx *sql.Tx, missed map[int64]int64) (lost []int64, err error) {
	if len(missed) == 0 {
		return nil, nil
	}
	ids := slices.Sorted(maps.Keys(missed))
	err = forRows(ctx, tx, `SELECT id, fence, state FROM notice WHERE id IN `+o.list(1, len(ids))+`
		ORDER BY id`+o.forUpdate(), anys(ids), func(r *sql.Rows) error {
		var id, fence int64
		var state notice.State
		if err := r.Scan(&id, &fence, &state); err != nil {
			return err
		}
		switch {
		case fence != missed[id]:
		case state == notice.Sending:
			return errCommitting
		default:
			delete(missed, id)
		}
		return nil
	})
	return slices.Sorted(maps.Keys(missed)), err
}

// Suppressed reports whether the present address of a seeker has bounced.
func (o *Outbox) Suppressed(ctx context.Context, seeker string) (yes bool, err error) {
	err = o.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM suppression x
		JOIN seeker s ON s.seeker_id = x.seeker_id AND s.email = x.email WHERE x.seeker_id = $1)`, seeker).Scan(&yes)
	return yes, err
}
