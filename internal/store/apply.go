package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"vireilla/internal/caseload"
)

// The parts of the statements that compare a staged file s with its table t.

func sameKey(f *caseload.File) string {
	parts := make([]string, len(f.Key))
	for i, k := range f.Key {
		parts[i] = "t." + quote(k) + " = s." + quote(k)
	}
	return strings.Join(parts, " AND ")
}

// differs is true of rows that are gone or hold other values.
func differs(f *caseload.File) string {
	parts := []string{"t.gone_at <> 0"}
	for _, c := range f.Columns {
		if !slices.Contains(f.Key, c.Name) {
			parts = append(parts, "t."+quote(c.Name)+" <> s."+quote(c.Name))
		}
	}
	return "(" + strings.Join(parts, " OR ") + ")"
}

// closing is true of living rows t that the staged file does not hold.
func closing(f *caseload.File) string {
	return `t.gone_at = 0 AND NOT EXISTS (SELECT 1 FROM stage_` + f.Table + ` s WHERE ` + sameKey(f) + `)`
}

// guard is the delta guard.
func (im *Import) guard(ctx context.Context, f *caseload.File) error {
	e := caseload.ShrinkError{File: f.Name}
	count := func(n *int, query string) error { return im.tx.QueryRowContext(ctx, query).Scan(n) }
	if err := count(&e.Of, `SELECT count(*) FROM `+f.Table+` WHERE gone_at = 0`); err != nil || e.Of == 0 {
		return err
	}
	if err := count(&e.Closed, `SELECT count(*) FROM `+f.Table+` t WHERE `+closing(f)); err != nil {
		return err
	}
	if f.Table == "seeker" {
		if err := count(&e.Moved, `SELECT count(*) FROM seeker t JOIN stage_seeker s ON `+sameKey(f)+` WHERE t.gone_at = 0 AND t.coach_id <> s.coach_id`); err != nil {
			return err
		}
	}
	if (e.Closed+e.Moved)*10 > e.Of {
		return &e
	}
	return nil
}

// findTouched collects the seekers whose case changes by what is staged, before it is put in force. While the register is empty that is everybody.
func (im *Import) findTouched(ctx context.Context, files []*staging, full bool) error {
	if _, err := im.tx.ExecContext(ctx, `CREATE TEMPORARY TABLE IF NOT EXISTS touched (seeker_id TEXT PRIMARY KEY)`); err != nil {
		return err
	}
	if _, err := im.tx.ExecContext(ctx, `DELETE FROM touched`); err != nil {
		return err
	}
	if err := im.tx.QueryRowContext(ctx, `SELECT NOT EXISTS (SELECT 1 FROM seeker)`).Scan(&im.first); err != nil || im.first {
		return err
	}
	for _, st := range files {
		f := st.file
		if !slices.ContainsFunc(f.Columns, func(c caseload.Column) bool { return c.Name == "seeker_id" }) {
			continue
		}
		queries := []string{
			`SELECT s.seeker_id FROM stage_` + f.Table + ` s LEFT JOIN ` + f.Table + ` t ON ` + sameKey(f) + ` WHERE t.gone_at IS NULL OR ` + differs(f),
			`SELECT t.seeker_id FROM ` + f.Table + ` t JOIN stage_` + f.Table + ` s ON ` + sameKey(f) + ` WHERE t.seeker_id <> s.seeker_id`,
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

// wakeTouched asks that the touched cases are looked at again, whatever was seen of them before.
func (im *Import) wakeTouched(ctx context.Context) error {
	touched := `touched`
	if im.first {
		touched = `seeker`
	}
	for _, q := range []string{
		// Whoever looks at a case that was awake already, before this is put in force, waits: the row is written even if it stands there.
		`INSERT INTO wake (wake_on, seeker_id) SELECT '', seeker_id FROM ` + touched + ` WHERE true ON CONFLICT (wake_on, seeker_id) DO UPDATE SET wake_on = excluded.wake_on`,
		`UPDATE appointment SET rev = rev + 1, wake_at = CASE WHEN gone_at = 0 AND seeker_id IN (SELECT seeker_id FROM seeker WHERE gone_at = 0) THEN 0 END
			WHERE seeker_id IN (SELECT seeker_id FROM touched)`,
		`DROP TABLE touched`,
	} {
		if _, err := im.tx.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

func (im *Import) apply(ctx context.Context, st *staging, full bool) (caseload.Counts, error) {
	f := st.file
	c := caseload.Counts{Read: st.rows}
	var columns, sets []string
	for _, col := range f.Columns {
		columns = append(columns, col.Name)
		if !slices.Contains(f.Key, col.Name) {
			sets = append(sets, quote(col.Name)+" = s."+quote(col.Name))
		}
	}
	run := func(n *int, query string, args ...any) error {
		result, err := im.tx.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		rows, err := result.RowsAffected()
		*n = int(rows)
		return err
	}
	if err := run(&c.Changed, `UPDATE `+f.Table+` AS t SET `+strings.Join(sets, ", ")+`, gone_at = 0
		FROM stage_`+f.Table+` s WHERE `+sameKey(f)+` AND `+differs(f)); err != nil {
		return c, err
	}
	if full {
		if err := run(&c.Closed, `UPDATE `+f.Table+` AS t SET gone_at = $1 WHERE `+closing(f), millis(im.now)); err != nil {
			return c, err
		}
	}
	if err := run(&c.Added, `INSERT INTO `+f.Table+` (`+names("", columns)+`) SELECT `+names("s.", columns)+` FROM stage_`+f.Table+` s
		WHERE NOT EXISTS (SELECT 1 FROM `+f.Table+` t WHERE `+sameKey(f)+`)`); err != nil {
		return c, err
	}
	c.Unchanged = c.Read - c.Added - c.Changed
	if c.Unchanged < 0 {
		return c, fmt.Errorf("%d rows read, %d added, %d changed", c.Read, c.Added, c.Changed)
	}
	return c, nil
}
