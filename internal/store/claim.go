package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"vireilla/internal/notice"
	"vireilla/internal/policy"
)

// ClaimFor is how long a claim holds: a letter may be begun in the first minutes, and the answer to its final dot may take ten (RFC 5321, 4.5.3.2.6).
const ClaimFor = 13 * time.Minute

// Claim takes up to n letters for sending: of those named, or of all that are due when none is named. `sending` is committed before it returns: no
// database write, no letter. While the kill switch is on there are none. now says what is due; the claim holds by wall, the real time, which differs from
// it when a day is run later.
func (s *Store) Claim(ctx context.Context, now, wall time.Time, ids []int64, n int) ([]notice.Claimed, error) {
	named := ""
	args := []any{millis(now), millis(wall.Add(ClaimFor))}
	if len(ids) > 0 {
		list := filled(ids)
		named = ` AND id IN ` + s.dia.list(3, len(list))
		args = append(args, list...)
	}
	claim, err := s.prepare(ctx, `UPDATE notice SET state = 'sending', fence = fence + 1, tries = tries + 1, claimed_until = $2, changed_at = $1,
			dated_at = CASE WHEN dated_at = 0 THEN $1 ELSE dated_at END
		WHERE `+s.dia.picked("id", `SELECT id FROM notice WHERE state IN ('pending', 'deferred', 'unsure') AND next_try <= $1`+named+`
				AND NOT EXISTS (SELECT 1 FROM meta WHERE name = 'stopped')
			ORDER BY next_try, id LIMIT `+fmt.Sprint(n))+`
			AND state IN ('pending', 'deferred', 'unsure')
		RETURNING id, key, letter, role, to_id, subject, language, send_at, expires_at, start_at, items, told, rest, late, fence, tries, unsure, dated_at, claimed_until`)
	if err != nil {
		return nil, fmt.Errorf("claim: %w", err)
	}
	var claimed []notice.Claimed
	err = s.write(ctx, func(tx *sql.Tx) error {
		claimed = nil
		rows, err := tx.StmtContext(ctx, claim).QueryContext(ctx, args...)
		return handRows(rows, err, func(r *sql.Rows) error {
			c, err := claimedFrom(r)
			claimed = append(claimed, c)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("claim: %w", err)
	}
	return claimed, nil
}

func claimedFrom(r *sql.Rows) (c notice.Claimed, err error) {
	var items, told string
	err = r.Scan(&c.ID, &c.Key, &c.Letter, &c.Role, &c.To, &c.Subject, &c.Language, moment{&c.SendAt}, moment{&c.Expires}, moment{&c.Start}, &items, &told,
		&c.Rest, &c.Late, &c.Fence, &c.Tries, &c.Unsure, moment{&c.Dated}, moment{&c.Until})
	if err != nil {
		return c, err
	}
	if c.Items, err = decodeItems(items); err == nil {
		c.Notice.Told, err = decodeItems(told)
	}
	if err != nil {
		return c, fmt.Errorf("items of %d: %w", c.ID, err)
	}
	return c, nil
}

// Record writes down what became of some letters, all at once. Each change names the state and fence it came from; a letter that somebody else owns by now is left
// alone, and told in lost by its id.
func (s *Store) Record(ctx context.Context, now time.Time, reports []notice.Report) (lost []int64, err error) {
	change, err := s.prepare(ctx, `UPDATE notice SET state = $1, next_try = $2, code = $3, why = $4, unsure = unsure + $5, tries = tries - $6, changed_at = $7
		WHERE id = $8 AND fence = $9 AND state = 'sending'`)
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	told, err := s.prepare(ctx, `UPDATE appointment SET told_at = $1, told_start = $2, told_mode = $3, told_place = $4, told_sequence = $5, told_cancelled = $6
		WHERE appointment_id = $7`)
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	err = s.write(ctx, func(tx *sql.Tx) error {
		lost = nil
		change, told := tx.StmtContext(ctx, change), tx.StmtContext(ctx, told)
		for i := range reports {
			r := &reports[i]
			result, err := change.ExecContext(ctx, string(r.State), millis(r.Try), r.Code, r.Why, boolean(r.Ambiguous), boolean(r.Released), millis(now), r.ID, r.Fence)
			if err != nil {
				return err
			}
			n, err := result.RowsAffected()
			if err != nil {
				return err
			}
			if n == 0 {
				lost = append(lost, r.ID)
				continue
			}
			if err := s.keepTold(ctx, tx, told, now, r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return lost, fmt.Errorf("record: %w", err)
	}
	return lost, nil
}

// keepTold keeps what a letter that went out has told, hands one that never will to the coach, and wakes what a withdrawn one was about.
func (s *Store) keepTold(ctx context.Context, tx *sql.Tx, told *sql.Stmt, now time.Time, r *notice.Report) error {
	switch r.State {
	case notice.Withdrawn:
		_, err := tx.ExecContext(ctx, `UPDATE appointment SET wake_at = 0 WHERE appointment_id = $1 AND $1 <> ''`, r.Subject)
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
	if t := r.Told; t != nil {
		_, err := told.ExecContext(ctx, millis(t.At), millis(t.StartsAt), t.Mode, t.Place, t.Sequence, boolean(t.Cancelled), r.Subject)
		return err
	}
	return nil
}

func (s *Store) toldItems(ctx context.Context, tx *sql.Tx, now time.Time, r *notice.Report) error {
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
		` ON CONFLICT (seeker_id, rule, subject, anchor, owner) DO UPDATE SET stage = excluded.stage, told_at = excluded.told_at WHERE excluded.stage > told.stage`, 7, rows)
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// FreeStuck makes letters whose claim has ended unsure: whoever held them died, and perhaps handed them over. A second time a person decides.
func (s *Store) FreeStuck(ctx context.Context, wall time.Time) (int, error) {
	result, err := s.db.ExecContext(ctx, `UPDATE notice SET state = CASE WHEN unsure > 0 THEN 'held' ELSE 'unsure' END, why = 'crash', unsure = unsure + 1,
			fence = fence + 1, next_try = $2, changed_at = $1
		WHERE state = 'sending' AND claimed_until <= $1`, millis(wall), millis(wall.Add(notice.UnsureWait)))
	if err != nil {
		return 0, fmt.Errorf("free the stuck: %w", err)
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// Due tells whether letters are due by now.
func (s *Store) Due(ctx context.Context, now time.Time) (n int, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM notice WHERE state IN ('pending', 'deferred', 'unsure') AND next_try <= $1 LIMIT 1000) d`, millis(now)).Scan(&n)
	return n, err
}

// NextDue gives the time at which the next waiting letter is due; the zero time when none waits.
func (s *Store) NextDue(ctx context.Context) (at time.Time, err error) {
	var ms sql.NullInt64
	err = s.db.QueryRowContext(ctx, `SELECT min(next_try) FROM notice WHERE state IN ('pending', 'deferred', 'unsure')`).Scan(&ms)
	return instant(ms.Int64), err
}
