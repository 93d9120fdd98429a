package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"vireilla/internal/notice"
)

// Vitals reads the numbers that show whether letters go out; entries are those of the timetable. Held letters count as
// long as they would be of use, as on the status page.
func (p *Reports) Vitals(ctx context.Context, now time.Time, entries []string) (notice.Vitals, error) {
	if err := p.damageFound(); err != nil {
		return notice.Vitals{}, err
	}
	v := notice.Vitals{Open: map[notice.State]int{}, Done: map[string]time.Time{}, Runs: map[string]time.Time{}}
	one := func(query string, args []any, to ...any) error {
		if _, err := readOne(ctx, p.db, query, args, to...); err != nil {
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
		if err := readCounts(ctx, p.db, v.Open, q.text, q.args...); err != nil {
			return v, fmt.Errorf("read the vitals: %w", err)
		}
	}
	var late, err error
	v.OldestDue, late = p.OldestDue(ctx, now)
	v.Undecided, _, err = p.Waiting(ctx, now)
	err = errors.Join(late, err,
		one(`SELECT count(*) FROM run WHERE state = 'held' AND EXISTS (SELECT 1 FROM notice n
			WHERE n.run = run.kind || '/' || run.day AND n.state = 'held' AND n.expires_at > $1)`,
			[]any{millis(now)}, &v.HeldRuns),
		one(`SELECT EXISTS (SELECT 1 FROM meta WHERE name = 'stopped')`, nil, &v.KillSwitch),
		one(`SELECT count(*) FROM meta WHERE name LIKE 'behind/%'`, nil, &v.Stale),
		one(`SELECT count(*) FROM (SELECT 1 FROM tick WHERE done_at = 0 AND due_at <= $1 LIMIT 1000) t`,
			[]any{millis(now)}, &v.OpenTicks),
		one(`SELECT due_at FROM tick WHERE done_at = 0 AND due_at <= $1 ORDER BY due_at LIMIT 1`,
			[]any{millis(now)}, moment{&v.OldestTick}),
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

// OldestDue returns the time since when the most overdue letter should have gone out, whether it was tried or is being
// sent; the zero time when none is late. A letter planned outside its window is late from the window's opening on, and
// one that a person decided about from the decision on.
func (p *Reports) OldestDue(ctx context.Context, now time.Time) (since time.Time, err error) {
	_, err = readOne(ctx, p.db, `SELECT min(since) FROM (
			SELECT `+lateFrom+` AS since FROM notice WHERE state IN ('pending', 'deferred', 'unsure')
			UNION ALL SELECT `+lateFrom+` FROM notice WHERE state = 'sending') s HAVING min(since) <= $1`,
		[]any{millis(now)}, moment{&since})
	if err != nil {
		return since, fmt.Errorf("read the oldest due letter: %w", err)
	}
	return since, nil
}

const lateFrom = `CASE WHEN why IN ('outside_window', 'by_hand') THEN next_try
	WHEN why = 'released' AND changed_at > send_at THEN changed_at
	WHEN planned_at > send_at THEN planned_at
	ELSE send_at END`
