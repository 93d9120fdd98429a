package store

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"time"

	"vireilla/internal/notice"
)

// ClaimFor is how long a claim holds: a letter may be begun in the first minutes, and the answer to its final dot may
// take ten minutes (RFC 5321, 4.5.3.2.6).
const ClaimFor = 13 * time.Minute

// maxFenceStep is the largest step of a fence. Steps are random: if each were one, a claim that was undone at its
// COMMIT would have the fence of the next claim, and whoever gave it back would end the next claim too.
const maxFenceStep = 1 << 40

// Claim takes up to n letters for sending: of those named, or of all that are due when none is named. State `sending`
// is committed before Claim returns, so no letter goes out without a database write. There are none while sending is
// blocked. now decides what is due; the claim runs by wall, the real time, which differs from now when a day is run
// later.
//
// With an error Claim returns the letters that may be claimed, because the answer to the COMMIT may be lost; the caller
// must give them back. A letter that cannot be read is returned too, marked Unreadable.
func (o *Outbox) Claim(ctx context.Context, now, wall time.Time, ids []int64, n int) ([]notice.Claimed, error) {
	named := ""
	args := []any{millis(now), millis(wall.Add(ClaimFor)), 1 + rand.Int64N(maxFenceStep)}
	if len(ids) > 0 {
		list := padded(ids)
		named = ` AND id IN ` + o.list(4, len(list))
		args = append(args, list...)
	}
	var claimed []notice.Claimed
	err := o.write(ctx, func(tx *sql.Tx) error {
		claimed = nil
		return forRows(ctx, tx, `UPDATE notice SET state = 'sending', fence = fence + $3, tries = tries + 1,
			claimed_until = $2, changed_at = $1, dated_at = CASE WHEN dated_at = 0 THEN $1 ELSE dated_at END
		WHERE `+o.inQuery("id", `SELECT id FROM notice
			WHERE state IN ('pending', 'deferred', 'unsure') AND next_try <= $1`+named+`
				AND NOT EXISTS (SELECT 1 FROM meta WHERE `+blocking+`)
			ORDER BY next_try, id LIMIT `+fmt.Sprint(n))+`
		RETURNING id, fence, key, letter, role, to_id, subject, language, send_at, expires_at, start_at, items, told, rest,
			late, tries, unsure, dated_at, claimed_until`, args, func(r *sql.Rows) error {
			c, err := scanClaimed(r)
			claimed = append(claimed, c)
			return err
		})
	})
	if err != nil {
		return claimed, fmt.Errorf("claim: %w", err)
	}
	return claimed, nil
}

func scanClaimed(r *sql.Rows) (c notice.Claimed, err error) {
	var items, told string
	err = r.Scan(&c.ID, &c.Fence, &c.Key, &c.Letter, &c.Role, &c.To, &c.Subject, &c.Language, moment{&c.SendAt},
		moment{&c.Expires}, moment{&c.Start}, &items, &told, &c.Rest, &c.Late, &c.Tries, &c.Unsure, moment{&c.Dated},
		moment{&c.Until})
	if err == nil {
		c.Items, err = notice.DecodeItems(items)
	}
	if err == nil {
		c.Notice.Told, err = notice.DecodeItems(told)
	}
	if err != nil && c.Fence > 0 { // an error would stop all letters for as long as the row exists
		c.Unreadable, err = true, nil
	}
	return c, err
}

// Due counts the letters that are due by now.
func (o *Outbox) Due(ctx context.Context, now time.Time) (n int, err error) {
	err = o.db.QueryRowContext(ctx, `SELECT count(*) FROM notice
		WHERE state IN ('pending', 'deferred', 'unsure') AND next_try <= $1`, millis(now)).Scan(&n)
	return n, err
}

// NextDue returns the time at which the next letter is due; the zero time when there is none.
func (o *Outbox) NextDue(ctx context.Context) (at time.Time, err error) {
	err = o.db.QueryRowContext(ctx, `SELECT min(next_try) FROM notice
		WHERE state IN ('pending', 'deferred', 'unsure')`).Scan(moment{&at})
	return at, err
}

// Hasten makes letters due at once that were deferred or that a person lets be tried again, but none before its send
// time. now may be in the past.
func (o *Outbox) Hasten(ctx context.Context, now time.Time) error {
	_, err := o.exec(ctx, `UPDATE notice SET next_try = CASE WHEN send_at > $1 THEN send_at ELSE $1 END
		WHERE (state = 'deferred' AND tries > 0 OR state IN ('pending', 'unsure') AND why = 'by_hand')
			AND next_try > $1 AND next_try > send_at`, millis(now))
	return err
}

// FreeStuck makes letters unsure whose claim has ended: their worker died and may have sent them. The second time, and
// at once for the letters in hold, a person decides. What such a letter may have told of an appointment counts as told,
// so the next letter is written as a change. It returns how many were freed.
func (o *Outbox) FreeStuck(ctx context.Context, wall time.Time, hold []string) (n int, err error) {
	err = o.write(ctx, func(tx *sql.Tx) error {
		freed, err := readAll(ctx, tx, `UPDATE notice SET changed_at = $1, next_try = $2, why = 'crash',
				unsure = unsure + 1, fence = fence + 1,
				state = CASE WHEN unsure > 0 OR letter IN `+o.list(3, len(hold))+` THEN 'held' ELSE 'unsure' END
			WHERE state = 'sending' AND claimed_until <= $1
			RETURNING letter, subject, start_at, claimed_until`,
			append([]any{millis(wall), millis(wall.Add(notice.UnsureWait))}, anys(hold)...),
			func(u *unsure) []any { return []any{&u.letter, &u.subject, &u.start, &u.until} })
		if err != nil {
			return err
		}
		for _, u := range freed {
			if err := o.ledger.recordUnsure(ctx, tx, wall, u); err != nil {
				return err
			}
		}
		n = len(freed)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("free stuck letters: %w", err)
	}
	return n, nil
}
