package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	"github.com/jackc/pgx/v5"

	"vireilla/internal/policy"
	"vireilla/internal/store"
	"vireilla/internal/test/servertest"
	"vireilla/internal/timetable"
	"vireilla/tasks"
	"vireilla/workers"
)

// The finest grain of a timetable is a minute, so these tests give their processes a clock on which one takes three
// seconds.
const speed = 20

type fastClock struct{ shows, since time.Time }

func (c fastClock) now() time.Time { return c.shows.Add(speed * now().Sub(c.since)) }

// A timetable around the hours that summer time skips and doubles.
const busyTimetable = `timetable:
  - {entry: contacts,     cron: "* * * * *",   catch_up: all}
  - {entry: training,     cron: "*/2 * * * *", catch_up: all}
  - {entry: digests,      cron: "57 3 * * *",  catch_up: all}
  - {entry: leads,        cron: "0 * * * *",   catch_up: all}
  - {entry: appointments, cron: "*/5 * * * *", catch_up: latest}
  - {entry: deliver,      cron: "1-59/2 * * * *", catch_up: latest}
  - {entry: sweep,        cron: "* * * * *",   catch_up: latest}
  - {entry: retention,    cron: "5 3 * * *",   catch_up: all}
`

func TestEachTickIsRecordedOnceWhateverBecomesOfTheOwner(t *testing.T) {
	heavy(t, "its processes live for half a minute")
	t.Parallel()
	for _, c := range []struct {
		name, begin string
		harm        func(t *testing.T, o *office3, owner *child)
	}{
		{"killed, in the hour that is skipped", "2024-03-31T02:55:30+02:00", func(t *testing.T, o *office3, owner *child) {
			owner.kill()
			o.awaitOwner(owner)
		}},
		{"stopped for a while, in the hour that is doubled", "2024-10-27T03:55:30+03:00", func(t *testing.T, o *office3, owner *child) {
			owner.signal(syscall.SIGSTOP)
			o.awaitOwner(owner)
			owner.signal(syscall.SIGCONT)
			o.await("the one that was stopped to see that another records ticks", func() bool {
				return strings.Contains(owner.said.String(), "another process records")
			})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			begin, err := time.Parse(time.RFC3339, c.begin)
			if err != nil {
				t.Fatal(err)
			}
			o := newOffice3(t, begin)
			o.start(3)
			owner := o.awaitOwner(nil)
			o.quiet()
			c.harm(t, o, owner)

			o.quiet()
			for _, c := range o.children {
				c.kill()
			}
			o.children = nil
			over := o.clock.now().Add(2 * time.Minute)
			o.await("ticks to pass while nobody is there", func() bool { return o.clock.now().After(over) })
			o.start(3)
			owner = o.awaitOwner(nil)

			o.quiet()
			owner.end()
			if holder, err := o.store.Owner(t.Context(), workers.TimetableLease); err != nil || owner.holds(holder) {
				t.Errorf("it has ended and still has the lease: %q, %v", holder, err)
			}
			o.awaitOwner(owner)
			o.quiet()
			until := o.clock.now() // what is recorded while they end may be left to others, of whom there are none
			for _, c := range o.children {
				c.end()
			}
			o.check(until)
		})
	}
}

// office3 is some processes of the program on one PostgreSQL and one redis-server.
type office3 struct {
	t         *testing.T
	clock     fastClock
	database  string
	redis     string
	folder    string // of the policy and of the list of what was done
	policy    *policy.Policy
	store     *store.DB
	inspector *asynq.Inspector
	children  []*child
}

func newOffice3(t *testing.T, begin time.Time) *office3 {
	t.Helper()
	o := &office3{t: t, clock: fastClock{begin, now()}, database: servertest.Postgres(t), redis: servertest.Redis(t), folder: t.TempDir()}
	rules, _, _ := strings.Cut(string(policy.DefaultFile()), "timetable:\n")
	p, faults := policy.Parse([]byte(rules + busyTimetable))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	o.policy = p
	o.well(os.WriteFile(filepath.Join(o.folder, "policy.yaml"), []byte(rules+busyTimetable), 0o600))
	var err error
	o.store, err = store.Open(t.Context(), o.database)
	o.well(err)
	t.Cleanup(func() { _ = o.store.Close() })
	options, err := asynq.ParseRedisURI(o.redis)
	o.well(err)
	o.inspector = asynq.NewInspector(options)
	t.Cleanup(func() { _ = o.inspector.Close() })
	// All entries begin at one known moment.
	fence, err := o.store.TakeLease(t.Context(), workers.TimetableLease, "test", time.Minute)
	o.well(err)
	for _, e := range p.Timetable {
		_, held, err := o.store.RecordTicks(t.Context(), workers.TimetableLease, fence, timetable.Record{Entry: e.Name, Now: begin})
		if err != nil || !held {
			t.Fatal(held, err)
		}
	}
	o.well(o.store.EndLease(t.Context(), workers.TimetableLease, "test"))
	return o
}

func (o *office3) well(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// await waits until something has happened.
func (o *office3) await(what string, happened func() bool) {
	o.t.Helper()
	look, late := time.NewTicker(30*time.Millisecond), time.After(time.Minute)
	defer look.Stop()
	for !happened() {
		select {
		case <-look.C:
		case <-late:
			for _, c := range o.children {
				o.t.Logf("%d said %s", c.cmd.Process.Pid, c.said.String())
			}
			o.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// awaitOwner waits until one of the processes other than one owns the lease.
func (o *office3) awaitOwner(other *child) (owner *child) {
	o.t.Helper()
	from := now()
	o.await("an owner", func() bool {
		holder, err := o.store.Owner(o.t.Context(), workers.TimetableLease)
		o.well(err)
		for _, c := range o.children {
			if c != other && c.holds(holder) {
				owner = c
			}
		}
		return owner != nil
	})
	o.t.Logf("an owner after %s", now().Sub(from).Round(100*time.Millisecond))
	return owner
}

// quiet waits until the middle of a minute in which the work of all ticks is done.
func (o *office3) quiet() {
	o.t.Helper()
	o.await("the middle of a minute", func() bool {
		at := o.clock.now()
		open, err := o.store.OpenTicks(o.t.Context(), at)
		o.well(err)
		last, err := o.store.LastTicks(o.t.Context())
		o.well(err)
		info, err := o.inspector.GetQueueInfo(tasks.Ticks)
		recorded := !last["contacts"].Before(at.Truncate(time.Minute))
		return recorded && len(open) == 0 && err == nil && info.Active+info.Pending == 0 && at.Second() > 10 && at.Second() < 40
	})
}

// check holds what was recorded and done up to a moment against the cron specs.
func (o *office3) check(until time.Time) {
	o.t.Helper()
	conn, err := pgx.Connect(o.t.Context(), o.database)
	o.well(err)
	defer conn.Close(o.t.Context())
	recorded := map[string]int{}
	rows, err := conn.Query(o.t.Context(), `SELECT name, due_at FROM tick WHERE done_at <> 0 AND due_at <= $1`, until.UnixMilli())
	o.well(err)
	for rows.Next() {
		var name string
		var ms int64
		o.well(rows.Scan(&name, &ms))
		recorded[line(name, time.UnixMilli(ms))]++
	}
	o.well(rows.Err())
	text, err := os.ReadFile(filepath.Join(o.folder, "done"))
	o.well(err)
	done := map[string]int{}
	for _, l := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if _, text, _ := strings.Cut(l, " "); text <= until.UTC().Format(time.RFC3339) {
			done[l] = 1 // on a slow machine the poller of another process may run a tick too
		}
	}
	if diff := cmp.Diff(recorded, done); diff != "" {
		o.t.Errorf("-recorded +done\n%s", diff)
	}
	want := o.expected(until)
	if o.clock.now().Before(o.clock.shows.Add(6 * time.Minute)) {
		o.t.Error("over before the clocks were turned")
	}
	if diff := cmp.Diff(want, recorded); diff != "" || len(want) < 20 {
		o.t.Errorf("-expected +recorded, of %d\n%s", len(want), diff)
	}
	info, err := o.inspector.GetQueueInfo(tasks.Ticks)
	if err != nil || info.Archived+info.Retry+info.Active != 0 {
		o.t.Errorf("left in the queue: %+v, %v", info, err)
		retried, _ := o.inspector.ListRetryTasks(tasks.Ticks)
		for _, task := range retried {
			o.t.Log(task.ID, task.LastErr)
		}
	}
	open, err := o.store.OpenTicks(o.t.Context(), until)
	if err != nil || len(open) != 0 {
		o.t.Errorf("left in the ledger: %v, %v", open, err)
	}
}

// expected is every tick up to a moment, without what the ledger says was left out because a later tick came.
func (o *office3) expected(until time.Time) map[string]int {
	o.t.Helper()
	want := map[string]int{}
	for _, e := range o.policy.Timetable {
		skips, err := o.store.TickSkips(o.t.Context(), e.Name, 100)
		o.well(err)
		if e.CatchUp == timetable.All && len(skips) > 0 {
			o.t.Errorf("%s: left out %v", e.Name, skips)
		}
		for _, at := range e.Spec.Between(o.clock.shows, until, 1000) {
			if !slices.ContainsFunc(skips, func(k timetable.Skip) bool {
				return !at.Before(k.From) && !at.After(k.To) && k.Why == timetable.Superseded
			}) {
				want[line(e.Name, at)]++
			}
		}
	}
	return want
}

func line(entry string, at time.Time) string { return entry + " " + at.UTC().Format(time.RFC3339) }
