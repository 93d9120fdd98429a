package main

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	goredis "github.com/redis/go-redis/v9"

	"vireilla/internal/queue"
	"vireilla/internal/store"
	"vireilla/internal/test/servertest"
	"vireilla/internal/timetable"
	"vireilla/tasks"
	"vireilla/workers"
)

// copies builds houses of one office, on one database and one queue.
func copies(t *testing.T, n int, redis asynq.RedisConnOpt) []*app {
	t.Helper()
	env := &environment{ctx: t.Context(), out: t.Output(), err: t.Output(), commands: &commands{Data: t.TempDir(), LogLevel: "error"}}
	houses := make([]*app, n)
	for i := range houses {
		var err error
		if houses[i], err = env.build(options{database: "sqlite:" + filepath.Join(env.Data, "v.db"), smtp: "smtp+plain://127.0.0.1:1", from: "no-reply@example.org", redis: redis,
			ticks: tasks.Ticks, letters: tasks.Letters, clock: now}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := houses[i].Close(); err != nil {
				t.Error(err)
			}
		})
	}
	return houses
}

// soon waits until something is so.
func soon(t *testing.T, what string, so func() bool) {
	t.Helper()
	look, late := time.NewTicker(50*time.Millisecond), time.After(30*time.Second)
	defer look.Stop()
	for !so() {
		select {
		case <-look.C:
		case <-late:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestTheMonitorShowsTheTimetableOfTheLeaseOwner(t *testing.T) {
	t.Parallel()
	redis, _, err := queue.Configured(servertest.Redis(t))
	if err != nil {
		t.Fatal(err)
	}
	inspector := asynq.NewInspector(redis)
	defer inspector.Close()
	client := redis.MakeRedisClient().(goredis.UniversalClient)
	defer client.Close()
	houses := copies(t, 2, redis)
	for _, a := range houses { // the monitor's part takes what the timetable refuses, and a history need not take minutes
		a.Policy.Timetable[0].Cron = "@every 1s"
	}
	stop, err := houses[0].work(houses[0].Workers, 100*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	var all sync.WaitGroup
	defer all.Wait()
	first, stopFirst := context.WithCancel(t.Context())
	defer stopFirst()
	second, stopSecond := context.WithCancel(t.Context())
	defer stopSecond()
	all.Go(func() { houses[0].runTimetable(first) })
	ids := func() (ids []string, found []*asynq.SchedulerEntry) {
		found, err := inspector.SchedulerEntries()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range found {
			ids = append(ids, e.ID)
		}
		return ids, found
	}
	n := len(houses[0].Policy.Timetable)
	soon(t, "the entries", func() bool { ids, _ := ids(); return len(ids) == n })
	all.Go(func() { houses[1].runTimetable(second) })

	old, found := ids()
	at := now()
	for _, e := range houses[0].Policy.Timetable[1:] {
		i := slices.IndexFunc(found, func(s *asynq.SchedulerEntry) bool { return s.Task.Type() == "wake:"+e.Name })
		if i < 0 {
			t.Fatalf("no %s among %v", e.Name, old)
		}
		// The next run is the same instant, in the town's zone: up to a beat ago, or from now on.
		if s := found[i]; s.Spec != e.Cron || !s.Next.Equal(e.Spec.Next(at)) && !s.Next.Equal(e.Spec.Next(at.Add(-15*time.Second))) {
			t.Errorf("%s: %s, next %s", e.Name, s.Spec, s.Next)
		}
	}
	each := found[slices.IndexFunc(found, func(s *asynq.SchedulerEntry) bool { return s.Spec == "@every 1s" })].ID
	soon(t, "a history", func() bool {
		events, err := inspector.ListSchedulerEnqueueEvents(each)
		return err == nil && len(events) > 1
	})
	soon(t, "the history to have an end", func() bool {
		left, err := client.TTL(t.Context(), "asynq:scheduler_history:"+each).Result()
		return err == nil && left > 3*24*time.Hour
	})

	stopFirst()
	soon(t, "the entries of the other", func() bool {
		young, _ := ids()
		return len(young) == n && !slices.ContainsFunc(young, func(id string) bool { return slices.Contains(old, id) })
	})
	soon(t, "the history of the first to go with it", func() bool {
		there, err := client.Exists(t.Context(), "asynq:scheduler_history:"+each).Result()
		return err == nil && there == 0
	})
	soon(t, "a queue without wakes", func() bool {
		info, err := inspector.GetQueueInfo(tasks.Ticks)
		return err == nil && info.Processed > 1 && wakes(t, inspector) == 0
	})
}

// wakes counts those that stand in the queue, in whatever state. A minute may begin meanwhile: ticks stay for a while
// after they are done.
func wakes(t *testing.T, inspector *asynq.Inspector) (n int) {
	t.Helper()
	for _, list := range []func(string, ...asynq.ListOption) ([]*asynq.TaskInfo, error){inspector.ListPendingTasks, inspector.ListActiveTasks, inspector.ListScheduledTasks,
		inspector.ListRetryTasks, inspector.ListArchivedTasks, inspector.ListCompletedTasks} {
		found, err := list(tasks.Ticks, asynq.PageSize(1000))
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range found {
			if strings.HasPrefix(task.Type, "wake:") {
				n++
			}
		}
	}
	return n
}

// Nobody takes the wakes: they do not pile up.
func TestWakesThatNobodyTakesDoNotPileUp(t *testing.T) {
	t.Parallel()
	redis, _, err := queue.Configured(servertest.Redis(t))
	if err != nil {
		t.Fatal(err)
	}
	client := asynq.NewClient(redis)
	defer client.Close()
	inspector := asynq.NewInspector(redis)
	defer inspector.Close()
	for range 3 {
		task, options := tasks.NewWake(tasks.Ticks, "sweep")
		_, _ = client.Enqueue(task, options...) // the second is refused
	}
	if info, err := inspector.GetQueueInfo(tasks.Ticks); err != nil || info.Pending != 1 {
		t.Errorf("%+v, %v", info, err)
	}
}

func TestWithoutAQueueTheTimetableIsKeptAndEndsInTime(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	redis, _, err := queue.Configured(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	server.Kill()
	a := copies(t, 1, redis)[0]
	at := now().Add(-time.Hour)
	a.Clock = func() time.Time { return at }
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		a.runTimetable(ctx)
	}()
	soon(t, "a look", func() bool {
		last, err := a.Store.LastTicks(t.Context())
		return err == nil && len(last) == len(a.Policy.Timetable)
	})
	cancel()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("it does not end")
	}
	if holder, err := a.Store.Owner(t.Context(), workers.TimetableLease); holder != "" || err != nil {
		t.Errorf("%q owns the lease, %v", holder, err)
	}
}

func TestTheTimetableShowsPastTicks(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	type row struct {
		Entry   string
		CatchUp string                          `json:"catch_up"`
		Within  string                          `json:"catch_up_within"`
		Last    *struct{ At, Done string }      `json:"last"`
		Left    *struct{ From, To, Why string } `json:"left_out"`
	}
	digests := func() row {
		for _, r := range decode[[]row](t, must(t, "--data", data, "timetable", "--at", "2024-03-05T12:00", "--format", "json")) {
			if r.Entry == "digests" {
				return r
			}
		}
		t.Fatal("no digests")
		return row{}
	}
	if r := digests(); r.CatchUp != "latest" || r.Within != "1 day" || r.Last != nil || r.Left != nil {
		t.Errorf("before any tick was recorded: %+v", r)
	}
	if files, err := filepath.Glob(filepath.Join(data, "*")); err != nil || len(files) > 0 {
		t.Errorf("looking made %v, %v", files, err)
	}
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(data, "vireilla.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	at := time.Date(2024, time.March, 5, 5, 30, 0, 0, time.UTC)
	fence, err := s.TakeLease(t.Context(), workers.TimetableLease, processName(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.RecordTicks(t.Context(), workers.TimetableLease, fence, timetable.Record{Entry: "digests", Now: at, Ticks: []time.Time{at},
		Skips: []timetable.Skip{{From: at.AddDate(0, 0, -2), To: at.AddDate(0, 0, -1), Why: timetable.TooOld}}}); err != nil {
		t.Fatal(err)
	}
	if r := digests(); r.Last == nil || r.Last.At != "2024-03-05T07:30:00+02:00" || r.Last.Done != "" || r.Left == nil || r.Left.From != "2024-03-03T07:30:00+02:00" || r.Left.Why != timetable.TooOld {
		t.Errorf("recorded: %+v, last %+v, left %+v", r, r.Last, r.Left)
	}
	if err := s.TickDone(t.Context(), at.Add(time.Minute), "digests", at); err != nil {
		t.Fatal(err)
	}
	if r := digests(); r.Last.Done != "2024-03-05T07:31:00+02:00" {
		t.Errorf("done: %+v", r.Last)
	}
	text := must(t, "--data", data, "timetable", "--at", "2024-03-05T12:00")
	for _, part := range []string{"latest, within 1 day", "Tue 2024-03-05 07:30 +02:00  done", "digests: left out from Sun 2024-03-03 07:30", "too_old", "ticks are recorded by " + strings.Split(processName(), "/")[0]} {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in\n%s", part, text)
		}
	}
}
