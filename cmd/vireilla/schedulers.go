package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/hibiken/asynq"

	"vireilla/internal/policy"
	"vireilla/tasks"
	"vireilla/workers"
)

// keepTime keeps the timetable until the context ends, and shows it on the monitor's page of schedulers.
func (a *app) runTimetable(ctx context.Context) {
	t := &workers.Timetable{Clock: a.Clock, Wall: now, Entries: a.Policy.Timetable, Owner: processName(), Ledger: a.Store, Put: a.Enqueue.Tick, Log: a.Log}
	stop := a.showEntries(t.OwnsLease)
	defer stop()
	t.Run(ctx)
}

// holder names this process: the machine and the process for people, and a word that nobody else has.
func processName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	return fmt.Sprintf("%s/%d/%s", host, os.Getpid(), rand.Text()[:8])
}

// How the monitor is kept up to date. What a striker that died has shown is gone after two beats.
const (
	lookAgain = 2 * time.Second
	beat      = 5 * time.Second
	patience  = 2 * time.Second // with a queue that does not answer when the program ends
	remember  = 7 * 24 * time.Hour
)

// entries is the timetable as asynq's schedulers know it, of the process that strikes.
type entries struct {
	entries []policy.Entry
	queue   string
	strikes func() bool
}

// GetConfigs implements asynq.PeriodicTaskConfigProvider. It never fails: a manager whose first question fails does not start.
func (e entries) GetConfigs() ([]*asynq.PeriodicTaskConfig, error) {
	if !e.strikes() {
		return nil, nil
	}
	configs := make([]*asynq.PeriodicTaskConfig, len(e.entries))
	for i, entry := range e.entries {
		task, options := tasks.NewWake(e.queue, entry.Name)
		configs[i] = &asynq.PeriodicTaskConfig{Cronspec: entry.Cron, Task: task, Opts: options}
	}
	return configs, nil
}

// showEntries shows the entries on the monitor while this process strikes; the function it gives takes them away. The times on the page are asynq's own
// reckoning, which goes wrong on the two days when the clocks are turned; the ticks do not come from it.
func (a *app) showEntries(strikes func() bool) (stop func()) {
	manager, err := asynq.NewPeriodicTaskManager(asynq.PeriodicTaskManagerOpts{
		PeriodicTaskConfigProvider: entries{a.Policy.Timetable, a.Enqueue.TickQueue, strikes}, RedisConnOpt: a.redis, SyncInterval: lookAgain,
		SchedulerOpts: &asynq.SchedulerOpts{Location: a.Policy.Location, HeartbeatInterval: beat, LogLevel: asynq.FatalLevel,
			PostEnqueueFunc: func(*asynq.TaskInfo, error) { a.ageHistories() }},
	})
	if err == nil {
		err = manager.Start()
	}
	if err != nil {
		a.Log.Warn("the monitor does not show the timetable", "err", err)
		return func() {}
	}
	return func() {
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			manager.Shutdown()
		}()
		select {
		case <-gone:
		case <-time.After(patience): // the queue does not answer, and forgets by itself
		}
	}
}

// ageHistories lets what the monitor shows of the past end a week after its entry was last alive: a striker that ends well takes its histories along, but
// those of one that is killed would stay for ever.
func (a *app) ageHistories() {
	inspector := asynq.NewInspectorFromRedisClient(a.queue)
	entries, err := inspector.SchedulerEntries()
	for _, e := range entries {
		err = errors.Join(err, a.queue.Expire(context.Background(), "asynq:scheduler_history:"+e.ID, remember).Err())
	}
	if err != nil {
		a.Log.Debug("the queue does not answer", "err", err)
	}
}
