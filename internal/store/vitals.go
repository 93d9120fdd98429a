package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
)

// Vitals reads the numbers that tell whether letters go out; entries are those of the timetable. Held letters count as long as they would be of use, as on the
// status page.
func (s *DB) Vitals(ctx context.Context, now time.Time, entries []string) (notice.Vitals, error) {
	if err := s.Sound(); err != nil {
		return notice.Vitals{}, err
	}
	v := notice.Vitals{Open: map[notice.State]int{}, Done: map[string]time.Time{}, Runs: map[string]time.Time{}}
	one := func(query string, args []any, to ...any) error {
		err := each(ctx, s.db, query, args, func(r *sql.Rows) error { return r.Scan(to...) })
		if err != nil {
			return fmt.Errorf("read the vitals: %w", err)
		}
		return nil
	}
	for _, q := range []struct {
		text string
		args []any
	}{
		{`SELECT state, count(*) FROM notice WHERE state IN ('pending', 'deferred', 'unsure') GROUP BY state`, nil},
		{`SELECT state, count(*) FROM notice WHERE state = 'sending' GROUP BY state`, nil},
		{`SELECT state, count(*) FROM notice WHERE state = 'held' AND expires_at > $1 GROUP BY state`, []any{millis(now)}},
	} {
		if err := each(ctx, s.db, q.text, q.args, func(r *sql.Rows) error {
			var state notice.State
			var n int
			err := r.Scan(&state, &n)
			v.Open[state] = n
			return err
		}); err != nil {
			return v, fmt.Errorf("read the vitals: %w", err)
		}
	}
	var late, err error
	v.OldestDue, late = s.OldestDue(ctx, now)
	v.Undecided, _, err = s.Waiting(ctx, now)
	err = errors.Join(late, err,
		one(`SELECT count(*) FROM run WHERE state = 'held' AND EXISTS (SELECT 1 FROM notice n WHERE n.run = run.kind || '/' || run.day AND n.state = 'held' AND n.expires_at > $1)`,
			[]any{millis(now)}, &v.HeldRuns),
		one(`SELECT EXISTS (SELECT 1 FROM meta WHERE name = 'stopped')`, nil, &v.KillSwitch),
		one(`SELECT count(*) FROM meta WHERE name LIKE 'behind/%'`, nil, &v.Stale),
		one(`SELECT count(*) FROM (SELECT 1 FROM tick WHERE done_at = 0 AND due_at <= $1 LIMIT 1000) t`, []any{millis(now)}, &v.OpenTicks),
		one(`SELECT due_at FROM tick WHERE done_at = 0 AND due_at <= $1 ORDER BY due_at LIMIT 1`, []any{millis(now)}, moment{&v.OldestTick}),
	)
	last := func(to map[string]time.Time, name, query string) {
		var at time.Time
		if err = errors.Join(err, one(query, []any{name}, moment{&at})); !at.IsZero() {
			to[name] = at
		}
	}
	for _, e := range entries {
		last(v.Done, e, `SELECT done_at FROM tick WHERE name = $1 AND done_at <> 0 ORDER BY due_at DESC LIMIT 1`)
	}
	for _, kind := range notice.RunKinds() {
		last(v.Runs, kind, `SELECT at FROM run WHERE kind = $1 AND state <> 'adopted' ORDER BY day DESC LIMIT 1`)
	}
	return v, err
}

// OldestDue gives the time since when the letter that has waited longest should have gone, however often it was tried and whenever it is tried again, under way or
// not; the zero time when none is late. A letter that came to a closed window is late from its opening on, one that a person decided about from then on.
func (s *DB) OldestDue(ctx context.Context, now time.Time) (since time.Time, err error) {
	err = each(ctx, s.db, `SELECT min(since) FROM (SELECT `+lateFrom+` AS since FROM notice WHERE state IN ('pending', 'deferred', 'unsure')
			UNION ALL SELECT `+lateFrom+` FROM notice WHERE state = 'sending') s HAVING min(since) <= $1`,
		[]any{millis(now)}, func(r *sql.Rows) error { return r.Scan(moment{&since}) })
	if err != nil {
		return since, fmt.Errorf("read the oldest due letter: %w", err)
	}
	return since, nil
}

const lateFrom = `CASE WHEN why IN ('outside_window', 'by_hand') THEN next_try
	WHEN why = 'released' AND changed_at > send_at THEN changed_at
	WHEN planned_at > send_at THEN planned_at
	ELSE send_at END`

// Ready tells whether the database answers and is not damaged.
func (s *DB) Ready(ctx context.Context) error {
	if err := s.Sound(); err != nil {
		return err
	}
	var one int
	if err := s.db.QueryRowContext(ctx, `SELECT 1`).Scan(&one); err != nil {
		return fmt.Errorf("database: %w", err)
	}
	return nil
}

// Pool tells how many connections to the database are in use and idle, and how long users of one have waited for it, in all.
func (s *DB) Pool() (inUse, idle int, waited time.Duration) {
	p := s.db.Stats()
	return p.InUse, p.Idle, p.WaitDuration
}

// RunCounts counts the letters of a run by what became of them, and tells when it last planned; the zero time when it did not.
func (s *DB) RunCounts(ctx context.Context, kind string, day calendar.Day) (became map[notice.State]int, planned time.Time, err error) {
	became = map[notice.State]int{}
	err = each(ctx, s.db, `SELECT at FROM run WHERE kind = $1 AND day = $2 AND state <> 'adopted'`, []any{kind, day.String()}, func(r *sql.Rows) error { return r.Scan(moment{&planned}) })
	if err == nil {
		err = each(ctx, s.db, `SELECT state, count(*) FROM notice WHERE run = $1 GROUP BY state`, []any{kind + "/" + day.String()}, func(r *sql.Rows) error {
			var state notice.State
			var n int
			err := r.Scan(&state, &n)
			became[state] = n
			return err
		})
	}
	if err != nil {
		return nil, planned, fmt.Errorf("read run %s/%s: %w", kind, day, err)
	}
	return became, planned, nil
}

// Pinged gives the last call that the watchman heard; "" when there was none.
func (s *DB) Pinged(ctx context.Context) (string, error) { return meta(ctx, s.db, "pinged") }

// SetPinged keeps what the watchman heard.
func (s *DB) SetPinged(ctx context.Context, what string) error {
	return s.write(ctx, func(tx *sql.Tx) error { return setMeta(ctx, tx, "pinged", what) })
}
