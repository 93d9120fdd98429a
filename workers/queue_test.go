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
	"vireilla/internal/queue"
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
func queued(t *testing.T, h *house) (*queue.Queue, *miniredis.Miniredis, chan error) {
	t.Helper()
	redis := miniredis.RunT(t)
	q, err := queue.Open(t.Context(), queue.Options{Redis: asynq.RedisClientOpt{Addr: redis.Addr()}, Ticks: tasks.Ticks, Letters: tasks.Letters, Log: h.workers.Log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = q.Close() })
	ended := make(chan error, 64)
	stop, err := q.Work(Watched(h.workers, ended), 3, 2*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return q, redis, ended
}

func TestATickBecomesALetterThroughTheQueue(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", seeker("S-1"))
	q, redis, ended := queued(t, h)
	h.scan.Enqueue = q.Letters
	clock := &Timetable{Clock: h.clock, Wall: h.clock, Owner: "one", Entries: []policy.Entry{daily(t, "digests", "30 7 * * *", timetable.Latest)}, Ledger: h, Put: q.Tick, Log: h.workers.Log}
	for _, now := range []string{"2024-03-05 07:29", "2024-03-05 07:30"} {
		h.set(now)
		h.well(clock.Tick(t.Context()))
	}
	for range 2 { // the tick, and the letter that it plans
		h.well(<-ended)
	}
	h.arrived("coach_digest/C-1/2024-03-05")
	open, err := h.OpenTicks(t.Context(), h.clock().Add(time.Hour))
	h.well(err)
	if len(open) != 0 {
		t.Errorf("open ticks: %v", open)
	}
	h.nobodyIn("Redis", redis.Dump())

	runs := h.log.Count(`"msg":"planned"`)
	h.well(q.Tick(t.Context(), "digests", h.clock())) // the same tick again: SQL says that it is done
	h.well(<-ended)
	h.arrived()
	if again := h.log.Count(`"msg":"planned"`); again != runs {
		t.Errorf("planned %d times, then %d", runs, again)
	}
}

func TestATaskNamesABatchOfLetters(t *testing.T) {
	h := newHouse(t)
	q, _, ended := queued(t, h)
	h.well(h.SetKillSwitch(t.Context(), true)) // nothing is claimed
	ids := make([]int64, 2*tasks.Batch+1)
	for i := range ids {
		ids[i] = int64(i + 1)
	}
	h.well(q.Letters(t.Context(), ids))
	for range 3 {
		h.well(<-ended)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if q.Letters(over, ids) == nil || q.DueLetters(over, 1) == nil || q.Tick(over, "digests", local("2024-03-05 07:30")) == nil {
		t.Error("enqueued after the end")
	}
}

func TestAScanGoesOnWithoutAQueue(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", seeker("S-1"))
	h.scan.Enqueue = func(context.Context, []int64) error { return errors.New("no queue") }
	h.at("2024-03-05 07:30")
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
	h.workers.Scan, h.workers.Ticks = nil, allOpen{}
	if err := h.workers.ProcessTask(t.Context(), tick); !errors.Is(err, asynq.SkipRetry) || !strings.Contains(h.log.String(), "a step panicked") {
		t.Errorf("a step that panics: %v", err)
	}
}

// day runs 2024-03-05 in a house whose steps enqueue nothing.
func (h *house) day(t *testing.T) {
	t.Helper()
	q, _, ended := queued(t, h)
	h.workers.Sweep.Enqueue, h.workers.Ticks = Silent{}, allOpen{}
	midnight := local("2024-03-06 00:00")
	h.deliver.NotOver = func() time.Time { return midnight }
	d := Day{Policy: h.scan.Policy, Clock: h.clock, Set: h.turn, Wall: time.Now, Queue: q, Ended: ended, Outbox: h, DeliverTasks: 2, Log: h.workers.Log}
	h.well(d.Run(t.Context(), calendar.Date(2024, time.March, 5)))
}

// allOpen knows every tick as open, and records none as done.
type allOpen struct{}

func (allOpen) TickOpen(context.Context, string, time.Time) (bool, error)    { return true, nil }
func (allOpen) TickDone(context.Context, time.Time, string, time.Time) error { return nil }

func TestADayIsRunToItsEnd(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", settled("S-2"), settled("S-3"))
	h.put("appointments.csv", appointment("A-2", "S-2", "2024-03-06 10:30", "2024-02-20 08:00"), appointment("A-3", "S-3", "2024-03-21 09:00", "2024-03-05 11:05"))
	h.at("2024-02-21 10:00")
	h.at("2024-03-01 16:00")
	h.news()
	h.put("seekers.csv", seeker("S-1"))
	// The interview was due on 27 February.
	h.put("seekers.csv", row{"seeker_id": "S-1", "job_search_started": "2024-02-20"})
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
