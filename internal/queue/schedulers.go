package queue

import (
	"context"
	"errors"
	"time"

	"github.com/hibiken/asynq"

	"vireilla/tasks"
)

// How the monitor's page of schedulers is kept up to date. What a process that died has shown is gone after two
// heartbeats.
const (
	syncInterval  = 2 * time.Second
	heartbeat     = 5 * time.Second
	historyMaxAge = 7 * 24 * time.Hour
)

// Entry is an entry of the timetable as the monitor shows it.
type Entry struct{ Name, Cron string }

// shown gives the entries to asynq's schedulers while this process owns the timetable's lease.
type shown struct {
	entries []Entry
	queue   string
	owns    func() bool
}

// GetConfigs implements asynq.PeriodicTaskConfigProvider. It never fails: a manager whose first call fails does not
// start.
func (s shown) GetConfigs() ([]*asynq.PeriodicTaskConfig, error) {
	if !s.owns() {
		return nil, nil
	}
	configs := make([]*asynq.PeriodicTaskConfig, len(s.entries))
	for i, e := range s.entries {
		task, options := tasks.NewWake(s.queue, e.Name)
		configs[i] = &asynq.PeriodicTaskConfig{Cronspec: e.Cron, Task: task, Opts: options}
	}
	return configs, nil
}

// ShowEntries shows the timetable on the monitor while owns says so; stop removes it. The times on that page are
// computed by asynq, which errs on the two days when the clocks change; the ticks do not come from it.
func (q *Queue) ShowEntries(entries []Entry, zone *time.Location, owns func() bool) (stop func()) {
	manager, err := asynq.NewPeriodicTaskManager(asynq.PeriodicTaskManagerOpts{
		PeriodicTaskConfigProvider: shown{entries, q.Options.Ticks, owns}, RedisConnOpt: q.Options.Redis, SyncInterval: syncInterval,
		SchedulerOpts: &asynq.SchedulerOpts{Location: zone, HeartbeatInterval: heartbeat, LogLevel: asynq.FatalLevel,
			PostEnqueueFunc: func(*asynq.TaskInfo, error) { q.expireHistories() }},
	})
	if err == nil {
		err = manager.Start()
	}
	if err != nil {
		q.Options.Log.Warn("the monitor does not show the timetable", "err", err)
		return func() {}
	}
	return func() {
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			manager.Shutdown()
		}()
		select {
		case <-stopped:
		case <-time.After(askTimeout): // Redis does not answer; it drops the entries after two heartbeats
		}
	}
}

// expireHistories lets what the monitor shows of the past end a week after its entry was last alive. A process that
// ends well removes its histories; those of a killed one would stay for ever.
func (q *Queue) expireHistories() {
	entries, err := q.inspector.SchedulerEntries()
	for _, e := range entries {
		err = errors.Join(err, q.redis.Expire(context.Background(), "asynq:scheduler_history:"+e.ID, historyMaxAge).Err())
	}
	if err != nil {
		q.Options.Log.Debug("the queue does not answer", "err", err)
	}
}
