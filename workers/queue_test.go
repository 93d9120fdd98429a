package workers

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/internal/test/outboxcheck"
	"vireilla/internal/test/smtptest"
	"vireilla/internal/timetable"
	"vireilla/tasks"
)

func TestMain(m *testing.M) {
	miniredis.DumpMaxLineLen = math.MaxInt // who looks for names wants to see all
	m.Run()
}

// queued puts a real queue between the steps of a house, on a Redis inside the test.
func queued(t *testing.T, h *house) (*Enqueuer, *miniredis.Miniredis, chan error) {
	t.Helper()
	redis := miniredis.RunT(t)
	options := asynq.RedisClientOpt{Addr: redis.Addr()}
	client := asynq.NewClient(options)
	inspector := asynq.NewInspector(options)
	t.Cleanup(func() { _, _ = client.Close(), inspector.Close() })
	bell := &Enqueuer{Client: client, Inspector: inspector, TickQueue: tasks.Ticks, LetterQueue: tasks.Letters, Watch: &QueueHealth{Log: h.workers.Log}, Clock: h.clock}
	h.workers.Sweep.Enqueue = bell
	ended := make(chan error, 64)
	server := asynq.NewServer(options, asynq.Config{Queues: map[string]int{tasks.Ticks: 3, tasks.Letters: 1}, Concurrency: 3, TaskCheckInterval: 2 * time.Millisecond,
		LogLevel: asynq.FatalLevel})
	if err := server.Start(Watched(h.workers, ended)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	return bell, redis, ended
}

func TestATickBecomesALetterThroughTheQueue(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", seeker("S-1"))
	bell, redis, ended := queued(t, h)
	h.scan.Enqueue = bell.Letters
	clock := &Timetable{Clock: h.clock, Wall: h.clock, Owner: "one", Entries: []policy.Entry{daily(t, "digests", "30 7 * * *", timetable.Latest)}, Ledger: h, Put: bell.Tick, Log: h.workers.Log}
	for _, now := range []string{"2024-03-05 07:29", "2024-03-05 07:30"} {
		h.set(now)
		h.well(clock.Tick(t.Context()))
	}
	for range 2 { // the tick, and the letter that it rings for
		h.well(<-ended)
	}
	h.arrived("coach_digest/C-1/2024-03-05")
	open, err := h.OpenTicks(t.Context(), h.clock().Add(time.Hour))
	h.well(err)
	if len(open) != 0 {
		t.Errorf("open ticks: %v", open)
	}
	h.nobodyIn("Redis", redis.Dump())

	h.well(bell.Tick(t.Context(), "digests", h.clock())) // the same tick again is nothing
	h.well(bell.Tick(t.Context(), "digests", h.clock().Add(time.Minute)))
	h.well(<-ended) // another one looks, and finds all told
	select {
	case err := <-ended:
		t.Errorf("a task too many: %v", err)
	default:
	}
	h.arrived()
}

func TestARingNamesABatchOfLettersATask(t *testing.T) {
	h := newHouse(t)
	bell, _, ended := queued(t, h)
	h.well(h.SetKillSwitch(t.Context(), true)) // nothing is claimed
	ids := make([]int64, 2*tasks.Batch+1)
	for i := range ids {
		ids[i] = int64(i + 1)
	}
	h.well(bell.Letters(t.Context(), ids))
	for range 3 {
		h.well(<-ended)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if bell.Letters(over, ids) == nil || bell.DueLetters(over, 1) == nil || bell.Tick(over, "digests", local("2024-03-05 07:30")) == nil {
		t.Error("rang without a queue")
	}
}

func TestAScanGoesOnWithoutABell(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", seeker("S-1"))
	h.scan.Enqueue = func(context.Context, []int64) error { return errors.New("no queue") }
	h.at("2024-03-05 07:30") // the sweep rings
	h.arrived("coach_digest/C-1/2024-03-05")
}

func TestATaskThatMakesNoSenseIsNotTriedAgain(t *testing.T) {
	h := newHouse(t)
	h.set("2024-03-05 07:30")
	for name, task := range map[string]*asynq.Task{
		"letters that are none": asynq.NewTask(tasks.Deliver, []byte("1 two")),
		"a tick of another":     asynq.NewTask("tick:digests", []byte(`{"entry":"leads","at":"2024-03-05T07:30:00Z"}`)),
		"a tick without a time": asynq.NewTask("tick:digests", []byte(`{"entry":"digests"}`)),
		"no tick at all":        asynq.NewTask("tick:digests", []byte(`{`)),
		"an unknown type":       asynq.NewTask("shout", nil),
	} {
		if err := h.workers.ProcessTask(t.Context(), task); !errors.Is(err, asynq.SkipRetry) {
			t.Errorf("%s: %v", name, err)
		}
	}
	h.deliver.Outbox = &refusing{house: h, busy: true}
	if err := h.workers.ProcessTask(t.Context(), asynq.NewTask(tasks.Deliver, nil)); err == nil || errors.Is(err, asynq.SkipRetry) {
		t.Errorf("an outbox that is busy is tried again: %v", err)
	}
	tick, _, err := tasks.NewTick("q", tasks.Tick{Entry: "digests", At: h.clock()})
	h.well(err)
	h.workers.Scan = nil
	if err := h.workers.ProcessTask(t.Context(), tick); !errors.Is(err, asynq.SkipRetry) || !strings.Contains(h.log.String(), "a step panicked") {
		t.Errorf("a step that panics: %v", err)
	}
}

// day runs 2024-03-05 in a house whose steps do not ring.
func (h *house) day(t *testing.T) {
	t.Helper()
	bell, _, ended := queued(t, h)
	h.workers.Sweep.DeliverTasks = 0
	midnight := local("2024-03-06 00:00")
	h.deliver.NotOver = func() time.Time { return midnight }
	d := Day{Policy: h.workers.Policy, Set: h.turn, Put: bell, Ended: ended, Outbox: h, DeliverTasks: 2, Stopwatch: time.Now}
	h.set("2024-03-05 00:00")
	h.well(d.Run(t.Context(), calendar.Date(2024, time.March, 5)))
}

func TestADayIsRunToItsEnd(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", settled("S-2"), settled("S-3"))
	h.put("appointments.csv", appointment("A-2", "S-2", "2024-03-06 10:30", "2024-02-20 08:00"), appointment("A-3", "S-3", "2024-03-21 09:00", "2024-03-05 11:05"))
	h.at("2024-02-21 10:00")
	h.at("2024-03-01 16:00")
	h.news()
	h.put("seekers.csv", seeker("S-1"))
	h.put("seekers.csv", row{"seeker_id": "S-1", "job_search_started": "2024-02-20"}) // the interview was due on 27 February
	h.day(t)
	byID := h.outboxByID()
	var got []string
	for _, m := range h.news() {
		got = append(got, strings.Fields(outboxcheck.Header(m, "Date"))[4]+" "+byID[m.MessageID].Key)
	}
	want := []string{"07:30:00 coach_digest/C-1/2024-03-05", "07:35:00 lead_escalation/T-1/2024-03-05", "10:30:00 appointment_reminder/A-2/2024-03-06T10:30/24h",
		"11:10:00 appointment_booked/A-3/2024-03-21T09:00"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	h.day(t) // the same day again is nothing
	h.arrived()
}

func TestADayEndsThoughNothingGoesOut(t *testing.T) {
	for name, trouble := range map[string]func(h *house){
		"the relay is down": func(h *house) { h.mail.Set(smtptest.Greeting, smtptest.ReplyAndDrop("421 4.3.2 closed")) },
		"the kill switch":   func(h *house) { h.well(h.SetKillSwitch(h.t.Context(), true)) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.put("seekers.csv", seeker("S-1"))
			trouble(h)
			h.day(t)
			h.arrived()
			entries, err := h.Letters(t.Context(), notice.Filter{})
			h.well(err)
			if len(entries) != 1 || entries[0].State != notice.Deferred && entries[0].State != notice.Pending {
				t.Errorf("%+v", entries)
			}
		})
	}
}

// What fails for an hour ends in the archive and keeps its id there.
func TestATickThatWasGivenUpIsPutAgain(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", seeker("S-1"))
	bell, _, ended := queued(t, h)
	h.well(bell.Inspector.PauseQueue(tasks.Ticks))
	h.set("2024-03-05 07:30")
	tick := tasks.Tick{Entry: "digests", At: h.clock()}
	h.well(bell.Tick(t.Context(), tick.Entry, tick.At))
	h.well(bell.Inspector.ArchiveTask(tasks.Ticks, tick.ID()))
	h.well(bell.Inspector.UnpauseQueue(tasks.Ticks))
	h.well(bell.Tick(t.Context(), tick.Entry, tick.At))
	h.well(<-ended)
	h.send()
	h.arrived("coach_digest/C-1/2024-03-05")
}

// A worker that dies while Redis forgets its lease leaves a task that the queue believes to be at work for ever.
func TestATickWhoseLeaseWasLostIsPutAgain(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", seeker("S-1"))
	bell, redis, ended := queued(t, h)
	h.well(bell.Inspector.PauseQueue(tasks.Ticks))
	h.set("2024-03-05 07:30")
	tick := tasks.Tick{Entry: "digests", At: h.clock()}
	h.well(bell.Tick(t.Context(), tick.Entry, tick.At))
	const queue = "asynq:{" + tasks.Ticks + "}:"
	id, err := redis.RPop(queue + "pending")
	h.well(err)
	_, err = redis.Push(queue+"active", id)
	h.well(err)
	redis.HSet(queue+"t:"+id, "state", "active")
	h.well(bell.Inspector.UnpauseQueue(tasks.Ticks))

	h.well(bell.Tick(t.Context(), tick.Entry, tick.At)) // it may be at work
	if n := waiting(t, bell); n != 0 {
		t.Fatalf("%d ticks wait", n)
	}
	h.set("2024-03-05 07:50")
	h.well(bell.Tick(t.Context(), tick.Entry, tick.At))
	h.well(<-ended)
	h.send()
	h.arrived("coach_digest/C-1/2024-03-05")
}

// waiting counts the ticks that no worker has taken.
func waiting(t *testing.T, b *Enqueuer) int {
	t.Helper()
	info, err := b.Inspector.GetQueueInfo(b.TickQueue)
	if err != nil {
		t.Fatal(err)
	}
	return info.Pending
}
