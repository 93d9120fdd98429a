package store

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"time"

	"vireilla/internal/notice"
)

// ClaimFor is how long a claim holds: a letter may be begun in the first minutes, and the answer to its final dot may take ten (RFC 5321, 4.5.3.2.6).
const ClaimFor = 13 * time.Minute

// mostStep is how far the fence of a letter moves at most. It moves by chance: were it by one, a claim that was undone at its COMMIT had the fence of the next one, and
// whoever gives it back would take the letter from somebody else's hands.
const mostStep = 1 << 40

// Claim takes up to n letters for sending: of those named, or of all that are due when none is named. `sending` is committed before it returns: no
// database write, no letter. While the kill switch is on, or the database is behind a send journal, there are none. now says what is due; the claim holds
// by wall, the real time, which differs from it when a day is run later. With an error it gives the letters that are perhaps taken all the same, for the
// answer to a COMMIT may be lost: they are to be given back. A letter that cannot be read is given with the others, and says so.
func (s *DB) Claim(ctx context.Context, now, wall time.Time, ids []int64, n int) ([]notice.Claimed, error) {
	named := ""
	args := []any{millis(now), millis(wall.Add(ClaimFor)), 1 + rand.Int64N(mostStep)}
	if len(ids) > 0 {
		list := filled(ids)
		named = ` AND id IN ` + s.dia.list(4, len(list))
		args = append(args, list...)
	}
	var claimed []notice.Claimed
	err := s.write(ctx, func(tx *sql.Tx) error {
		claimed = nil
		return each(ctx, tx, `UPDATE notice SET state = 'sending', fence = fence + $3, tries = tries + 1, claimed_until = $2, changed_at = $1,
			dated_at = CASE WHEN dated_at = 0 THEN $1 ELSE dated_at END
		WHERE `+s.dia.picked("id", `SELECT id FROM notice WHERE state IN ('pending', 'deferred', 'unsure') AND next_try <= $1`+named+`
				AND NOT EXISTS (SELECT 1 FROM meta WHERE `+halts+`)
			ORDER BY next_try, id LIMIT `+fmt.Sprint(n))+`
		RETURNING id, fence, key, letter, role, to_id, subject, language, send_at, expires_at, start_at, items, told, rest, late, tries, unsure, dated_at, claimed_until`, args, func(r *sql.Rows) error {
			c, err := claimedFrom(r)
			claimed = append(claimed, c)
			return err
		})
	})
	if err != nil {
		return claimed, fmt.Errorf("claim: %w", err)
	}
	return claimed, nil
}

func claimedFrom(r *sql.Rows) (c notice.Claimed, err error) {
	var items, told string
	err = r.Scan(&c.ID, &c.Fence, &c.Key, &c.Letter, &c.Role, &c.To, &c.Subject, &c.Language, moment{&c.SendAt}, moment{&c.Expires}, moment{&c.Start}, &items, &told,
		&c.Rest, &c.Late, &c.Tries, &c.Unsure, moment{&c.Dated}, moment{&c.Until})
	if err == nil {
		c.Items, err = notice.DecodeItems(items)
	}
	if err == nil {
		c.Notice.Told, err = notice.DecodeItems(told)
	}
	if err != nil && c.Fence > 0 { // an error would let no letter out for as long as the row is there
		c.Unreadable, err = true, nil
	}
	return c, err
}

func boolean(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// Due counts the letters that are due by now.
func (s *DB) Due(ctx context.Context, now time.Time) (n int, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT count(*) FROM notice WHERE state IN ('pending', 'deferred', 'unsure') AND next_try <= $1`, millis(now)).Scan(&n)
	return n, err
}

// NextDue gives the time at which the next waiting letter is due; the zero time when none waits.
func (s *DB) NextDue(ctx context.Context) (at time.Time, err error) {
	var ms sql.NullInt64
	err = s.db.QueryRowContext(ctx, `SELECT min(next_try) FROM notice WHERE state IN ('pending', 'deferred', 'unsure')`).Scan(&ms)
	return instant(ms.Int64), err
}
