package main

import (
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vireilla/internal/caseload"
	"vireilla/internal/feed"
	"vireilla/internal/notice"
	"vireilla/internal/queue"
	"vireilla/internal/store"
)

// sampleFeed writes a made-up feed and counts its rows.
func sampleFeed(b *testing.B, seekers string) (folder string, rows int) {
	b.Helper()
	folder = filepath.Join(b.TempDir(), "feed")
	if code := run(b.Context(), []string{"sample", folder, "--at", "2024-03-04", "--seekers", seekers}, settings{}.get, io.Discard, os.Stderr); code != done {
		b.Fatal(code)
	}
	for _, f := range caseload.Files() {
		text, err := os.ReadFile(filepath.Join(folder, f.Name))
		if err != nil {
			b.Fatal(err)
		}
		rows += strings.Count(string(text), "\n") - 1
	}
	return folder, rows
}

// BenchmarkImportFolder measures rows a second of an import into an empty register, all checks and indexes included.
// "bare" reads the same files with encoding/csv and inserts them in batches with the same driver into tables without an
// index.
func BenchmarkImportFolder(b *testing.B) {
	folder, rows := sampleFeed(b, "20000")
	b.Run("import", func(b *testing.B) {
		for b.Loop() {
			env := &environment{ctx: b.Context(), out: io.Discard, err: os.Stderr, commands: &commands{Data: b.TempDir(), LogLevel: "warn"}}
			p, _, err := env.policy()
			if err != nil {
				b.Fatal(err)
			}
			s, err := env.openStore("sqlite:" + filepath.Join(env.Data, "v.db"))
			if err != nil {
				b.Fatal(err)
			}
			if _, err := env.importFolder(s, p, folder, feed.Options{}); err != nil {
				b.Fatal(err)
			}
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
	})
	b.Run("bare", func(b *testing.B) {
		for b.Loop() {
			if err := bareImport(b.Context(), folder, filepath.Join(b.TempDir(), "bare.db")); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}

func bareImport(ctx context.Context, folder, path string) error {
	db, err := rawSQLite(path)
	if err != nil {
		return err
	}
	defer db.Close()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for _, f := range caseload.Files() {
		if err := bareFile(tx, filepath.Join(folder, f.Name), f.Table); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit()
}

func bareFile(tx *sql.Tx, path, table string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	r := csv.NewReader(file)
	header, err := r.Read()
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`CREATE TABLE ` + table + ` ("` + strings.Join(header, `", "`) + `")`); err != nil {
		return err
	}
	const atOnce = 100
	row := "(" + strings.TrimSuffix(strings.Repeat("?,", len(header)), ",") + ")"
	insert := func(args []any) error {
		n := len(args) / len(header)
		_, err := tx.Exec(`INSERT INTO `+table+` VALUES `+strings.TrimSuffix(strings.Repeat(row+",", n), ","), args...)
		return err
	}
	var args []any
	for {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		for _, f := range fields {
			args = append(args, f)
		}
		if len(args) == atOnce*len(header) {
			if err := insert(args); err != nil {
				return err
			}
			args = args[:0]
		}
	}
	if len(args) == 0 {
		return nil
	}
	return insert(args)
}

// rawSQLite opens a database with the settings of the store.
func rawSQLite(path string) (*sql.DB, error) {
	return sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_pragma=busy_timeout(20000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=cache_size(-32768)")
}

// BenchmarkScan measures a day's scans with 10,000 seekers awake, among ten times and among a hundred times as many: a
// day costs what is due that day. Run it with -benchtime 5x.
func BenchmarkScan(b *testing.B) {
	for _, register := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprint(register), func(b *testing.B) {
			env := &environment{ctx: b.Context(), out: io.Discard, err: os.Stderr, commands: &commands{Data: b.TempDir(), LogLevel: "error"}}
			path := filepath.Join(env.Data, "v.db")
			s, err := store.Open(b.Context(), "sqlite:"+path)
			if err != nil {
				b.Fatal(err)
			}
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
			db, err := rawSQLite(path)
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			fillRegister(b, db, register)
			redis, closeQueue, err := queue.Embedded()
			if err != nil {
				b.Fatal(err)
			}
			defer closeQueue()
			at := time.Date(2024, 3, 4, 6, 0, 0, 0, time.UTC)
			a, err := env.build(options{database: "sqlite:" + path, smtp: "smtp+plain://127.0.0.1:1", from: "no-reply@example.org", redis: redis, ticks: "t", letters: "l",
				clock: func() time.Time { return at }, silent: true})
			if err != nil {
				b.Fatal(err)
			}
			defer a.Close()
			// The agenda's day and policy are set once, which wakes everybody.
			for _, entry := range []string{"contacts", "appointments"} {
				if err := a.Workers.Scan.Run(b.Context(), entry, at); err != nil {
					b.Fatal(err)
				}
			}
			step := register / 10_000
			for b.Loop() {
				b.StopTimer()
				for _, q := range []string{`DELETE FROM notice`, `DELETE FROM run`, `DELETE FROM agenda`, `DELETE FROM wake WHERE wake_on < '2099-01-01'`,
					fmt.Sprintf(`INSERT INTO wake (wake_on, seeker_id) SELECT '2024-03-04', seeker_id FROM seeker WHERE CAST(substr(seeker_id, 3) AS INTEGER) %% %d = 0`, step),
					`UPDATE counter SET n = n + 1 WHERE name = 'import'`, `PRAGMA wal_checkpoint(TRUNCATE)`} {
					if _, err := db.Exec(q); err != nil {
						b.Fatal(err)
					}
				}
				b.StartTimer()
				for _, entry := range []string{"contacts", "training", "digests", "leads", "appointments"} {
					if err := a.Workers.Scan.Run(b.Context(), entry, at); err != nil {
						b.Fatal(err)
					}
				}
			}
			if planned, err := a.Store.Letters(b.Context(), notice.Filter{Letter: notice.CoachDigest}); err != nil || len(planned) == 0 {
				b.Fatalf("%d digests, %v: nobody was awake", len(planned), err)
			}
		})
	}
}

// fillRegister writes seekers with two contacts each, a training case for every fiftieth, and an appointment for every
// tenth that is long told.
func fillRegister(b *testing.B, db *sql.DB, n int) {
	b.Helper()
	series := fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) `, n)
	for _, q := range []string{
		`INSERT INTO team (team_id, name, authority, lead_name, lead_email, language) VALUES ('T-1', 'x', 'lahti_region', '', 'kanaria.t@example.org', 'fi')`,
		`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 49) INSERT INTO coach (coach_id, name, email, team_id, language, role)
			SELECT 'C-' || i, 'x', 'kanaria.c@example.org', 'T-1', 'fi', 'coach' FROM n`,
		series + `INSERT INTO seeker (seeker_id, first_name, email, email_tier, service_language, municipality, coach_id, job_search_started, job_search_ended,
			previous_job_search_ended, unemployment_started, status, service_line, supplementary_weeks, protected)
			SELECT printf('S-%07d', i), 'Aino-Kanaria', 'kanaria.s@example.org', 'neutral', 'fi', 'Lahti', 'C-' || (i % 50), '2023-06-01', '', '', '2023-06-01', 'unemployed', '', 0, 0 FROM n`,
		`INSERT INTO wake (wake_on, seeker_id) SELECT '2099-01-01', seeker_id FROM seeker ORDER BY seeker_id`,
		series + `INSERT INTO contact (contact_id, seeker_id, coach_id, kind, mode, held_at, held_on)
			SELECT printf('K-%07d', i), printf('S-%07d', i), '', 'initial_interview', 'phone', 1, '2023-06-05' FROM n`,
		series + `INSERT INTO contact (contact_id, seeker_id, coach_id, kind, mode, held_at, held_on)
			SELECT printf('L-%07d', i), printf('S-%07d', i), '', 'job_search_discussion', 'phone', 1, '2023-12-05' FROM n`,
		series + `INSERT INTO appointment (appointment_id, seeker_id, coach_id, kind, starts_at, minutes, mode, place, state, booked_at, changed_at, cancelled_at, wake_at, told_at)
			SELECT printf('A-%07d', i), printf('S-%07d', i), 'C-1', 'x', 1, 45, 'phone', '', 'held', 1, 0, 0, NULL, 1 FROM n WHERE i % 10 = 0`,
		series + `INSERT INTO training (training_id, seeker_id, kind, state, applied_on, information_complete_on, clarification_due, study_starts_on, decided_on, notified_on, handler_id)
			SELECT printf('TR-%07d', i), printf('S-%07d', i), 'short_study', 'notified', '2023-01-01', '', '', '', '2023-02-01', '2023-02-01', '' FROM n WHERE i % 50 = 0`,
	} {
		if _, err := db.Exec(q); err != nil {
			b.Fatal(err)
		}
	}
}
