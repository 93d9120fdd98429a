package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"vireilla/internal/caseload"
)

// Apply applies what was staged, or returns a *caseload.ShrinkError. A full import closes the rows that are not staged.
func (im *Import) Apply(ctx context.Context, full, acceptShrink bool) (map[string]caseload.Counts, error) {
	var files []*staging
	for _, name := range slices.Sorted(maps.Keys(im.staged)) {
		files = append(files, im.staged[name])
	}
	if full && !acceptShrink {
		for _, st := range files {
			if err := im.checkShrink(ctx, st.file); err != nil {
				return nil, err
			}
		}
	}
	if err := im.findTouched(ctx, files, full); err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	counts := map[string]caseload.Counts{}
	for _, st := range files {
		c, err := im.applyFile(ctx, st, full)
		if err != nil {
			return nil, fmt.Errorf("import %s: %w", st.file.Name, err)
		}
		counts[st.file.Name] = c
	}
	if err := im.wakeTouched(ctx); err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	if _, err := im.tx.ExecContext(ctx, `UPDATE counter SET n = n + 1 WHERE name = 'import'`); err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	return counts, nil
}

// These conditions compare a staged file s with its table t.

func sameKey(f *caseload.File) string {
	parts := make([]string, len(f.Key))
	for i, k := range f.Key {
		parts[i] = "t." + quote(k) + " = s." + quote(k)
	}
	return strings.Join(parts, " AND ")
}

// differs is true of rows that are closed or hold other values.
func differs(f *caseload.File) string {
	parts := []string{"t.gone_at <> 0"}
	for _, c := range f.Columns {
		if !slices.Contains(f.Key, c.Name) {
			parts = append(parts, "t."+quote(c.Name)+" <> s."+quote(c.Name))
		}
	}
	return "(" + strings.Join(parts, " OR ") + ")"
}

// closing is true of open rows t that are not staged.
func closing(f *caseload.File) string {
	return `t.gone_at = 0 AND NOT EXISTS (SELECT 1 FROM stage_` + f.Table + ` s WHERE ` + sameKey(f) + `)`
}

// checkShrink is the delta guard.
func (im *Import) checkShrink(ctx context.Context, f *caseload.File) error {
	e := caseload.ShrinkError{File: f.Name}
	count := func(n *int, query string) error { return im.tx.QueryRowContext(ctx, query).Scan(n) }
	if err := count(&e.Of, `SELECT count(*) FROM `+f.Table+` WHERE gone_at = 0`); err != nil || e.Of == 0 {
		return err
	}
	if err := count(&e.Closed, `SELECT count(*) FROM `+f.Table+` t WHERE `+closing(f)); err != nil {
		return err
	}
	if f.Table == "seeker" {
		if err := count(&e.Moved, `SELECT count(*) FROM seeker t JOIN stage_seeker s ON `+sameKey(f)+`
			WHERE t.gone_at = 0 AND t.coach_id <> s.coach_id`); err != nil {
			return err
		}
	}
	if (e.Closed+e.Moved)*10 > e.Of {
		return &e
	}
	return nil
}

// findTouched collects the seekers whose case the staged rows change, before they are applied. While the register is
// empty, that is every seeker.
func (im *Import) findTouched(ctx context.Context, files []*staging, full bool) error {
	for _, q := range []string{
		`CREATE TEMPORARY TABLE IF NOT EXISTS touched (seeker_id TEXT PRIMARY KEY)`,
		`DELETE FROM touched`,
	} {
		if _, err := im.tx.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	err := im.tx.QueryRowContext(ctx, `SELECT NOT EXISTS (SELECT 1 FROM seeker)`).Scan(&im.first)
	if err != nil || im.first {
		return err
	}
	for _, st := range files {
		f := st.file
		if !slices.ContainsFunc(f.Columns, func(c caseload.Column) bool { return c.Name == "seeker_id" }) {
			continue
		}
		queries := []string{
			`SELECT s.seeker_id FROM stage_` + f.Table + ` s LEFT JOIN ` + f.Table + ` t ON ` + sameKey(f) + `
				WHERE t.gone_at IS NULL OR ` + differs(f),
			`SELECT t.seeker_id FROM ` + f.Table + ` t JOIN stage_` + f.Table + ` s ON ` + sameKey(f) + `
				WHERE t.seeker_id <> s.seeker_id`,
		}
		if full {
			queries = append(queries, `SELECT t.seeker_id FROM `+f.Table+` t WHERE `+closing(f))
		}
		for _, q := range queries {
			if _, err := im.tx.ExecContext(ctx, `INSERT INTO touched `+q+` ON CONFLICT DO NOTHING`); err != nil {
				return err
			}
		}
	}
	return nil
}

// wakeTouched wakes the touched cases and their appointments, even if they were evaluated while the import ran.
func (im *Import) wakeTouched(ctx context.Context) error {
	touched := `touched`
	if im.first {
		touched = `seeker`
	}
	for _, q := range []string{
		// A row that exists is written too: whoever evaluates that case waits until this import is committed.
		`INSERT INTO wake (wake_on, seeker_id) SELECT '', seeker_id FROM ` + touched + ` WHERE true
			ON CONFLICT (wake_on, seeker_id) DO UPDATE SET wake_on = excluded.wake_on`,
		`UPDATE appointment SET rev = rev + 1,
			wake_at = CASE WHEN gone_at = 0 AND seeker_id IN (SELECT seeker_id FROM seeker WHERE gone_at = 0) THEN 0 END
			WHERE seeker_id IN (SELECT seeker_id FROM touched)`,
		`DROP TABLE touched`,
	} {
		if _, err := im.tx.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

func (im *Import) applyFile(ctx context.Context, st *staging, full bool) (c caseload.Counts, err error) {
	f := st.file
	c.Read = st.rows
	var columns, sets []string
	for _, col := range f.Columns {
		columns = append(columns, col.Name)
		if !slices.Contains(f.Key, col.Name) {
			sets = append(sets, quote(col.Name)+" = s."+quote(col.Name))
		}
	}
	if c.Changed, err = affected(im.tx.ExecContext(ctx, `UPDATE `+f.Table+` AS t
		SET `+strings.Join(sets, ", ")+`, gone_at = 0
		FROM stage_`+f.Table+` s WHERE `+sameKey(f)+` AND `+differs(f))); err != nil {
		return c, err
	}
	if full {
		if c.Closed, err = affected(im.tx.ExecContext(ctx, `UPDATE `+f.Table+` AS t SET gone_at = $1 WHERE `+closing(f),
			millis(im.now))); err != nil {
			return c, err
		}
	}
	if c.Added, err = affected(im.tx.ExecContext(ctx, `INSERT INTO `+f.Table+` (`+quoteAll("", columns)+`)
		SELECT `+quoteAll("s.", columns)+` FROM stage_`+f.Table+` s
		WHERE NOT EXISTS (SELECT 1 FROM `+f.Table+` t WHERE `+sameKey(f)+`)`)); err != nil {
		return c, err
	}
	c.Unchanged = c.Read - c.Added - c.Changed
	if c.Unchanged < 0 {
		return c, fmt.Errorf("%d rows read, %d added, %d changed", c.Read, c.Added, c.Changed)
	}
	return c, nil
}
