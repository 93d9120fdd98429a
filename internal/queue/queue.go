// Package queue is everything that knows Redis: its URL, one connection for a process, the embedded server, the tasks
// that are enqueued and taken, whether the queue works, the queue monitor, and metrics. Redis may lose everything at
// any time: SQL remembers what is to be done.
package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
)

// Queue is the connection of one process to Redis. It is safe for use by many goroutines.
type Queue struct {
	Health *Health
	Carry  func(ctx context.Context) map[string]string // headers by which a task's span knows its parent; nil for none

	Options   Options
	redis     redis.UniversalClient
	client    *asynq.Client
	inspector *asynq.Inspector
}

// Redis says how to reach a Redis: one server, Sentinels or a Cluster.
type Redis = asynq.RedisConnOpt

// Handler does the work of a task.
type Handler = asynq.Handler

// Options say how to reach Redis, and the names of the two queues.
type Options struct {
	Redis          Redis
	Ticks, Letters string
	Log            *slog.Logger
}

const (
	probeInterval  = 5 * time.Second // between two checks of the queue's health
	answerTimeout  = 3 * time.Second // for one answer of Redis
	enqueueTimeout = 2 * time.Second // for one task, well below the lease of the timetable
)

// Open connects to Redis. A Redis that does not answer may come later; one that throws tasks away is refused.
func Open(ctx context.Context, o Options) (*Queue, error) {
	client, err := connect(o.Redis)
	if err != nil {
		return nil, err
	}
	soon, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	var evicts evictingError
	if err := keepsTasks(soon, client); errors.As(err, &evicts) {
		return nil, errors.Join(err, client.Close())
	}
	q := &Queue{Options: o, redis: client, client: asynq.NewClientFromRedisClient(client), inspector: asynq.NewInspectorFromRedisClient(client)}
	q.Health = &Health{Try: q.tryWrite(), Interval: probeInterval, Log: o.Log}
	return q, nil
}

func connect(opt Redis) (redis.UniversalClient, error) {
	client, ok := opt.MakeRedisClient().(redis.UniversalClient)
	if !ok {
		return nil, errors.New("queue: not a Redis client")
	}
	return client, nil
}

// Close closes the connection.
func (q *Queue) Close() error { return q.redis.Close() }

// evictingError is the policy of a Redis that makes room by throwing tasks away.
type evictingError struct{ policy string }

func (e evictingError) Error() string {
	return "REDIS_URL: maxmemory-policy is " + e.policy + ", which throws tasks away: set it to noeviction"
}

// keepsTasks asks Redis what it does when its memory is full; in a Cluster it asks each master. A Redis that refuses
// the question passes.
func keepsTasks(ctx context.Context, client redis.UniversalClient) error {
	return onMasters(ctx, client, func(ctx context.Context, c *redis.Client) error {
		answer, err := c.Info(ctx, "memory").Result()
		var refusal redis.Error
		if errors.As(err, &refusal) {
			return nil
		}
		for line := range strings.Lines(answer) {
			if policy, found := strings.CutPrefix(strings.TrimSpace(line), "maxmemory_policy:"); found && policy != "noeviction" {
				return evictingError{policy}
			}
		}
		return err
	})
}

// onMasters calls f with the one server, or with each master of a Cluster.
func onMasters(ctx context.Context, client redis.UniversalClient, f func(context.Context, *redis.Client) error) error {
	switch c := client.(type) {
	case *redis.ClusterClient:
		return c.ForEachMaster(ctx, f)
	case *redis.Client:
		return f(ctx, c)
	}
	return nil
}

// tryWrite gives a function that writes where the tasks of each queue are written: a Redis whose memory is full, or
// that is a replica, answers a ping too. It publishes the queues' names each time, because clients do so only once and
// Redis may have lost them since. Names that are gone mean that Redis lost its data.
func (q *Queue) tryWrite() func(context.Context) (paused bool, err error) {
	published := false
	return func(ctx context.Context) (paused bool, err error) {
		ctx, cancel := context.WithTimeout(ctx, answerTimeout)
		defer cancel()
		before := published
		published = false
		if err := keepsTasks(ctx, q.redis); err != nil {
			return false, err
		}
		for _, name := range []string{q.Options.Ticks, q.Options.Letters} {
			added, err := q.redis.SAdd(ctx, "asynq:queues", name).Result()
			if err != nil {
				return false, err
			}
			if added > 0 && before {
				return false, errors.New("Redis has lost its data")
			}
			// The braces put the key on the queue's own node of a Cluster.
			if err := q.redis.Set(ctx, "vireilla:{"+name+"}:try", 1, time.Minute).Err(); err != nil {
				return false, err
			}
			n, err := q.redis.Exists(ctx, "asynq:{"+name+"}:paused").Result()
			if err != nil {
				return false, err
			}
			paused = paused || n > 0
		}
		published = true
		return paused, nil
	}
}

// Clear removes both queues from Redis, with all that asynq counts about them and would keep for ever.
func (q *Queue) Clear(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTimeout) // also after an interrupt
	defer cancel()
	for _, name := range []string{q.Options.Ticks, q.Options.Letters} {
		err := onMasters(ctx, q.redis, func(ctx context.Context, c *redis.Client) error {
			keys := c.Scan(ctx, 0, "*:{"+name+"}:*", 1000).Iterator()
			for keys.Next(ctx) {
				if err := c.Del(ctx, keys.Val()).Err(); err != nil {
					return err
				}
			}
			return keys.Err()
		})
		if err := errors.Join(err, q.redis.SRem(ctx, "asynq:queues", name).Err()); err != nil {
			return err
		}
	}
	return nil
}

// Silence stops go-redis from writing to stderr, addresses included. Whoever asked reports the error.
func Silence() { logging.Disable() }

// How long the end of Work may take.
const (
	shutdownTimeout = 20 * time.Second                // for tasks under way when the program stops
	stopTimeout     = shutdownTimeout + 2*time.Second // for them and for telling Redis
)

// Work takes tasks from both queues until stop is called, up to concurrency at once, and looks for new ones at the
// interval. stop waits for the tasks under way, at most 22 s.
func (q *Queue) Work(handler Handler, concurrency int, interval time.Duration) (stop func(), err error) {
	weights := map[string]int{q.Options.Letters: 1}
	weights[q.Options.Ticks] = 3 // the two may be one queue
	busy := make(chan struct{}, concurrency)
	server := asynq.NewServer(q.Options.Redis, asynq.Config{
		Queues: weights, Concurrency: concurrency, TaskCheckInterval: interval, DelayedTaskCheckInterval: time.Second,
		ShutdownTimeout: shutdownTimeout, LogLevel: asynq.FatalLevel,
		RetryDelayFunc: func(n int, _ error, _ *asynq.Task) time.Duration { return time.Duration(n+1) * 10 * time.Second },
	})
	if err := server.Start(asynq.HandlerFunc(func(ctx context.Context, task *asynq.Task) error {
		busy <- struct{}{}
		defer func() { <-busy }()
		return handler.ProcessTask(ctx, task)
	})); err != nil {
		return nil, fmt.Errorf("workers: %w", err)
	}
	return func() { drain(server, busy) }, nil
}

// drain stops a server and waits until no task runs. asynq gives up a task that overruns its time, but the task still
// records what became of its letters. Neither a Redis nor a relay that does not answer holds up the end.
func drain(server *asynq.Server, busy chan struct{}) {
	late := time.After(stopTimeout)
	stopped := make(chan struct{})
	go func() {
		server.Shutdown()
		close(stopped)
	}()
	select {
	case <-stopped:
	case <-late:
		return
	}
	for range cap(busy) {
		select {
		case busy <- struct{}{}:
		case <-late:
			return
		}
	}
}
