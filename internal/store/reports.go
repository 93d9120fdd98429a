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

// Reports owns what operators and monitoring ask of the outbox as a whole. An answer costs what a day or a month
// planned, or what is open, not what was ever sent.
type Reports struct{ *core }

// runsOf names the runs of a day as letters do.
func runsOf(day calendar.Day) (runs []any) {
	for _, kind := range notice.RunKinds() {
		runs = append(runs, kind+"/"+day.String())
	}
	return runs
}

// Tally counts the letters planned on a local day, by letter and state.
func (p *Reports) Tally(ctx context.Context, day calendar.Day) (map[string]map[notice.State]int, error) {
	tally := map[string]map[notice.State]int{}
	err := forRows(ctx, p.db, `SELECT letter, state, count(*) FROM notice WHERE run IN ($1, $2, $3, $4)
		GROUP BY letter, state`, runsOf(day), func(r *sql.Rows) error {
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
func (p *Reports) Runs(ctx context.Context, limit int) ([]notice.RunRow, error) {
	return readAll(ctx, p.db, `SELECT kind, state, day, planned FROM run
		ORDER BY day DESC, kind DESC LIMIT $1`, []any{limit},
		func(k *notice.RunRow) []any { return []any{&k.Kind, &k.State, day{&k.Day}, &k.Planned} })
}

// HeldRuns lists the runs that the guard holds, the newest first, with how many of their letters would still be of use.
func (p *Reports) HeldRuns(ctx context.Context, now time.Time) ([]notice.HeldRun, error) {
	return readAll(ctx, p.db, `SELECT kind, state, day, planned, (SELECT count(*) FROM notice n
			WHERE n.run = run.kind || '/' || run.day AND n.state = 'held' AND n.why = $1 AND n.expires_at > $2)
		FROM run WHERE state = 'held' ORDER BY day DESC, kind LIMIT 100`, []any{notice.HeldByGuard, millis(now)},
		func(k *notice.HeldRun) []any { return []any{&k.Kind, &k.State, day{&k.Day}, &k.Planned, &k.Left} })
}

// Reasons counts the letters planned on a local day that did not simply go out, by state and reason, most first.
func (p *Reports) Reasons(ctx context.Context, day calendar.Day) ([]notice.Reason, error) {
	return readAll(ctx, p.db, `SELECT state, why, count(*) FROM notice WHERE run IN ($1, $2, $3, $4)
			AND state IN ('deferred', 'unsure', 'held', 'failed', 'withdrawn')
		GROUP BY state, why ORDER BY 3 DESC, state, why`, runsOf(day),
		func(k *notice.Reason) []any { return []any{&k.State, &k.Why, &k.N} })
}

// Skipped counts the letters skipped from one instant until before another, by reason.
func (p *Reports) Skipped(ctx context.Context, from, before time.Time) (map[string]int, error) {
	skipped := map[string]int{}
	err := readCounts(ctx, p.db, skipped, `SELECT why, count(*) FROM skip WHERE at >= $1 AND at < $2 GROUP BY why`,
		millis(from), millis(before))
	return skipped, err
}

// Waiting counts the letters that would still be of use and wait for a person: held, other than by the guard, and
// failed.
func (p *Reports) Waiting(ctx context.Context, now time.Time) (held, failed int, err error) {
	err = p.db.QueryRowContext(ctx, `SELECT
		(SELECT count(*) FROM notice WHERE state IN ('held', 'failed') AND state = 'held' AND expires_at > $1 AND why <> $2),
		(SELECT count(*) FROM notice WHERE state IN ('held', 'failed') AND state = 'failed' AND expires_at > $1)`,
		millis(now), notice.HeldByGuard).Scan(&held, &failed)
	return held, failed, err
}

// History counts the letters planned on each day of a span, both ends included, the first day first.
func (p *Reports) History(ctx context.Context, from, to calendar.Day) ([]notice.DayTally, error) {
	days := make([]notice.DayTally, 0, int(to-from)+1)
	for d := from; d <= to; d++ {
		days = append(days, notice.DayTally{Day: d, States: map[notice.State]int{}})
	}
	for _, kind := range notice.RunKinds() {
		err := forRows(ctx, p.db, `SELECT run, state, count(*) FROM notice WHERE run >= $1 AND run <= $2 GROUP BY run, state`,
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

// RunCounts counts the letters of a run by state, and returns when it last planned; the zero time when it did not.
func (p *Reports) RunCounts(
	ctx context.Context, kind string, day calendar.Day,
) (became map[notice.State]int, planned time.Time, err error) {
	became = map[notice.State]int{}
	_, err = readOne(ctx, p.db, `SELECT at FROM run WHERE kind = $1 AND day = $2 AND state <> 'adopted'`,
		[]any{kind, day.String()}, moment{&planned})
	if err == nil {
		err = readCounts(ctx, p.db, became, `SELECT state, count(*) FROM notice WHERE run = $1 GROUP BY state`,
			kind+"/"+day.String())
	}
	if err != nil {
		return nil, planned, fmt.Errorf("read run %s/%s: %w", kind, day, err)
	}
	return became, planned, nil
}

// Pinged returns what SetPinged last stored, or "".
func (p *Reports) Pinged(ctx context.Context) (string, error) { return meta(ctx, p.db, "pinged") }

// SetPinged stores what the monitoring service was last told.
func (p *Reports) SetPinged(ctx context.Context, what string) error {
	return p.setMeta(ctx, "pinged", what)
}
