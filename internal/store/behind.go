package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"vireilla/internal/notice"
)

// A database that was restored from a backup is behind the send journals: letters went out of which it knows nothing. While meta has a row behind/JOURNAL, no letter is
// claimed or begun.

const behind = `behind/`

// Pulse tells how far the timetable was kept: a database that is restored falls back in it. The zero time when it never was.
func (s *DB) LastTick(ctx context.Context) (at time.Time, err error) {
	err = each(ctx, s.db, `SELECT max(due_at) FROM tick WHERE name = 'sweep'`, nil, func(r *sql.Rows) error { return r.Scan(moment{&at}) })
	if err != nil {
		return at, fmt.Errorf("read the pulse: %w", err)
	}
	return at, nil
}

// Unknown counts the handings over that the outbox does not know: it lacks the letter, or had it claimed less often.
func (s *DB) Unknown(ctx context.Context, hands []notice.HandoverID) (n int, err error) {
	fences, err := s.fences(ctx, hands)
	for _, h := range hands {
		if row, known := fences[h.Key]; err == nil && (!known || row.fence < h.Fence) {
			n++
		}
	}
	return n, err
}

// Behind gives the letters of which a journal knows more than the outbox does, and that went out or may have.
func (s *DB) Stale(ctx context.Context, letters []notice.Handover) (found []notice.Stale, err error) {
	hands := make([]notice.HandoverID, len(letters))
	for i := range letters {
		hands[i] = notice.HandoverID{Key: letters[i].Key, Fence: letters[i].Fence}
	}
	fences, err := s.fences(ctx, hands)
	for i := range letters {
		l := &letters[i]
		if row := fences[l.Key]; err == nil && l.State != notice.Deferred && row.fence < l.Fence {
			found = append(found, notice.Stale{Handover: *l, InOutbox: row.state})
		}
	}
	return found, err
}

type fenced struct {
	fence int64
	state notice.State
}

func (s *DB) fences(ctx context.Context, hands []notice.HandoverID) (map[string]fenced, error) {
	found := map[string]fenced{}
	for len(hands) > 0 {
		part := hands[:min(625, len(hands))]
		hands = hands[len(part):]
		keys := make([]string, len(part))
		for i, h := range part {
			keys[i] = h.Key
		}
		list := filled(keys)
		err := each(ctx, s.db, `SELECT key, fence, state FROM notice WHERE key IN `+s.dia.list(1, len(list)), list, func(r *sql.Rows) error {
			var key string
			var f fenced
			err := r.Scan(&key, &f.fence, &f.state)
			found[key] = f
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("hold the outbox against the send journal: %w", err)
		}
	}
	return found, nil
}

// SetBehind holds all letters because of what a journal knows, as SetStopped does; ClearBehind ends that.
func (s *DB) SetStale(ctx context.Context, journal string, since time.Time) error {
	return s.halt(ctx, behind+journal, since.UTC().Format(time.RFC3339))
}

// ClearBehind ends SetBehind.
func (s *DB) ClearStale(ctx context.Context, journal string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM meta WHERE name = $1`, behind+journal)
		return err
	})
}

// BehindOf names the journals because of which all letters are held.
func (s *DB) StaleBy(ctx context.Context) (journals []string, err error) {
	err = each(ctx, s.db, `SELECT name FROM meta WHERE name LIKE 'behind/%' ORDER BY name`, nil, func(r *sql.Rows) error {
		var name string
		err := r.Scan(&name)
		journals = append(journals, name[min(len(behind), len(name)):])
		return err
	})
	return journals, err
}

// halt writes a row that halts, and waits until nobody goes by an answer from before.
func (s *DB) halt(ctx context.Context, name, value string) error {
	err := s.write(ctx, func(tx *sql.Tx) error { return setMeta(ctx, tx, name, value) })
	if err == nil {
		time.Sleep(2 * BlockedMaxAge)
	}
	return err
}

// HaltedFor is how long one may go by an answer of Halted, counted from before it was asked: who throws the kill switch waits for longer.
const BlockedMaxAge = 20 * time.Millisecond

// Halted tells whether no letter may be begun: the kill switch is on, or the database is behind.
func (s *DB) SendingBlocked(ctx context.Context) (halted bool, err error) {
	if err := s.Sound(); err != nil {
		return true, err
	}
	err = each(ctx, s.db, `SELECT 1 FROM meta WHERE `+halts, nil, func(*sql.Rows) error {
		halted = true
		return nil
	})
	return halted, err
}

const halts = `name = 'stopped' OR name >= 'behind/' AND name < 'behind0'` // a range, which the index serves

// TakeOver writes into the outbox what a journal knows: a letter that the relay took is sent, with all that it told; of one that it may have taken a
// person decides. It gives how many of both.
func (s *DB) TakeOver(ctx context.Context, now time.Time, letters []notice.Stale) (sent, held int, err error) {
	for len(letters) > 0 && err == nil {
		part := letters[:min(500, len(letters))]
		letters = letters[len(part):]
		err = s.write(ctx, func(tx *sql.Tx) error {
			last, err := lastID(ctx, tx, len(part))
			if err != nil {
				return err
			}
			for i := range part {
				if err := s.takeOver(ctx, tx, now, last-int64(i), &part[i]); err != nil {
					return err
				}
			}
			return nil
		})
		for i := range part {
			switch {
			case err != nil:
			case part[i].State == notice.Sent:
				sent++
			default:
				held++
			}
		}
	}
	if err != nil {
		return sent, held, fmt.Errorf("take over the send journal: %w", err)
	}
	return sent, held, nil
}

func (s *DB) takeOver(ctx context.Context, tx *sql.Tx, now time.Time, id int64, b *notice.Stale) error {
	state, code, why := notice.Sent, 250, "journal"
	if b.State != notice.Sent {
		state, code, why = notice.Held, 0, "unsure"
	}
	items, err := notice.EncodeItems(b.Items)
	if err != nil {
		return err
	}
	told, err := notice.EncodeItems(b.Notice.Told)
	if err != nil {
		return err
	}
	if _, err = tx.ExecContext(ctx, `INSERT INTO notice (id, key, letter, role, to_id, subject, language, send_at, expires_at, start_at, items, told, rest, late, run, policy,
			planned_at, state, next_try, changed_at, fence, tries, unsure, dated_at, code, why)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, '', '', $15, $16, $8, $17, $18, 1, $19, $20, $21, $22)
		ON CONFLICT (key) DO UPDATE SET state = excluded.state, changed_at = excluded.changed_at, fence = excluded.fence, tries = notice.tries + 1,
			unsure = CASE WHEN notice.unsure > excluded.unsure THEN notice.unsure ELSE excluded.unsure END,
			dated_at = CASE WHEN notice.dated_at = 0 THEN excluded.dated_at ELSE notice.dated_at END, code = excluded.code, why = excluded.why,
			items = excluded.items, told = excluded.told, rest = excluded.rest, late = excluded.late, expires_at = excluded.expires_at, start_at = excluded.start_at`,
		id, b.Key, b.Letter, b.Role, b.To, b.Subject, b.Language, millis(b.SendAt), millis(b.Expires), millis(b.Start), items, told, b.Rest, b.Late,
		millis(b.At), string(state), millis(now), b.Fence+1, b.Unsure, millis(b.Dated), code, why); err != nil {
		return err
	}
	f := stuck{letter: b.Letter, subject: b.Subject, start: millis(b.Start), until: millis(b.At.Add(ClaimFor))}
	if err := f.toldPerhaps(ctx, tx, b.At); err != nil || state != notice.Sent || b.Role == notice.ToSeeker {
		return err
	}
	return s.toldItems(ctx, tx, b.At, &notice.Report{Claimed: notice.Claimed{Notice: b.Notice}})
}
