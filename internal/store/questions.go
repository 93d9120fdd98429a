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

// What operators ask of the outbox as a whole. Each answer costs what a day or a month planned, or what waits, not what was ever sent.

// Tally counts the letters planned on a local day, by letter and state.
func (s *DB) Tally(ctx context.Context, day calendar.Day) (map[string]map[notice.State]int, error) {
	tally := map[string]map[notice.State]int{}
	err := each(ctx, s.db, `SELECT letter, state, count(*) FROM notice WHERE run IN ($1, $2, $3, $4) GROUP BY letter, state`, runsOf(day), func(r *sql.Rows) error {
		var letter string
		var state notice.State
		var n int
		err := r.Scan(&letter, &state, &n)
		if tally[letter] == nil {
			tally[letter] = map[notice.State]int{}
		}
		tally[letter][state] += n
		return err
	})
	return tally, err
}

// Runs lists runs, the newest first.
func (s *DB) Runs(ctx context.Context, limit int) ([]notice.RunRow, error) {
	var runs []notice.RunRow
	err := each(ctx, s.db, `SELECT kind, state, day, planned FROM run ORDER BY day DESC, kind DESC LIMIT $1`, []any{limit}, func(r *sql.Rows) error {
		var k notice.RunRow
		err := r.Scan(&k.Kind, &k.State, day{&k.Day}, &k.Planned)
		runs = append(runs, k)
		return err
	})
	return runs, err
}

// HeldRuns lists the runs that the guard holds, the newest first, with how many of their letters would still be of use.
func (s *DB) HeldRuns(ctx context.Context, now time.Time) ([]notice.HeldRun, error) {
	var runs []notice.HeldRun
	err := each(ctx, s.db, `SELECT kind, state, day, planned, (SELECT count(*) FROM notice n WHERE n.run = run.kind || '/' || run.day AND n.state = 'held' AND n.why = $1 AND n.expires_at > $2)
		FROM run WHERE state = 'held' ORDER BY day DESC, kind LIMIT 100`, []any{notice.HeldByGuard, millis(now)}, func(r *sql.Rows) error {
		var k notice.HeldRun
		err := r.Scan(&k.Kind, &k.State, day{&k.Day}, &k.Planned, &k.Left)
		runs = append(runs, k)
		return err
	})
	return runs, err
}

// Reasons counts the letters planned on a local day that did not just go out, by state and reason, most first.
func (s *DB) Reasons(ctx context.Context, day calendar.Day) ([]notice.Reason, error) {
	var reasons []notice.Reason
	err := each(ctx, s.db, `SELECT state, why, count(*) FROM notice WHERE run IN ($1, $2, $3, $4) AND state IN ('deferred', 'unsure', 'held', 'failed', 'withdrawn')
		GROUP BY state, why ORDER BY 3 DESC, state, why`, runsOf(day), func(r *sql.Rows) error {
		var k notice.Reason
		err := r.Scan(&k.State, &k.Why, &k.N)
		reasons = append(reasons, k)
		return err
	})
	return reasons, err
}

// Skipped counts the letters that were not written, noticed from one instant until before another, by reason.
func (s *DB) Skipped(ctx context.Context, from, before time.Time) (map[string]int, error) {
	skipped := map[string]int{}
	err := each(ctx, s.db, `SELECT why, count(*) FROM skip WHERE at >= $1 AND at < $2 GROUP BY why`, []any{millis(from), millis(before)}, func(r *sql.Rows) error {
		var why string
		var n int
		err := r.Scan(&why, &n)
		skipped[why] = n
		return err
	})
	return skipped, err
}

// Waiting counts the letters that only a person can move and that would still be of use: held, other than by the guard, and failed.
func (s *DB) Waiting(ctx context.Context, now time.Time) (held, failed int, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT
		(SELECT count(*) FROM notice WHERE state IN ('held', 'failed') AND state = 'held' AND expires_at > $1 AND why <> $2),
		(SELECT count(*) FROM notice WHERE state IN ('held', 'failed') AND state = 'failed' AND expires_at > $1)`,
		millis(now), notice.HeldByGuard).Scan(&held, &failed)
	return held, failed, err
}

// History counts the letters planned on each day of a span, both ends included, the first day first; days without letters have none.
func (s *DB) History(ctx context.Context, from, to calendar.Day) ([]notice.DayTally, error) {
	days := make([]notice.DayTally, 0, int(to-from)+1)
	for d := from; d <= to; d++ {
		days = append(days, notice.DayTally{Day: d, States: map[notice.State]int{}})
	}
	for _, kind := range notice.RunKinds() {
		err := each(ctx, s.db, `SELECT run, state, count(*) FROM notice WHERE run >= $1 AND run <= $2 GROUP BY run, state`,
			[]any{kind + "/" + from.String(), kind + "/" + to.String()}, func(r *sql.Rows) error {
				var run string
				var state notice.State
				var n int
				if err := r.Scan(&run, &state, &n); err != nil {
					return err
				}
				day, err := calendar.ParseDay(strings.TrimPrefix(run, kind+"/"))
				if err != nil || day < from || day > to {
					return fmt.Errorf("run %s: %w", run, err)
				}
				days[day-from].States[state] += n
				return nil
			})
		if err != nil {
			return nil, fmt.Errorf("count the letters of %s to %s: %w", from, to, err)
		}
	}
	return days, nil
}
