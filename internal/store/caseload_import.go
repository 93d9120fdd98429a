package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"vireilla/internal/caseload"
)

// Import is one import in progress: rows are staged in temporary tables and applied all at once, or not at all. It is a
// sink of package feed.
type Import struct {
	dialect *dialect
	tx      *sql.Tx
	now     time.Time
	staged  map[string]*staging // by file name
	first   bool                // the register was empty
}

// staging is a file and how many of its rows are staged.
type staging struct {
	file *caseload.File
	rows int
}

// Import runs f with an import that is committed when f returns nil, and undone otherwise.
func (l *Caseload) Import(ctx context.Context, now time.Time, f func(*Import) error) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		if err := setMeta(ctx, tx, "import_at", fmt.Sprint(millis(now))); err != nil { // a second import waits for this row
			return fmt.Errorf("import: %w", err)
		}
		im := &Import{dialect: &l.dialect, tx: tx, now: now, staged: map[string]*staging{}}
		files := caseload.Files()
		for i := range files {
			if err := im.createStage(ctx, &files[i]); err != nil {
				return fmt.Errorf("import: %w", err)
			}
		}
		err := f(im)
		for i := range files {
			_, e := tx.ExecContext(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS stage_"+files[i].Table)
			if e != nil && err == nil {
				err = fmt.Errorf("import: %w", e)
			}
		}
		return err
	})
}

func (im *Import) createStage(ctx context.Context, f *caseload.File) error {
	var columns []string
	for _, c := range f.Columns {
		columns = append(columns, quote(c.Name)+" "+sqlType(c.Kind)+" NOT NULL")
	}
	_, err := im.tx.ExecContext(ctx, `CREATE TEMPORARY TABLE stage_`+f.Table+` (line BIGINT NOT NULL, `+
		strings.Join(columns, ", ")+`, PRIMARY KEY (`+quoteAll("", f.Key)+`))`)
	return err
}

func sqlType(k caseload.Kind) string {
	switch k {
	case caseload.Moment, caseload.Number, caseload.Flag:
		return "BIGINT"
	}
	return "TEXT"
}

// Stage stages rows of one file. It leaves out and returns those whose key is on an earlier line.
func (im *Import) Stage(ctx context.Context, f *caseload.File, rows []caseload.Row) ([]caseload.Duplicate, error) {
	st := im.staged[f.Name]
	if st == nil {
		st = &staging{file: f}
		im.staged[f.Name] = st
	}
	staged, err := im.insert(ctx, f, rows)
	if err != nil {
		return nil, fmt.Errorf("import %s: %w", f.Name, err)
	}
	st.rows += staged
	if staged == len(rows) {
		return nil, nil
	}
	return im.duplicates(ctx, f, rows)
}

// insert returns how many rows were staged; the keys of the others are staged already.
func (im *Import) insert(ctx context.Context, f *caseload.File, rows []caseload.Row) (staged int, err error) {
	for batch := range slices.Chunk(rows, rowsPerInsert) {
		args := make([]any, 0, len(batch)*(len(f.Columns)+1))
		for _, r := range batch {
			args = append(append(args, r.Line), r.Values...)
		}
		n, err := affected(im.tx.ExecContext(ctx, `INSERT INTO stage_`+f.Table+` VALUES `+
			im.dialect.marks(len(batch), len(f.Columns)+1)+` ON CONFLICT DO NOTHING`, args...))
		if err != nil {
			return staged, err
		}
		staged += n
	}
	return staged, nil
}

func (im *Import) duplicates(ctx context.Context, f *caseload.File, rows []caseload.Row) ([]caseload.Duplicate, error) {
	var found []caseload.Duplicate
	where := make([]string, len(f.Key))
	at := make([]int, len(f.Key))
	for i, k := range f.Key {
		where[i] = fmt.Sprintf("%s = $%d", quote(k), i+1)
		at[i] = slices.IndexFunc(f.Columns, func(c caseload.Column) bool { return c.Name == k })
	}
	for _, r := range rows {
		args := make([]any, len(at))
		for i, j := range at {
			args[i] = r.Values[j]
		}
		var first int
		err := im.tx.QueryRowContext(ctx, `SELECT line FROM stage_`+f.Table+` WHERE `+strings.Join(where, " AND "), args...).
			Scan(&first)
		if err != nil {
			return nil, fmt.Errorf("import %s: %w", f.Name, err)
		}
		if first != r.Line {
			found = append(found, caseload.Duplicate{Line: r.Line, First: first})
		}
	}
	return found, nil
}

// Unknown returns the staged rows that name an id that is neither staged nor in the register: the first few, and how
// many there are.
func (im *Import) Unknown(
	ctx context.Context, f *caseload.File, column string, limit int,
) (found []caseload.Reference, total int, err error) {
	target, ok := referenced(f, column)
	if !ok {
		return nil, 0, fmt.Errorf("import %s: column %s names no file", f.Name, column)
	}
	key := quote(target.Key[0])
	from := ` FROM stage_` + f.Table + ` s WHERE s.` + quote(column) + ` <> ''
		AND NOT EXISTS (SELECT 1 FROM stage_` + target.Table + ` n WHERE n.` + key + ` = s.` + quote(column) + `)
		AND NOT EXISTS (SELECT 1 FROM ` + target.Table + ` t WHERE t.` + key + ` = s.` + quote(column) + `)`
	found, err = readAll(ctx, im.tx, `SELECT s.line, s.`+quote(column)+from+`
		ORDER BY s.line LIMIT `+fmt.Sprint(limit), nil,
		func(ref *caseload.Reference) []any { return []any{&ref.Line, &ref.ID} })
	if err != nil || len(found) < limit {
		return found, len(found), err
	}
	err = im.tx.QueryRowContext(ctx, `SELECT count(*)`+from).Scan(&total)
	return found, total, err
}

// referenced returns the file whose ids a column names.
func referenced(f *caseload.File, column string) (caseload.File, bool) {
	ref := ""
	for _, c := range f.Columns {
		if c.Name == column {
			ref = c.Ref
		}
	}
	for _, other := range caseload.Files() {
		if other.Name == ref {
			return other, true
		}
	}
	return caseload.File{}, false
}

// Stranded returns open rows that belong to rows which this import closed: coaches without a team, and seekers without
// a coach.
func (im *Import) Stranded(ctx context.Context) (found []caseload.Stranded, err error) {
	for _, x := range []struct{ file, rows, ref, query string }{
		{"coaches.csv", "coaches", "teams",
			`SELECT r.team_id, count(*) FROM team r JOIN coach t ON t.team_id = r.team_id`},
		{"seekers.csv", "seekers", "coaches",
			`SELECT r.coach_id, count(*) FROM coach r JOIN seeker t ON t.coach_id = r.coach_id`},
	} {
		s := caseload.Stranded{File: x.file, Rows: x.rows, Ref: x.ref, Count: map[string]int{}}
		err := readCounts(ctx, im.tx, s.Count, x.query+` WHERE r.gone_at = $1 AND t.gone_at = 0 GROUP BY 1`, millis(im.now))
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

// quoteAll returns `p."a", p."b"`.
func quoteAll(prefix string, columns []string) string {
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = prefix + quote(c)
	}
	return strings.Join(quoted, ", ")
}
