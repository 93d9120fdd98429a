package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// embeddedQueue starts a queue in this process. It may lose everything at a restart: the outbox knows.
func embeddedQueue() (asynq.RedisConnOpt, func() error, error) {
	m := miniredis.NewMiniRedis()
	password := rand.Text()
	m.RequireAuth(password)
	if err := m.StartAddr("127.0.0.1:0"); err != nil {
		return nil, nil, fmt.Errorf("embedded queue: %w", err)
	}
	m.Server().SetPreHook(info)
	stop := make(chan struct{})
	go func() { // keys age only when told to
		each := time.NewTicker(time.Second)
		defer each.Stop()
		for {
			select {
			case <-each.C:
				m.FastForward(time.Second)
			case <-stop:
				return
			}
		}
	}()
	return asynq.RedisClientOpt{Addr: m.Addr(), Password: password}, func() error {
		close(stop)
		m.Close()
		return nil
	}, nil
}

// openQueue gives a client for what asynq leaves undone. A Redis that does not answer may come later; one that throws tasks away is refused.
func openQueue(ctx context.Context, opt asynq.RedisConnOpt) (redis.UniversalClient, error) {
	client, ok := opt.MakeRedisClient().(redis.UniversalClient)
	if !ok {
		return nil, errors.New("queue: not a Redis client")
	}
	soon, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	var evicts evictingError
	if err := keepsTasks(soon, client); errors.As(err, &evicts) {
		return nil, errors.Join(err, client.Close())
	}
	return client, nil
}

// evictingError is the policy of a Redis that makes room by throwing tasks away.
type evictingError struct{ policy string }

func (e evictingError) Error() string {
	return "REDIS_URL: maxmemory-policy is " + e.policy + ", which throws tasks away: set it to noeviction"
}

// keepsTasks asks what Redis does when its memory is full, each master of a Cluster. Who may not ask is believed.
func keepsTasks(ctx context.Context, client redis.UniversalClient) error {
	ask := func(ctx context.Context, c *redis.Client) error {
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
	}
	switch c := client.(type) {
	case *redis.ClusterClient:
		return c.ForEachMaster(ctx, ask)
	case *redis.Client:
		return ask(ctx, c)
	}
	return nil
}

// lookEvery is the time between two looks at the queue, answerWithin the time that it has for an answer.
const (
	lookEvery    = 5 * time.Second
	answerWithin = 3 * time.Second
)

// try writes where the tasks of each queue are written: a Redis whose memory is full, or that is another's replica, answers a ping as well. It names the queues anew:
// after a Redis has lost its data, clients that named them once do not do so again, and the monitor shows none. Names that are gone tell of such a loss.
func try(client redis.UniversalClient, queues ...string) func(context.Context) (paused bool, err error) {
	named := false
	return func(ctx context.Context) (paused bool, err error) {
		ctx, cancel := context.WithTimeout(ctx, answerWithin)
		defer cancel()
		before := named
		named = false
		if err := keepsTasks(ctx, client); err != nil {
			return false, err
		}
		for _, q := range queues {
			fresh, err := client.SAdd(ctx, "asynq:queues", q).Result()
			if err != nil {
				return false, err
			}
			if fresh > 0 && before {
				return false, errors.New("what it held is lost")
			}
			if err := client.Set(ctx, "vireilla:{"+q+"}:try", 1, time.Minute).Err(); err != nil { // the braces put it where the queue is in a Cluster
				return false, err
			}
			n, err := client.Exists(ctx, "asynq:{"+q+"}:paused").Result()
			if err != nil {
				return false, err
			}
			paused = paused || n > 0
		}
		named = true
		return paused, nil
	}
}

// clearQueue takes a queue out of Redis with all that asynq counts about it and would keep for ever.
func clearQueue(ctx context.Context, opt asynq.RedisConnOpt, name string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerWithin) // whoever was interrupted clears up as well
	defer cancel()
	client, ok := opt.MakeRedisClient().(redis.UniversalClient)
	if !ok {
		return errors.New("queue: not a Redis client")
	}
	defer client.Close()
	clear := func(ctx context.Context, c *redis.Client) error {
		keys := c.Scan(ctx, 0, "*:{"+name+"}:*", 1000).Iterator()
		for keys.Next(ctx) {
			if err := c.Del(ctx, keys.Val()).Err(); err != nil {
				return err
			}
		}
		return keys.Err()
	}
	var err error
	switch c := client.(type) {
	case *redis.ClusterClient:
		err = c.ForEachMaster(ctx, clear)
	case *redis.Client:
		err = clear(ctx, c)
	}
	return errors.Join(err, client.SRem(ctx, "asynq:queues", name).Err())
}

// quiet is a logger that says nothing: go-redis writes to stderr by itself, addresses included, and what fails is told by who asked.
type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

// info answers INFO in the form that the queue monitor reads; miniredis knows three fields only.
func info(p *server.Peer, cmd string, _ ...string) bool {
	if !strings.EqualFold(cmd, "INFO") {
		return false
	}
	p.WriteBulk("# Server\r\nredis_version:7.0.0\r\nuptime_in_days:0\r\nconnected_clients:1\r\nused_memory_human:0B\r\nused_memory_peak_human:0B\r\nrdb_last_save_time:0\r\n")
	return true
}
