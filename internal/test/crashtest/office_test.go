package crashtest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/internal/store"
	"vireilla/internal/store/storetest"
	"vireilla/internal/test/outboxcheck"
	"vireilla/internal/test/servertest"
	"vireilla/internal/test/smtptest"
	"vireilla/internal/timetable"
	"vireilla/workers"
)

const sender = "no-reply@lahti.example"

// monday is the first day of every story.
const monday = "2024-03-04"

// way is a database and a queue to run the program with.
type way struct {
	name            string
	database, redis func(t *testing.T) string
}

func ways() []way {
	return []way{
		{"SQLite", func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "v.db") }, func(*testing.T) string { return "" }},
		{"PostgreSQL and Redis", func(t *testing.T) string { return servertest.Postgres(t) }, func(t *testing.T) string { return servertest.Redis(t) }},
	}
}

// office is what the processes work on: a database, a queue, a policy and a mail server.
type office struct {
	t               *testing.T
	mail            *smtptest.Server
	store           *store.DB
	policy          *policy.Policy
	database, redis string
	data, rules     string            // the folder of the office, its policy
	owner           map[string]string // by address
	planned         []string          // keys that must exist in the end
	days            []string          // runs that must exist in the end
	programs        []*program
}

func newOffice(t *testing.T, w way, options ...smtptest.Option) *office {
	t.Helper()
	if testing.Short() {
		t.Skip("left out by -short: it starts processes of the program")
	}
	o := &office{t: t, mail: smtptest.Start(t, options...), policy: policy.Default(), database: w.database(t), redis: w.redis(t), data: t.TempDir(), owner: map[string]string{}}
	var err error
	o.rules = filepath.Join(o.data, "policy.yaml")
	// No day here is unusual.
	text := strings.Replace(string(policy.DefaultFile()), "guard: {floor: 50,", "guard: {floor: 5000,", 1)
	o.must(os.WriteFile(o.rules, []byte(text), 0o600))
	o.store, err = store.Open(t.Context(), o.database)
	o.must(err)
	t.Cleanup(func() { _ = o.store.Close() })
	return o
}

func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// day gives a day of the story, counted from 0, without weekends.
func (o *office) day(n int) calendar.Day {
	o.t.Helper()
	var first calendar.Day
	o.must(first.UnmarshalText([]byte(monday)))
	return first + calendar.Day(n/5*7+n%5)
}

// register fills the register. On each day a number of appointments is booked between eight and nine, in four parts;
// each causes a letter, and later one or two reminders. Three coaches have cases that fall due from day to day.
func (o *office) register(days, bookings int) {
	o.t.Helper()
	feed := storetest.Small()
	delete(feed, "contacts.csv")
	feed["coaches.csv"], feed["seekers.csv"], feed["appointments.csv"] = nil, nil, nil
	o.owner["kanaria.lead@example.org"] = "T-1"
	for i := range 3 {
		c := fmt.Sprintf("C-%d", i)
		email := fmt.Sprintf("kanaria.c%d@example.org", i)
		o.owner[email] = c
		feed["coaches.csv"] = append(feed["coaches.csv"], map[string]any{"coach_id": c, "name": "Eero-Kanaria Coach", "email": email, "team_id": "T-1", "language": "fi", "role": "coach"})
	}
	for n := range days {
		day := o.day(n)
		for i := range bookings {
			s, a := fmt.Sprintf("S-%d-%03d", n, i), fmt.Sprintf("A-%d-%d", n, i)
			mark := strings.ToLower(strings.ReplaceAll(s, "-", "")) // by which outboxcheck knows whom a letter names
			email := "kanaria." + mark + "@example.org"
			o.owner[email] = s
			feed["seekers.csv"] = append(feed["seekers.csv"], map[string]any{"seeker_id": s, "first_name": "Kanaria" + mark, "email": email, "email_tier": []string{"neutral", "consented"}[i%2],
				"service_language": "fi", "municipality": "Lahti", "coach_id": fmt.Sprintf("C-%d", i%3), "job_search_started": (day - 3 - calendar.Day(i%5)).String(), "status": "unemployed"})
			starts := (day + 8).At(15, 0, o.policy.Location)
			feed["appointments.csv"] = append(feed["appointments.csv"], map[string]any{"appointment_id": a, "seeker_id": s, "coach_id": fmt.Sprintf("C-%d", i%3),
				"kind": "job_search_discussion", "starts_at": starts.UnixMilli(), "minutes": int64(45), "mode": "office", "state": "booked",
				"booked_at": day.At(8, 5+10*(i%4), o.policy.Location).UnixMilli()})
			o.planned = append(o.planned, fmt.Sprintf("appointment_booked/%s/%s", a, starts.Format("2006-01-02T15:04")))
		}
	}
	_, err := storetest.Import(o.t, o.store, feed, true, true)
	o.must(err)
}

// keptFrom records the ticks of the timetable up to a moment, as an earlier serve would have.
func (o *office) keptFrom(at time.Time) {
	o.t.Helper()
	fence, err := o.store.TakeLease(o.t.Context(), workers.TimetableLease, "story", time.Minute)
	o.must(err)
	for _, e := range o.policy.Timetable {
		_, held, err := o.store.RecordTicks(o.t.Context(), workers.TimetableLease, fence, timetable.Record{Entry: e.Name, Now: at})
		if err != nil || !held {
			o.t.Fatal(held, err)
		}
	}
	o.release()
}

// release ends the lease of the timetable, which would expire after ten seconds.
func (o *office) release() {
	o.t.Helper()
	holder, err := o.store.Owner(o.t.Context(), workers.TimetableLease)
	o.must(err)
	o.must(o.store.EndLease(o.t.Context(), workers.TimetableLease, holder))
}

// start starts a process whose clock begins at a time, with more variables in its environment.
func (o *office) start(clock time.Time, more []string, command ...string) *program {
	o.t.Helper()
	environment := append(more, "LISTEN=127.0.0.1:0", "DATABASE_URL="+o.database, "SMTP_URL="+o.mail.URL(),
		"MAIL_FROM="+sender, "VIREILLA_DATA="+o.data, "CRASH_CLOCK="+clock.Format(time.RFC3339))
	if o.redis != "" {
		environment = append(environment, "REDIS_URL="+o.redis)
	}
	p := start(o.t, environment, append([]string{"--policy", o.rules}, command...)...)
	o.programs = append(o.programs, p)
	return p
}

// serve is the program as a service.
func serve() []string { return []string{"serve", "--only", "timetable,workers"} }

// outbox gives all letters.
func (o *office) outbox() []notice.Entry {
	o.t.Helper()
	entries, err := o.store.Letters(o.t.Context(), notice.Filter{})
	o.must(err)
	return entries
}

// states counts the letters of the outbox by their states.
func (o *office) states() map[notice.State]int {
	o.t.Helper()
	n := map[notice.State]int{}
	for _, e := range o.outbox() {
		n[e.State]++
	}
	return n
}

// faults compares what was accepted with the outbox and the runs, and searches the output of the processes for names.
func (o *office) faults() []string {
	o.t.Helper()
	w := outboxcheck.World{Accepted: o.mail.Accepted(), Outbox: o.outbox(), MessageID: func(key string) string { return workers.MessageID(key, sender) }, Planned: o.planned, Owner: o.owner,
		Days: o.days}
	var err error
	w.Runs, err = o.store.Runs(o.t.Context(), 1000)
	o.must(err)
	for _, p := range o.programs {
		w.Said = append(w.Said, p.output.String())
	}
	return w.Faults()
}

// open opens the database beside the store, for queries that the store does not have.
func (o *office) open() *sql.DB {
	o.t.Helper()
	driver, name := "pgx", o.database
	if path, file := strings.CutPrefix(o.database, "sqlite:"); file {
		driver, name = "sqlite", path+"?_pragma=busy_timeout(20000)&_txlock=immediate"
	}
	db, err := sql.Open(driver, name)
	o.must(err)
	o.t.Cleanup(func() { _ = db.Close() })
	return db
}

// claims returns a number that grows with every claim.
func (o *office) claims() (n int) {
	o.t.Helper()
	db := o.open()
	defer db.Close()
	o.must(db.QueryRowContext(o.t.Context(), `SELECT CAST(coalesce(sum(fence), 0) AS BIGINT) FROM notice`).Scan(&n))
	return n
}

// lock blocks all writes to the outbox until release is called.
func (o *office) lock() (release func()) {
	o.t.Helper()
	tx, err := o.open().BeginTx(context.Background(), nil)
	o.must(err)
	if o.redis != "" { // PostgreSQL; on SQLite the transaction locks the whole file
		_, err = tx.Exec(`LOCK TABLE notice IN SHARE ROW EXCLUSIVE MODE`)
		o.must(err)
	}
	o.t.Cleanup(func() { _ = tx.Rollback() })
	return func() { _ = tx.Rollback() }
}
