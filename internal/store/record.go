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
	"vireilla/internal/policy"
)

// Record writes down what became of some letters, all at once. Each change names the state and fence it came from; a letter that somebody else owns by now is left
// alone, and told in lost by its id. To record the same once more, because the answer was lost, changes nothing and loses nothing.
func (s *DB) Record(ctx context.Context, now time.Time, reports []notice.Report) (lost []int64, err error) {
	var changes [][]any
	for i := range reports {
		r := &reports[i]
		changes = append(changes, []any{r.ID, r.Fence, string(r.State), millis(r.Try), int64(r.Code), r.Why, boolean(r.Ambiguous), boolean(r.Returned), millis(now)})
	}
	if len(changes) == 0 {
		return nil, nil
	}
	text, args := s.dia.rows(`UPDATE notice SET state = v.column3, next_try = v.column4, code = v.column5, why = v.column6, unsure = unsure + v.column7,
			tries = tries - v.column8, changed_at = v.column9
		FROM (`, changes, `) v WHERE notice.id = v.column1 AND notice.fence = v.column2 AND notice.state || '' = 'sending' RETURNING notice.id`)
	err = s.write(ctx, func(tx *sql.Tx) error {
		ours := map[int64]bool{}
		if err := each(ctx, tx, text, args, func(r *sql.Rows) error {
			var id int64
			err := r.Scan(&id)
			ours[id] = true
			return err
		}); err != nil {
			return err
		}
		for i := range reports {
			r := &reports[i]
			if !ours[r.ID] {
				continue
			}
			if err := s.keepTold(ctx, tx, now, r); err != nil {
				return err
			}
		}
		if err := s.keepBookings(ctx, tx, reports, ours); err != nil {
			return err
		}
		lost, err = s.lost(ctx, tx, reports, ours)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	return lost, nil
}

// errLate says that a claim was committed while its letters were given back.
var errLate = errors.New("a claim was committed only now")

// lost gives the letters whose report changed nothing, without those that were recorded before: these stand under the fence of their claim. A claim that is being committed
// just now is waited for.
func (s *DB) lost(ctx context.Context, tx *sql.Tx, reports []notice.Report, ours map[int64]bool) (lost []int64, err error) {
	missed := map[int64]int64{} // fences
	for i := range reports {
		if r := &reports[i]; !ours[r.ID] {
			missed[r.ID] = r.Fence
		}
	}
	if len(missed) == 0 {
		return nil, nil
	}
	ids := slices.Sorted(maps.Keys(missed))
	err = each(ctx, tx, `SELECT id, fence, state FROM notice WHERE id IN `+s.dia.list(1, len(ids))+` ORDER BY id`+s.dia.forUpdate(false), anys(ids), func(r *sql.Rows) error {
		var id, fence int64
		var state notice.State
		if err := r.Scan(&id, &fence, &state); err != nil {
			return err
		}
		switch {
		case fence != missed[id]:
		case state == notice.Sending:
			return errLate
		default:
			delete(missed, id)
		}
		return nil
	})
	return slices.Sorted(maps.Keys(missed)), err
}

// keepBookings keeps what those letters that are ours have told of appointments, and wakes those of which it is not true any more.
func (s *DB) keepBookings(ctx context.Context, tx *sql.Tx, reports []notice.Report, ours map[int64]bool) error {
	text, args := s.tellings(reports, ours)
	if len(args) == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, text, args...)
	return err
}

// changedMeanwhile is true of an appointment that is not as a letter told it. Who looked at it while the letter was on its way took what was told before for the last word: it is looked at
// again.
const changedMeanwhile = `gone_at = 0 AND (state = 'booked' AND (v.column8 = 1 OR starts_at <> v.column3 OR mode <> v.column5 OR place <> v.column6) OR state <> 'booked' AND v.column8 = 0)`

// tellings is the change that keeps what those letters that are ours have told of appointments, in the order of their ids, so that two do not wait for each other; of several letters about one
// appointment the last.
func (s *DB) tellings(reports []notice.Report, ours map[int64]bool) (text string, args []any) {
	told := map[string]*notice.ToldBooking{}
	for i := range reports {
		if r := &reports[i]; r.Told != nil && ours[r.ID] {
			told[r.Subject] = r.Told
		}
	}
	if len(told) == 0 {
		return "", nil
	}
	var rows [][]any
	for _, id := range slices.Sorted(maps.Keys(told)) {
		t := told[id]
		rows = append(rows, []any{id, millis(t.At), millis(t.StartsAt), millis(t.Was), t.Mode, t.Place, int64(t.Sequence), boolean(t.Cancelled)})
	}
	return s.dia.rows(`UPDATE appointment SET told_at = v.column2, told_start = v.column3, told_was = v.column4, told_mode = v.column5, told_place = v.column6,
			told_sequence = v.column7, told_cancelled = v.column8,
			rev = rev + CASE WHEN `+changedMeanwhile+` THEN 1 ELSE 0 END, wake_at = CASE WHEN `+changedMeanwhile+` THEN 0 ELSE wake_at END
		FROM (`, rows, `) v WHERE appointment.appointment_id = v.column1`)
}

// keepTold keeps what a digest that went out has told, hands a letter that never will to the coach, and wakes what a withdrawn one was about.
func (s *DB) keepTold(ctx context.Context, tx *sql.Tx, now time.Time, r *notice.Report) error {
	switch r.State {
	case notice.Withdrawn:
		_, err := tx.ExecContext(ctx, `UPDATE appointment SET wake_at = 0, rev = rev + 1 WHERE appointment_id = $1 AND gone_at = 0`, r.Subject)
		return err
	case notice.Failed:
		if r.Suppress == "" {
			return nil
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO suppression (seeker_id, email, at) VALUES ($1, $2, $3)
			ON CONFLICT (seeker_id) DO UPDATE SET email = excluded.email, at = excluded.at`, r.To, r.Suppress, millis(now))
		if err != nil {
			return err
		}
		return s.addSkips(ctx, tx, now, []notice.Skip{{Key: r.Key, Letter: r.Letter, To: r.To, Subject: r.Subject, Why: notice.SuppressedAddress, Until: r.Expires}})
	case notice.Sent:
		if err := s.toldItems(ctx, tx, now, r); err != nil {
			return err
		}
	}
	return nil
}

func (s *DB) toldItems(ctx context.Context, tx *sql.Tx, now time.Time, r *notice.Report) error {
	stages := map[policy.Key]policy.Stage{} // PostgreSQL does not write one row twice in a statement
	key := func(i notice.Item) policy.Key {
		return policy.Key{Seeker: i.Seeker, Rule: i.Rule, Subject: i.Subject, Anchor: i.Anchor}
	}
	for _, i := range r.Notice.Told {
		stages[key(i)] = max(stages[key(i)], i.Stage)
	}
	var rows []any
	for _, i := range r.Notice.Told {
		if stage, open := stages[key(i)]; open {
			rows = append(rows, i.Seeker, i.Rule, i.Subject, i.Anchor.String(), r.To, int(stage), millis(now))
			delete(stages, key(i))
		}
	}
	return s.insertMany(ctx, tx, `INSERT INTO told (seeker_id, rule, subject, anchor, owner, stage, told_at) VALUES `,
		` ON CONFLICT DO NOTHING`, 7, rows)
}
