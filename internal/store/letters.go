package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
)

// Letters lists the outbox. A list for a day, a person, a letter's id or a state other than sent and withdrawn reads about what it gives; any other goes through
// the outbox until it is full.
func (s *DB) Letters(ctx context.Context, f notice.Filter) ([]notice.Entry, error) {
	if f.Limit == 0 {
		f.Limit = 1_000_000
	}
	where, args := narrowed(f)
	order := `id`
	if f.Newest {
		order = `id DESC`
	}
	entries := []notice.Entry{}
	err := each(ctx, s.db, `SELECT id, key, letter, to_id, role, state, tries, next_try, code, why, run, policy, unsure, send_at, expires_at, planned_at, changed_at, dated_at, items
		FROM notice WHERE `+where+`
		ORDER BY `+order+` LIMIT `+fmt.Sprint(f.Limit), args, func(r *sql.Rows) error {
		var e notice.Entry
		var next time.Time
		var code int
		var items string
		err := r.Scan(&e.ID, &e.Key, &e.Letter, &e.To, &e.Role, &e.State, &e.Tries, moment{&next}, &code, &e.Why, &e.Run, &e.Policy, &e.Unsure,
			moment{&e.SendAt}, moment{&e.Expires}, moment{&e.Planned}, moment{&e.Changed}, moment{&e.Dated}, &items)
		if err != nil {
			return err
		}
		if e.State == notice.Pending || e.State == notice.Deferred || e.State == notice.Unsure {
			e.NextTry = next.Format(time.RFC3339)
		}
		if code != 0 {
			e.Code = fmt.Sprint(code)
		}
		if list, err := notice.DecodeItems(items); err == nil { // one that cannot be read is listed all the same
			e.Items = len(list)
		}
		entries = append(entries, e)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	return entries, nil
}

// narrowed gives the condition of a filter. A state is named twice, so that the index of such states is found.
func narrowed(f notice.Filter) (where string, args []any) {
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

// runsOf names the runs of a day as letters do.
func runsOf(day calendar.Day) (runs []any) {
	for _, kind := range notice.RunKinds() {
		runs = append(runs, kind+"/"+day.String())
	}
	return runs
}

// Retry lets a failed, held, unsure or deferred letter be tried at once.
func (s *DB) Retry(ctx context.Context, now time.Time, id int64) error {
	return s.decide(ctx, `UPDATE notice SET state = CASE WHEN unsure > 0 THEN 'unsure' ELSE 'pending' END, next_try = $1, changed_at = $1, why = 'by_hand', fence = fence + 1,
			released = 1
		WHERE id = $2 AND state IN ('failed', 'held', 'unsure', 'deferred')`, now, id)
}

// Withdraw takes a letter that is not out back for good.
func (s *DB) Withdraw(ctx context.Context, now time.Time, id int64) error {
	return s.decide(ctx, `UPDATE notice SET state = 'withdrawn', changed_at = $1, why = 'by_hand', fence = fence + 1
		WHERE id = $2 AND state IN ('pending', 'deferred', 'failed', 'held', 'unsure')`, now, id)
}

func (s *DB) decide(ctx context.Context, query string, now time.Time, id int64) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, query, millis(now), id)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, fmt.Errorf("letter %d: %w", id, notice.ErrState))
		}
		return nil
	})
}

// Release lets the letters of a run that the guard holds go out; it gives how many. What the run plans later counts anew.
func (s *DB) Release(ctx context.Context, now time.Time, kind string, day calendar.Day) (n int, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE run SET state = 'released', released = planned WHERE kind = $1 AND day = $2 AND state = 'held'`, kind, day.String())
		if err != nil {
			return err
		}
		if found, err := result.RowsAffected(); err != nil || found == 0 {
			return errors.Join(err, fmt.Errorf("held run %s/%s: %w", kind, day, notice.ErrState))
		}
		result, err = tx.ExecContext(ctx, `UPDATE notice SET state = CASE WHEN unsure > 0 THEN 'unsure' ELSE 'pending' END, why = 'released', changed_at = $1, released = 1
			WHERE run = $2 AND state = 'held' AND why = $3`,
			millis(now), kind+"/"+day.String(), notice.HeldByGuard)
		if err != nil {
			return err
		}
		rows, err := result.RowsAffected()
		n = int(rows)
		return err
	})
	return n, err
}

// SetStopped turns the kill switch: while it is on, no letter is claimed, and of those that are, none is begun. When it returns, nobody goes by an answer of Halted from before.
func (s *DB) SetKillSwitch(ctx context.Context, stopped bool) error {
	if stopped {
		return s.halt(ctx, "stopped", "yes")
	}
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM meta WHERE name = 'stopped'`)
		return err
	})
}

// Stopped tells whether the kill switch is on.
func (s *DB) KillSwitch(ctx context.Context) (stopped bool, err error) {
	err = each(ctx, s.db, `SELECT 1 FROM meta WHERE name = 'stopped'`, nil, func(*sql.Rows) error {
		stopped = true
		return nil
	})
	return stopped, err
}

// SkipsTo gives the letters that were not written to somebody by an instant, and why.
func (s *DB) SkipsTo(ctx context.Context, by time.Time, to string) ([]notice.Skip, error) {
	return s.skips(ctx, `to_id = $1 AND at <= $2 ORDER BY at, key`, to, millis(by))
}

// Counts gives how many living seekers and coaches the register holds.
func (s *DB) Counts(ctx context.Context) (seekers, coaches int, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM seeker WHERE gone_at = 0), (SELECT count(*) FROM coach WHERE gone_at = 0 AND role = 'coach')`).Scan(&seekers, &coaches)
	return seekers, coaches, err
}

// Adopt says that what was booked before a day was told by other means, for an office that begins to use the program, and that so many letters a run are usual.
func (s *DB) Adopt(ctx context.Context, before time.Time, day calendar.Day, usual map[string]int, runs int) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE appointment SET told_at = CASE WHEN changed_at BETWEEN booked_at AND $1 THEN changed_at ELSE booked_at END,
			told_start = starts_at, told_mode = mode, told_place = place, told_cancelled = CASE WHEN state = 'cancelled' AND cancelled_at <= $1 THEN 1 ELSE 0 END
			WHERE told_at = 0 AND booked_at < $1`, millis(before))
		if err != nil {
			return err
		}
		for kind, n := range usual {
			for i := range runs {
				if _, err := tx.ExecContext(ctx, `INSERT INTO run (kind, day, planned, state, at) VALUES ($1, $2, $3, 'adopted', $4) ON CONFLICT DO NOTHING`,
					kind, (day - calendar.Day(i+1)).String(), n, millis(before)); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// AdoptTold says that owners know of some items by other means.
func (s *DB) AdoptTold(ctx context.Context, at time.Time, told map[string][]notice.Item) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		for owner, items := range told {
			r := notice.Report{Claimed: notice.Claimed{Notice: notice.Notice{To: owner, Told: items}}}
			if err := s.toldItems(ctx, tx, at, &r); err != nil {
				return err
			}
		}
		return nil
	})
}

// Forget drops what has served its time: skips and ticks before an instant, and the contents of letters before another. Keys stay, so that nobody is
// written to again.
func (s *DB) Forget(ctx context.Context, letters, skips time.Time) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		for _, q := range []struct {
			text   string
			before time.Time
		}{
			{`UPDATE notice SET items = '', told = '' WHERE changed_at < $1 AND items <> '' AND (state IN ('sent', 'failed', 'withdrawn') OR state = 'held' AND expires_at < $1)`, letters},
			{`DELETE FROM skip WHERE until < $1`, skips},
			{`DELETE FROM tick WHERE due_at < $1 AND done_at <> 0`, skips},
			{`DELETE FROM tick_skip WHERE to_at < $1`, skips},
		} {
			if _, err := tx.ExecContext(ctx, q.text, millis(q.before)); err != nil {
				return fmt.Errorf("retention: %w", err)
			}
		}
		return nil
	})
}

// Suppressed tells whether the address that a seeker has now has bounced.
func (s *DB) Suppressed(ctx context.Context, seeker string) (yes bool, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM suppression x JOIN seeker s ON s.seeker_id = x.seeker_id AND s.email = x.email WHERE x.seeker_id = $1)`, seeker).Scan(&yes)
	return yes, err
}

// NextBooking gives the moment at which the next appointment is to be looked at; the zero time when none is.
func (s *DB) NextBooking(ctx context.Context) (at time.Time, found bool, err error) {
	var ms sql.NullInt64
	err = s.db.QueryRowContext(ctx, `SELECT min(wake_at) FROM appointment WHERE wake_at IS NOT NULL`).Scan(&ms)
	return instant(ms.Int64), ms.Valid, err
}

// Hasten makes letters due that were deferred, or that a person lets be tried again: at once, and not before their own time. now may be in the past.
func (s *DB) Hasten(ctx context.Context, now time.Time) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE notice SET next_try = CASE WHEN send_at > $1 THEN send_at ELSE $1 END
			WHERE (state = 'deferred' AND tries > 0 OR state IN ('pending', 'unsure') AND why = 'by_hand') AND next_try > $1 AND next_try > send_at`, millis(now))
		return err
	})
}
