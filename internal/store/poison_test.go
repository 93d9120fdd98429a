package store_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/internal/test/servertest"
)

// A manual change or a damaged page may leave a row that cannot be read. Claim returns it with the others, marked: an
// error would stop all letters for ever.
func TestALetterThatCannotBeReadStopsNoOther(t *testing.T) {
	for name, url := range map[string]func(t *testing.T) string{
		"SQLite":     func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "v.db") },
		"PostgreSQL": func(t *testing.T) string { return servertest.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			database := url(t)
			s := openURL(t, database)
			morning := time.Date(2024, time.March, 4, 5, 30, 0, 0, time.UTC)
			var p notice.Plan
			for i := range 4 {
				p.Notices = append(p.Notices, notice.Notice{Key: fmt.Sprintf("coach_digest/C-%d/2024-03-04", i),
					Letter: notice.CoachDigest, To: fmt.Sprintf("C-%d", i), Role: notice.ToCoach, Language: "fi",
					SendAt: morning, Expires: morning.Add(time.Hour), Items: []notice.Item{{Seeker: "S-1"}},
					Told: []notice.Item{{Seeker: "S-1"}}})
			}
			run := notice.Run{Kind: "digests", Day: calendar.Date(2024, time.March, 4), Policy: "test",
				Guard: policy.Guard{Floor: 5, Times: 3, Runs: 10}}
			if _, err := s.Add(t.Context(), morning, run, p); err != nil {
				t.Fatal(err)
			}
			spoil(t, database, `UPDATE notice SET items = '[{"s":' WHERE to_id = 'C-0'`,
				`UPDATE notice SET told = '{}' WHERE to_id = 'C-1'`)
			spoilt := 2
			if name == "SQLite" { // which stores any value in any column
				spoil(t, database, `UPDATE notice SET start_at = 'soon' WHERE to_id = 'C-2'`)
				spoilt = 3
			}
			claimed, err := s.Claim(t.Context(), morning, morning, nil, 25)
			if err != nil || len(claimed) != 4 {
				t.Fatalf("%d claimed, %v", len(claimed), err)
			}
			var reports []notice.Report
			for _, c := range claimed {
				next := notice.Next{State: notice.Sent}
				if c.Unreadable {
					next = notice.Next{State: notice.Failed, Why: "unreadable"}
					spoilt--
				}
				reports = append(reports, notice.Report{Claimed: c, Next: next})
			}
			if lost, err := s.Record(t.Context(), morning, reports); err != nil || len(lost) > 0 || spoilt != 0 {
				t.Fatalf("lost %v, %v; %d are said to be readable", lost, err, spoilt)
			}
			if name == "SQLite" {
				spoil(t, database, `UPDATE notice SET start_at = 0 WHERE to_id = 'C-2'`)
			}
			listed, err := s.Letters(t.Context(), notice.Filter{State: "failed"})
			if err != nil || len(listed) < 2 || listed[0].Why != "unreadable" {
				t.Errorf("listed %+v, %v", listed, err)
			}
		})
	}
}

func spoil(t *testing.T, database string, statements ...string) {
	t.Helper()
	driver, name := "pgx", database
	if path, file := strings.CutPrefix(database, "sqlite:"); file {
		driver, name = "sqlite", path
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, text := range statements {
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
}
