package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"vireilla/internal/caseload"
)

// Import is one import under way: rows are staged in temporary tables and put in force all at once, or not at all. It is a sink of package feed.
type Import struct {
	store  *DB
	tx     *sql.Tx
	now    time.Time
	staged map[string]*staging
	first  bool // the register was empty
}

// staging is a file whose rows are being taken aside.
type staging struct {
	file *caseload.File
	rows int
}

// Import runs f with an import that is committed when f returns nil, and undone otherwise.
func (s *DB) Import(ctx context.Context, now time.Time, f func(*Import) error) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if err := setMeta(ctx, tx, "import_at", fmt.Sprint(millis(now))); err != nil { // and a second import waits for this row
			return fmt.Errorf("import: %w", err)
		}
		im := &Import{store: s, tx: tx, now: now, staged: map[string]*staging{}}
		files := caseload.Files()
		for i := range files {
			if err := im.open(ctx, &files[i]); err != nil {
				return fmt.Errorf("import: %w", err)
			}
		}
		err := f(im)
		for i := range files {
			if _, e := tx.ExecContext(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS stage_"+files[i].Table); e != nil && err == nil {
				err = fmt.Errorf("import: %w", e)
			}
		}
		return err
	})
}

func (im *Import) open(ctx context.Context, f *caseload.File) error {
	var columns []string
	for _, c := range f.Columns {
		columns = append(columns, quote(c.Name)+" "+sqlType(c.Kind)+" NOT NULL")
	}
	_, err := im.tx.ExecContext(ctx, `CREATE TEMPORARY TABLE stage_`+f.Table+` (line BIGINT NOT NULL, `+strings.Join(columns, ", ")+
		`, PRIMARY KEY (`+names("", f.Key)+`))`)
	return err
}

func sqlType(k caseload.Kind) string {
	switch k {
	case caseload.Moment, caseload.Number, caseload.Flag:
		return "BIGINT"
	}
	return "TEXT"
}

// Stage takes rows of one file aside; those whose key stands on an earlier line are told and not taken.
func (im *Import) Stage(ctx context.Context, f *caseload.File, rows []caseload.Row) ([]caseload.Duplicate, error) {
	st := im.staged[f.Name]
	if st == nil {
		st = &staging{file: f}
		im.staged[f.Name] = st
	}
	taken, err := im.insert(ctx, f, rows)
	if err != nil {
		return nil, fmt.Errorf("import %s: %w", f.Name, err)
	}
	st.rows += taken
	if taken == len(rows) {
		return nil, nil
	}
	return im.duplicates(ctx, f, rows)
}

// insert gives how many rows were taken; the rest have a key that stands already.
func (im *Import) insert(ctx context.Context, f *caseload.File, rows []caseload.Row) (int, error) {
	taken := 0
	for batch := range slices.Chunk(rows, atOnce) {
		args := make([]any, 0, len(batch)*(len(f.Columns)+1))
		for _, r := range batch {
			args = append(append(args, r.Line), r.Values...)
		}
		result, err := im.tx.ExecContext(ctx, `INSERT INTO stage_`+f.Table+` VALUES `+im.store.dia.marks(len(batch), len(f.Columns)+1)+` ON CONFLICT DO NOTHING`, args...)
		if err != nil {
			return taken, err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return taken, err
		}
		taken += int(n)
	}
	return taken, nil
}

func (im *Import) duplicates(ctx context.Context, f *caseload.File, rows []caseload.Row) ([]caseload.Duplicate, error) {
	var found []caseload.Duplicate
	where := make([]string, len(f.Key))
	at := make([]int, len(f.Key))
	for i, k := range f.Key {
		where[i] = fmt.Sprintf("%s = $%d", quote(k), i+1)
		for j, c := range f.Columns {
			if c.Name == k {
				at[i] = j
			}
		}
	}
	for _, r := range rows {
		args := make([]any, len(at))
		for i, j := range at {
			args[i] = r.Values[j]
		}
		var first int
		err := im.tx.QueryRowContext(ctx, `SELECT line FROM stage_`+f.Table+` WHERE `+strings.Join(where, " AND "), args...).Scan(&first)
		if err != nil {
			return nil, fmt.Errorf("import %s: %w", f.Name, err)
		}
		if first != r.Line {
			found = append(found, caseload.Duplicate{Line: r.Line, First: first})
		}
	}
	return found, nil
}

// Unknown tells staged rows that name an id that is neither staged nor in the store: the first few, and how many in all.
func (im *Import) Unknown(ctx context.Context, f *caseload.File, column string, limit int) ([]caseload.Reference, int, error) {
	ref := ""
	for _, c := range f.Columns {
		if c.Name == column {
			ref = c.Ref
		}
	}
	target, ok := fileNamed(ref)
	if !ok {
		return nil, 0, fmt.Errorf("import %s: column %s names no file", f.Name, column)
	}
	key := quote(target.Key[0])
	from := ` FROM stage_` + f.Table + ` s WHERE s.` + quote(column) + ` <> ''
		AND NOT EXISTS (SELECT 1 FROM stage_` + target.Table + ` n WHERE n.` + key + ` = s.` + quote(column) + `)
		AND NOT EXISTS (SELECT 1 FROM ` + target.Table + ` t WHERE t.` + key + ` = s.` + quote(column) + `)`
	var found []caseload.Reference
	err := each(ctx, im.tx, `SELECT s.line, s.`+quote(column)+from+` ORDER BY s.line LIMIT `+fmt.Sprint(limit), nil, func(r *sql.Rows) error {
		var ref caseload.Reference
		if err := r.Scan(&ref.Line, &ref.ID); err != nil {
			return err
		}
		found = append(found, ref)
		return nil
	})
	if err != nil || len(found) < limit {
		return found, len(found), err
	}
	var total int
	err = im.tx.QueryRowContext(ctx, `SELECT count(*)`+from).Scan(&total)
	return found, total, err
}

func fileNamed(name string) (caseload.File, bool) {
	for _, f := range caseload.Files() {
		if f.Name == name {
			return f, true
		}
	}
	return caseload.File{}, false
}

// Apply puts what was staged in force, or says in a *caseload.ShrinkError why it does not.
func (im *Import) Apply(ctx context.Context, full, acceptShrink bool) (map[string]caseload.Counts, error) {
	files := make([]*staging, 0, len(im.staged))
	for _, st := range im.staged {
		files = append(files, st)
	}
	sort.Slice(files, func(i, j int) bool { return files[i].file.Name < files[j].file.Name })
	if full && !acceptShrink {
		for _, st := range files {
			if err := im.guard(ctx, st.file); err != nil {
				return nil, err
			}
		}
	}
	if err := im.findTouched(ctx, files, full); err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	counts := map[string]caseload.Counts{}
	for _, st := range files {
		c, err := im.apply(ctx, st, full)
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

// Stranded tells open rows that belong to what this import closed: coaches without a team, and seekers without a coach.
func (im *Import) Stranded(ctx context.Context) (found []caseload.Stranded, err error) {
	for _, x := range []struct{ file, rows, ref, query string }{
		{"coaches.csv", "coaches", "teams", `SELECT r.team_id, count(*) FROM team r JOIN coach t ON t.team_id = r.team_id`},
		{"seekers.csv", "seekers", "coaches", `SELECT r.coach_id, count(*) FROM coach r JOIN seeker t ON t.coach_id = r.coach_id`},
	} {
		s := caseload.Stranded{File: x.file, Rows: x.rows, Ref: x.ref, Count: map[string]int{}}
		err := each(ctx, im.tx, x.query+` WHERE r.gone_at = $1 AND t.gone_at = 0 GROUP BY 1`, []any{millis(im.now)}, func(r *sql.Rows) error {
			var id string
			var n int
			err := r.Scan(&id, &n)
			s.Count[id] = n
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("import: %w", err)
		}
		if len(s.Count) > 0 {
			found = append(found, s)
		}
	}
	return found, nil
}

func quote(column string) string { return `"` + column + `"` }

// names gives `p."a", p."b"`.
func names(prefix string, columns []string) string {
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = prefix + quote(c)
	}
	return strings.Join(quoted, ", ")
}
