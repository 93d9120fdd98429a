package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
)

// Letters lists the outbox. A list for a day, a person, a letter's id or a state other than sent and withdrawn reads
// about as many rows as it returns; any other reads the outbox until the list is full.
func (o *Outbox) Letters(ctx context.Context, f notice.Filter) ([]notice.Entry, error) {
	if f.Limit == 0 {
		f.Limit = 1_000_000
	}
	where, args := condition(f)
	order := `id`
	if f.Newest {
		order = `id DESC`
	}
	entries := []notice.Entry{}
	err := forRows(ctx, o.db, `SELECT id, key, letter, to_id, role, state, tries, next_try, code, why, run, policy, unsure,
			send_at, expires_at, planned_at, changed_at, dated_at, items
		FROM notice WHERE `+where+`
		ORDER BY `+order+` LIMIT `+fmt.Sprint(f.Limit), args, func(r *sql.Rows) error {
		e, err := scanEntry(r)
		entries = append(entries, e)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	return entries, nil
}

func scanEntry(r *sql.Rows) (e notice.Entry, err error) {
	var next time.Time
	var code int
	var items string
	err = r.Scan(&e.ID, &e.Key, &e.Letter, &e.To, &e.Role, &e.State, &e.Tries, moment{&next}, &code, &e.Why, &e.Run,
		&e.Policy, &e.Unsure, moment{&e.SendAt}, moment{&e.Expires}, moment{&e.Planned}, moment{&e.Changed},
		moment{&e.Dated}, &items)
	if err != nil {
		return e, err
	}
	if e.State == notice.Pending || e.State == notice.Deferred || e.State == notice.Unsure {
		e.NextTry = next.Format(time.RFC3339)
	}
	if code != 0 {
		e.Code = fmt.Sprint(code)
	}
	if list, err := notice.DecodeItems(items); err == nil { // an unreadable letter is listed too
		e.Items = len(list)
	}
	return e, nil
}

// condition returns the SQL of a filter. A state is named twice, so that its partial index is used.
func condition(f notice.Filter) (where string, args []any) {
	where = `id > 0`
	and := func(clause string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			clause = strings.Replace(clause, "?", fmt.Sprint("$", len(args)), 1)
		}
		where += ` AND ` + clause
	}
	switch notice.State(f.State) {
	case notice.Pending, notice.Deferred, notice.Unsure:
		and(`state IN ('pending', 'deferred', 'unsure')`)
	case notice.Held, notice.Failed:
		and(`state IN ('held', 'failed')`)
	case notice.Sending:
		and(`state = 'sending'`)
	}
	if f.State != "" {
		and(`state = ?`, f.State)
	}
	if f.Letter != "" {
		and(`letter = ?`, f.Letter)
	}
	if f.To != "" {
		and(`to_id = ?`, f.To)
	}
	if f.Day != 0 {
		and(`run IN (?, ?, ?, ?)`, runsOf(f.Day)...)
	}
	if f.ID != 0 {
		and(`id = ?`, f.ID)
	}
	if f.Before != 0 {
		and(`id < ?`, f.Before)
	}
	return where, args
}

// Retry makes a failed, held, unsure or deferred letter due at once.
func (o *Outbox) Retry(ctx context.Context, now time.Time, id int64) error {
	return o.decide(ctx, `UPDATE notice SET state = CASE WHEN unsure > 0 THEN 'unsure' ELSE 'pending' END, next_try = $1,
			changed_at = $1, why = 'by_hand', fence = fence + 1, released = 1
		WHERE id = $2 AND state IN ('failed', 'held', 'unsure', 'deferred')`, now, id)
}

// Withdraw withdraws a letter that is not out, for good.
func (o *Outbox) Withdraw(ctx context.Context, now time.Time, id int64) error {
	return o.decide(ctx, `UPDATE notice SET state = 'withdrawn', changed_at = $1, why = 'by_hand', fence = fence + 1
		WHERE id = $2 AND state IN ('pending', 'deferred', 'failed', 'held', 'unsure')`, now, id)
}

// decide returns notice.ErrState when the letter is in no state for the change.
func (o *Outbox) decide(ctx context.Context, query string, now time.Time, id int64) error {
	n, err := o.exec(ctx, query, millis(now), id)
	if err == nil && n == 0 {
		err = fmt.Errorf("letter %d: %w", id, notice.ErrState)
	}
	return err
}

// Release releases the letters of a run that the guard holds, and returns how many. What the run plans later is guarded
// again.
func (o *Outbox) Release(ctx context.Context, now time.Time, kind string, day calendar.Day) (n int, err error) {
	err = o.write(ctx, func(tx *sql.Tx) error {
		found, err := affected(tx.ExecContext(ctx, `UPDATE run SET state = 'released', released = planned
			WHERE kind = $1 AND day = $2 AND state = 'held'`, kind, day.String()))
		if err != nil {
			return err
		}
		if found == 0 {
			return fmt.Errorf("held run %s/%s: %w", kind, day, notice.ErrState)
		}
		n, err = affected(tx.ExecContext(ctx, `UPDATE notice
			SET state = CASE WHEN unsure > 0 THEN 'unsure' ELSE 'pending' END,
				why = 'released', changed_at = $1, released = 1
			WHERE run = $2 AND state = 'held' AND why = $3`, millis(now), kind+"/"+day.String(), notice.HeldByGuard))
		return err
	})
	return n, err
}
