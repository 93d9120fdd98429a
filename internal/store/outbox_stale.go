package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"vireilla/internal/notice"
)

// Unknown counts the handovers that the outbox does not know: the letter is missing, or its fence is older.
func (o *Outbox) Unknown(ctx context.Context, handovers []notice.HandoverID) (n int, err error) {
	known, err := o.claims(ctx, handovers)
	if err != nil {
		return 0, err
	}
	for _, h := range handovers {
		if row, found := known[h.Key]; !found || row.fence < h.Fence {
			n++
		}
	}
	return n, nil
}

// Stale returns the letters of which a journal knows more than the outbox, and that went out or may have.
func (o *Outbox) Stale(ctx context.Context, letters []notice.Handover) (found []notice.Stale, err error) {
	handovers := make([]notice.HandoverID, len(letters))
	for i := range letters {
		handovers[i] = notice.HandoverID{Key: letters[i].Key, Fence: letters[i].Fence}
	}
	known, err := o.claims(ctx, handovers)
	if err != nil {
		return nil, err
	}
	for i := range letters {
		l := &letters[i]
		if row := known[l.Key]; l.State != notice.Deferred && row.fence < l.Fence {
			found = append(found, notice.Stale{Handover: *l, InOutbox: row.state})
		}
	}
	return found, nil
}

// claimRow is what the outbox knows of the newest claim of a letter.
type claimRow struct {
	key   string
	fence int64
	state notice.State
}

func (o *Outbox) claims(ctx context.Context, handovers []notice.HandoverID) (map[string]claimRow, error) {
	found := map[string]claimRow{}
	for part := range slices.Chunk(handovers, 625) {
		keys := make([]string, len(part))
		for i, h := range part {
			keys[i] = h.Key
		}
		list := padded(keys)
		rows, err := readAll(ctx, o.db, `SELECT key, fence, state FROM notice WHERE key IN `+o.list(1, len(list)), list,
			func(c *claimRow) []any { return []any{&c.key, &c.fence, &c.state} })
		if err != nil {
			return nil, fmt.Errorf("compare the outbox with the send journal: %w", err)
		}
		for _, row := range rows {
			found[row.key] = row
		}
	}
	return found, nil
}

// TakeOver writes what a journal knows into the outbox. A letter that the relay accepted becomes sent, with all that it
// told; one that the relay may have accepted becomes held, for a person to decide. It returns how many of each.
func (o *Outbox) TakeOver(ctx context.Context, now time.Time, letters []notice.Stale) (sent, held int, err error) {
	for part := range slices.Chunk(letters, 500) {
		err := o.write(ctx, func(tx *sql.Tx) error {
			last, err := lastID(ctx, tx, len(part))
			if err != nil {
				return err
			}
			for i := range part {
				if err := o.takeOver(ctx, tx, now, last-int64(i), &part[i]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return sent, held, fmt.Errorf("take over the send journal: %w", err)
		}
		for i := range part {
			if part[i].State == notice.Sent {
				sent++
			} else {
				held++
			}
		}
	}
	return sent, held, nil
}

func (o *Outbox) takeOver(ctx context.Context, tx *sql.Tx, now time.Time, id int64, l *notice.Stale) error {
	state, code, why := notice.Sent, 250, "journal"
	if l.State != notice.Sent {
		state, code, why = notice.Held, 0, "unsure"
	}
	items, told, err := encodeItems(&l.Notice)
	if err != nil {
		return err
	}
	if _, err = tx.ExecContext(ctx, `INSERT INTO notice (id, key, letter, role, to_id, subject, language, send_at,
			expires_at, start_at, items, told, rest, late, run, policy, planned_at, state, next_try, changed_at, fence,
			tries, unsure, dated_at, code, why)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, '', '', $15, $16, $8, $17, $18, 1, $19,
			$20, $21, $22)
		ON CONFLICT (key) DO UPDATE SET state = excluded.state, changed_at = excluded.changed_at, fence = excluded.fence,
			tries = notice.tries + 1,
			unsure = CASE WHEN notice.unsure > excluded.unsure THEN notice.unsure ELSE excluded.unsure END,
			dated_at = CASE WHEN notice.dated_at = 0 THEN excluded.dated_at ELSE notice.dated_at END,
			code = excluded.code, why = excluded.why, items = excluded.items, told = excluded.told, rest = excluded.rest,
			late = excluded.late, expires_at = excluded.expires_at, start_at = excluded.start_at`,
		id, l.Key, l.Letter, l.Role, l.To, l.Subject, l.Language, millis(l.SendAt), millis(l.Expires), millis(l.Start), items,
		told, l.Rest, l.Late, millis(l.At), string(state), millis(now), l.Fence+1, l.Unsure, millis(l.Dated), code,
		why); err != nil {
		return err
	}
	u := unsure{letter: l.Letter, subject: l.Subject, start: millis(l.Start), until: millis(l.At.Add(ClaimFor))}
	if err := o.ledger.recordUnsure(ctx, tx, l.At, u); err != nil || state != notice.Sent || l.Role == notice.ToSeeker {
		return err
	}
	return o.ledger.recordItems(ctx, tx, l.At, l.To, l.Notice.Told)
}
