package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/internal/timetable"
)

// TestADayReadsNoTableWhole asks SQLite for the query plan of each statement of a day's work: none may scan the
// register or the outbox. A day costs what is due that day.
func TestADayReadsNoTableWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "v.db")
	s, err := Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	plain := s.db
	defer plain.Close()
	recorded := &recorder{}
	s.db = sql.OpenDB(recordingConnector{plain.Driver(), "file:" + path + "?_txlock=immediate", recorded})
	defer s.db.Close()
	aDay(t, s, recorded)

	statements := recorded.list
	if len(statements) < 30 {
		t.Fatalf("recorded only %d statements", len(statements))
	}
	for _, h := range statements {
		if !regexp.MustCompile(`(?i)^\s*(select|update|delete|insert|with)`).MatchString(h.text) {
			continue
		}
		if err := forRows(t.Context(), plain, "EXPLAIN QUERY PLAN "+h.text, h.args, func(r *sql.Rows) error {
			var id, parent, unused int
			var step string
			if err := r.Scan(&id, &parent, &unused, &step); err != nil {
				return err
			}
			if whole(h.text, step) {
				t.Errorf("%s in\n%s", step, h.text)
			}
			return nil
		}); err != nil {
			t.Errorf("%v in\n%s", err, h.text)
		}
	}
}

// whole reports whether a step scans a table that grows with the register or with the years. The agenda holds what has
// something to say; a partial index holds what is open; a subquery has a limit.
func whole(text, step string) bool {
	table, found := strings.CutPrefix(step, "SCAN ")
	if !found {
		return false
	}
	table, how, _ := strings.Cut(table, " ")
	switch {
	case strings.HasPrefix(table, "CONSTANT"), strings.HasPrefix(table, "(subquery"):
		return false
	// the name of a subquery with a limit
	case strings.Contains(text, "FROM agenda "+table), strings.Contains(text, ") "+table):
		return false
	}
	if how == "USING INDEX run_day" { // the runs from the newest on, until there are enough
		return !strings.Contains(text, "LIMIT")
	}
	for _, narrow := range []string{"notice_due", "notice_sending", "notice_held", "notice_ended", "notice_waiting",
		"run_held", "told_phone", "tick_open", "appointment_wake", "agenda_clarification"} {
		if strings.HasSuffix(how, " "+narrow) {
			return false
		}
	}
	return table != "team" && table != "coach" && table != "absence" && table != "meta" && table != "schedule"
}

// aDay does what the steps of a day do.
func aDay(t *testing.T, s *DB, recorded *recorder) {
	t.Helper()
	ctx, now := t.Context(), time.Date(2024, 3, 4, 6, 0, 0, 0, time.UTC)
	day := calendar.Date(2024, 3, 4)
	well := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	exec := func(query string) {
		t.Helper()
		_, err := s.db.Exec(query)
		well(err)
	}
	exec(`INSERT INTO coach VALUES ('C-1', 'Eero-Kanaria', 'kanaria.c@example.org', 'T-1', 'fi', 'coach', 0)`)
	exec(`INSERT INTO seeker VALUES ('S-1', 'Aino-Kanaria', 'kanaria.s@example.org', 'neutral', 'fi', 'Lahti', 'C-1', '2024-01-01', '', '', '', 'unemployed', '', 0, 0, 0)`)
	well(s.Prepare(ctx, day, "p"))
	recorded.list = nil // a new policy wakes all cases, at any cost
	well(s.Prepare(ctx, day+1, "p"))
	o := policy.Obligation{Seeker: "S-1", Rule: "initial_interview", Anchor: day, Due: day, DueStrict: day,
		Stage: policy.Due, Owner: "C-1"}
	well(s.Refresh(ctx, day, func(*notice.Awake) notice.Agenda {
		return notice.Agenda{Seeker: "S-1", Wake: day + 1, Obligations: []policy.Obligation{o}}
	}))
	_, err := s.Staff(ctx)
	well(err)
	_, err = s.Staged(ctx)
	well(err)
	_, err = s.Staged(ctx, "S-1")
	well(err)
	_, err = s.ToldPhone(ctx)
	well(err)
	_, err = s.Clarifications(ctx)
	well(err)
	_, err = s.Decisions(ctx, day-7, day)
	well(err)
	_, err = s.Matters(ctx, []string{"TR-1"})
	well(err)
	_, err = s.Soon(ctx, now, now.Add(48*time.Hour))
	well(err)
	_, err = s.Unwritten(ctx, now)
	well(err)
	_, err = s.Seekers(ctx, []string{"S-1"})
	well(err)
	well(s.AwakeBookings(ctx, now, func([]notice.AwakeBooking) {}))
	_, err = s.Bookings(ctx, []string{"A-1"})
	well(err)
	well(s.Sleep(ctx, []notice.Evaluated{{Wake: now}}))
	item := notice.Item{Seeker: "S-1", Rule: o.Rule, Anchor: day, Stage: policy.Due}
	_, err = s.Add(ctx, now, notice.Run{Kind: "digests", Day: day, Guard: policy.Default().Guard}, notice.Plan{
		Notices: []notice.Notice{{Key: "k", Letter: notice.CoachDigest, To: "C-1", Role: notice.ToCoach, SendAt: now,
			Expires: now.Add(time.Hour), Told: []notice.Item{item}}},
		Skips: []notice.Skip{{Key: "s", Why: "x", Until: now.Add(time.Hour)}},
	})
	well(err)
	for _, count := range []func(context.Context, time.Time) (int, error){s.Due,
		func(ctx context.Context, at time.Time) (int, error) { return s.FreeStuck(ctx, at, []string{"x"}) }} {
		_, err = count(ctx, now)
		well(err)
	}
	_, err = s.OldestDue(ctx, now)
	well(err)
	_, err = s.NextDue(ctx)
	well(err)
	_, _, err = s.NextBooking(ctx)
	well(err)
	claimed, err := s.Claim(ctx, now, now, nil, 25)
	well(err)
	_, err = s.Record(ctx, now, []notice.Report{{Claimed: claimed[0], Next: notice.Next{State: notice.Sent}}})
	well(err)
	_, err = s.LastTicks(ctx)
	well(err)
	fence, err := s.TakeLease(ctx, "timetable", "one", time.Minute)
	well(err)
	_, _, err = s.RecordTicks(ctx, "timetable", fence, timetable.Record{Entry: "digests", Now: now,
		Ticks: []time.Time{now}, Skips: []timetable.Skip{{From: now, To: now, Why: timetable.TooOld}}})
	well(err)
	_, err = s.NewestTicks(ctx)
	well(err)
	_, err = s.TickSkips(ctx, "digests", 1)
	well(err)
	well(s.TickDone(ctx, now, "digests", now))
	_, err = s.OpenTicks(ctx, now)
	well(err)
	_, err = s.KillSwitch(ctx)
	well(err)
	_, err = s.Vitals(ctx, now, []string{"digests"})
	well(err)
	readPages(t, s, now, day)
}

// readPages reads what the web pages show.
func readPages(t *testing.T, s *DB, now time.Time, day calendar.Day) {
	t.Helper()
	ctx := t.Context()
	ask := func(name string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	_, err := s.Tally(ctx, day)
	ask("tally", err)
	_, err = s.Reasons(ctx, day)
	ask("reasons", err)
	_, err = s.Skipped(ctx, now, now.Add(time.Hour))
	ask("skipped", err)
	_, _, err = s.Waiting(ctx, now)
	ask("waiting", err)
	_, err = s.HeldRuns(ctx, now)
	ask("held runs", err)
	_, err = s.Runs(ctx, 30)
	ask("runs", err)
	_, err = s.History(ctx, day-30, day)
	ask("history", err)
	filters := []notice.Filter{{Day: day}, {Day: day, State: "sent"}, {To: "S-1"}, {ID: 1}, {ID: 1, State: "withdrawn"}}
	for _, state := range notice.States() {
		if state != notice.Sent && state != notice.Withdrawn {
			filters = append(filters, notice.Filter{State: string(state)})
		}
	}
	for _, f := range filters {
		for _, f.Before = range []int64{0, 9} {
			f.Newest, f.Limit = true, 51
			_, err := s.Letters(ctx, f)
			ask("letters", err)
		}
	}
}

// recorder records the statements that go to the database.
type recorder struct {
	mu   sync.Mutex
	list []statement
}

type statement struct {
	text string
	args []any
}

func (h *recorder) note(text string, args []driver.NamedValue) {
	h.mu.Lock()
	defer h.mu.Unlock()
	values := make([]any, len(args))
	for i, a := range args {
		values[i] = a.Value
	}
	h.list = append(h.list, statement{text, values})
}

// recordingConnector opens connections that record their statements.
type recordingConnector struct {
	driver   driver.Driver
	dsn      string
	recorder *recorder
}

func (l recordingConnector) Driver() driver.Driver { return l.driver }

func (l recordingConnector) Connect(context.Context) (driver.Conn, error) {
	conn, err := l.driver.Open(l.dsn)
	return recordingConn{conn, l.recorder}, err
}

type recordingConn struct {
	driver.Conn
	recorder *recorder
}

func (c recordingConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
}

func (c recordingConn) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	s, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, text)
	return recordingStmt{s, text, c.recorder}, err
}

type recordingStmt struct {
	driver.Stmt
	text     string
	recorder *recorder
}

func (s recordingStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.recorder.note(s.text, args)
	return s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
}

func (s recordingStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.recorder.note(s.text, args)
	return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}
