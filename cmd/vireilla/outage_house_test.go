package main

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"vireilla/internal/notice"
	"vireilla/internal/queue"
	"vireilla/internal/store/storetest"
	"vireilla/internal/test/leaks"
	"vireilla/internal/test/markers"
	"vireilla/internal/test/outboxcheck"
	"vireilla/internal/test/smtptest"
	"vireilla/internal/test/syncbuf"
	"vireilla/internal/timetable"
	"vireilla/tasks"
	"vireilla/workers"
)

// inAll is how many letters go out during each outage, for whoever wants to try with more than there is time for each
// time.
var inAll = flag.Int("letters", 100, "letters of each outage")

// over is the time in which so many fall due, unless hurry ends the wait. An outage takes a part of it, so that letters
// are left for what comes after it, however slow the machine is.
func over(letters int) time.Duration {
	return max(40*time.Second, time.Duration(letters)*time.Second/20)
}

// pace is how fast the clock of an outage runs: a second is a minute, so that the timetable's minutes, the sweep and
// the rounds come each second. The servers and what waits for them keep their own time.
const pace = 60

// outage is an office at work: serve's parts on a real queue, while appointments are booked all the time. The relay's
// log is the oracle.
type outage struct {
	*app
	t       *testing.T
	mail    *smtptest.Server
	build   func() *app // another process of the same office
	planned int
	owner   map[string]string // by address
	log     syncbuf.Buffer
	stop    func()       // stops what was started last
	ahead   atomic.Int64 // nanoseconds by which hurry has set the clock forward
}

// newOutage puts an office to work in which letters fall due evenly, as many as the flag says.
func newOutage(t *testing.T, redisURL string) *outage {
	t.Helper()
	return newOutageOn(t, "sqlite:"+filepath.Join(t.TempDir(), "v.db"), redisURL)
}

func newOutageOn(t *testing.T, database, redisURL string) *outage {
	t.Helper()
	letters := *inAll
	o := &outage{t: t, mail: smtptest.Start(t), planned: letters, owner: map[string]string{}}
	env := &environment{ctx: t.Context(), out: t.Output(), err: &o.log, commands: &commands{Data: t.TempDir(), LogLevel: "warn"}}
	redis, _, err := queue.Configured(redisURL)
	if err != nil {
		t.Fatal(err)
	}
	opened, began := time.Date(2024, time.March, 4, 7, 0, 0, 0, time.UTC), now()
	clock := func() time.Time { return opened.Add(pace*now().Sub(began) + time.Duration(o.ahead.Load())) }
	o.build = func() *app {
		a, err := env.build(options{database: database, smtp: o.mail.URL(), from: "no-reply@example.org", redis: redis, ticks: tasks.Ticks, letters: tasks.Letters, clock: clock})
		if err != nil {
			t.Fatal(err)
		}
		a.Policy.Guard.Floor = letters
		return a
	}
	o.app = o.build()
	t.Cleanup(func() { leaks.Nobody(t, "the log", o.log.String()) }) // when all has stopped
	o.book(opened)
	began = now() // however long the import took, the letters fall due from here on
	o.start(o.app)
	return o
}

// hurry sets the clock forward, so that all letters are due.
func (o *outage) hurry() { o.ahead.Store(int64(pace * over(o.planned))) }

// book imports appointments that are booked one after the other: each is a letter.
func (o *outage) book(opened time.Time) {
	o.t.Helper()
	feed := storetest.Small()
	feed["seekers.csv"], feed["appointments.csv"] = nil, nil
	delete(feed, "contacts.csv")
	for i := range o.planned {
		s := fmt.Sprintf("S-%06d", i)
		mark := fmt.Sprintf("s%06d", i) // by which the oracle knows whom a letter names
		email := markers.Address(mark)
		o.owner[email] = s
		feed["seekers.csv"] = append(feed["seekers.csv"], map[string]any{"seeker_id": s, "first_name": "Kanaria" + mark, "email": email, "email_tier": "consented",
			"service_language": "fi", "municipality": "Lahti", "coach_id": "C-1", "job_search_started": "2024-01-08", "status": "unemployed"})
		booked := opened.Add(pace * over(o.planned) * time.Duration(i) / time.Duration(o.planned))
		feed["appointments.csv"] = append(feed["appointments.csv"], map[string]any{"appointment_id": fmt.Sprintf("A-%06d", i), "seeker_id": s, "coach_id": "C-1",
			"kind": "job_search_discussion", "starts_at": opened.AddDate(0, 0, 10).UnixMilli(), "minutes": int64(45), "mode": "office", "state": "booked", "booked_at": booked.UnixMilli()})
	}
	if _, err := storetest.Import(o.t, o.Store, feed, true, true); err != nil {
		o.t.Fatal(err)
	}
}

// start does what serve does, at the pace of the clock.
func (o *outage) start(a *app) {
	t := o.t
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	a.Queue.Health.Interval, a.Poller.Interval = 500*time.Millisecond, time.Minute/pace
	a.Poller.LostAfter = 30 * time.Second * pace // tasks have their half minute by the real clock
	entries := a.Policy.Timetable
	for i := range entries {
		if entries[i].Name == "appointments" { // each minute instead of each ten
			every, err := timetable.Parse("* * * * *", a.Policy.Location)
			if err != nil {
				t.Fatal(err)
			}
			entries[i].Spec = every
		}
	}
	var all sync.WaitGroup
	a.Queue.Health.Probe(ctx)
	stop, err := a.work(a.Workers, 100*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	all.Go(func() { a.Queue.Health.Run(ctx) })
	all.Go(func() { a.Poller.Run(ctx) })
	all.Go(func() { a.runTimetable(ctx) })
	o.stop = sync.OnceFunc(func() {
		cancel()
		stop()
		all.Wait()
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(o.stop)
}

// await looks until something is so.
func (o *outage) await(what string, so func() bool) {
	o.t.Helper()
	look, late := time.NewTicker(50*time.Millisecond), time.After(5*time.Minute+over(o.planned))
	defer look.Stop()
	for !so() {
		select {
		case <-look.C:
		case <-late:
			o.t.Fatalf("waited in vain for %s; %d of %d letters went out\n%s\n%s", what, o.out(), o.planned, o.outbox(), o.log.String())
		}
	}
}

// outbox says how many letters are in which state, and whether the database is held as stale.
func (o *outage) outbox() string {
	counts := map[notice.State]int{}
	letters, err := o.Store.Letters(o.t.Context(), notice.Filter{})
	for i := range letters {
		counts[letters[i].State]++
	}
	stale, staleErr := o.Store.StaleBy(o.t.Context())
	return fmt.Sprint("outbox ", counts, err, ", stale ", stale, staleErr)
}

// out is how many letters the relay took.
func (o *outage) out() int { return o.mail.Count() }

// awaitPart waits until a part of the letters is out, in hundredths.
func (o *outage) awaitPart(part int) {
	o.t.Helper()
	o.await(fmt.Sprintf("%d %% of the letters", part), func() bool { return o.out() >= o.planned*part/100 })
}

// used counts the tasks of some queues that were done.
func (o *outage) used(queues ...string) (n int) {
	inspector := asynq.NewInspector(o.Queue.Options.Redis)
	defer inspector.Close()
	for _, q := range queues {
		if info, err := inspector.GetQueueInfo(q); err == nil {
			n += info.ProcessedTotal
		}
	}
	return n
}

// awaitQueue waits until tasks go through the queue again and says how long it took.
func (o *outage) awaitQueue() {
	o.t.Helper()
	start, before := now(), o.used(tasks.Ticks, tasks.Letters)
	o.await("tasks through the queue", func() bool { return o.used(tasks.Ticks, tasks.Letters) > before })
	o.t.Logf("tasks go through the queue again after %.1f s", now().Sub(start).Seconds())
}

// check lets all letters fall due and waits for the last one; then each was taken once, and every row knows it.
func (o *outage) check() {
	o.t.Helper()
	o.hurry()
	o.awaitPart(100)
	o.await("the outbox to know it", func() bool {
		sent, err := o.Store.Letters(o.t.Context(), notice.Filter{State: "sent"})
		return err == nil && len(sent) == o.planned
	})
	o.again(o.judge())
	if n := len(o.judge()); n != o.planned {
		o.t.Errorf("%d letters in the outbox; %d were planned", n, o.planned)
	}
	if n := o.out(); n != o.planned {
		o.t.Errorf("%d letters were taken; %d were planned", n, o.planned)
	}
}

// judge holds what the relay took against the outbox, and gives the outbox.
func (o *outage) judge() []notice.Entry {
	o.t.Helper()
	letters, err := o.Store.Letters(o.t.Context(), notice.Filter{})
	if err != nil {
		o.t.Fatal(err)
	}
	runs, err := o.Store.Runs(o.t.Context(), 10)
	if err != nil {
		o.t.Fatal(err)
	}
	// The clock begins after the day's other runs. The log is read when all has stopped.
	world := outboxcheck.World{Accepted: o.mail.Accepted(), Outbox: letters, Owner: o.owner, Runs: runs, Days: []string{"appointments/2024-03-04"},
		MessageID: func(key string) string { return workers.MessageID(key, o.Workers.Deliver.From) }}
	for _, fault := range world.Faults() {
		o.t.Error(fault)
	}
	return letters
}

// again puts the tasks of letters that are out once more, as asynq does after it could not tell Redis that they were
// done.
func (o *outage) again(letters []notice.Entry) {
	o.t.Helper()
	ids := make([]int64, len(letters))
	for i := range letters {
		ids[i] = letters[i].ID
	}
	before := o.used(tasks.Letters)
	if err := o.Queue.Letters(o.t.Context(), ids); err != nil {
		o.t.Error(err)
	}
	o.await("the tasks to run again", func() bool { return o.used(tasks.Letters) >= before+len(ids)/tasks.Batch })
}

// toldAll expects that the log tells each loss of the queue and its return, and nothing else.
func (o *outage) toldAll() {
	o.t.Helper()
	o.told(max(1, o.log.Count(queueLost)))
}

const queueLost, queueBack = "the queue does not take tasks", "the queue is back"

// told expects that the log says so many times that the queue went, and each time that it came back, and nothing else
// but what comes of a slow machine, on which a queue that is there may also answer too late.
func (o *outage) told(times int) {
	o.t.Helper()
	o.await("the queue to be back", func() bool { return o.log.Count(queueLost) == o.log.Count(queueBack) })
	lost, late := o.log.Count(queueLost), o.log.Count("deadline exceeded")
	if lost < times || lost > times+late {
		o.t.Errorf("want %d losses and as many returns; the log says\n%s", times, o.log.String())
	}
	o.complains(queueLost, queueBack)
}

// slow is what the log says when the clock is set forward, and when the machine is so busy that the embedded queue
// answers late or a task does not come to its end in its half minute.
var slow = []string{"ticks left out", "deadline exceeded", queueBack, "deferred cancelled"}

// whileTaking does something while the relay has a whole letter in its hands, which it takes.
func (o *outage) whileTaking(f func()) {
	o.t.Helper()
	reached, done := make(chan struct{}), make(chan struct{})
	defer close(done)
	o.mail.Set(smtptest.Dot, smtptest.Well().Calling(func() { close(reached); <-done }).Once())
	select {
	case <-reached:
	case <-time.After(time.Minute):
		o.t.Fatal("no letter came to the relay")
	}
	f()
}

// awaitLetter waits until a further letter goes out and says how long it took: a minute at most.
func (o *outage) awaitLetter() {
	o.t.Helper()
	start, before := now(), o.out()
	o.await("a letter", func() bool { return o.out() > before })
	took := now().Sub(start)
	o.t.Logf("letters go out again after %.1f s", took.Seconds())
	if took > time.Minute {
		o.t.Errorf("letters went out again after %s", took)
	}
}

// nothingGoesOut lets all letters fall due, and expects that none goes out after those that were under way, however
// long these take.
func (o *outage) nothingGoesOut() {
	o.t.Helper()
	o.hurry()
	out, since := o.out(), now()
	o.await("the letters to stop", func() bool {
		if n := o.out(); n != out {
			out, since = n, now()
		}
		return now().Sub(since) > 3*time.Second
	})
	if out > o.planned*9/10 {
		o.t.Errorf("%d letters went out all the same", out)
	}
}

// complains expects that each line of the log tells one of these causes, or that the machine is slow. It gives how many
// lines there are.
func (o *outage) complains(causes ...string) (lines int) {
	o.t.Helper()
	causes = append(slices.Clone(slow), causes...)
	for line := range strings.Lines(o.log.String()) {
		lines++
		if !slices.ContainsFunc(causes, func(cause string) bool { return strings.Contains(line, cause) }) {
			o.t.Errorf("the log says %s", line)
		}
	}
	o.t.Logf("%d lines in the log", lines)
	return lines
}
