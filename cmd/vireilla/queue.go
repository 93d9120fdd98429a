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

// openQueue checks that a Redis may be used as the queue, and gives a client for what asynq leaves undone.
func openQueue(ctx context.Context, opt asynq.RedisConnOpt) (redis.UniversalClient, error) {
	redis.SetLogger(quiet{}) // it writes to stderr by itself, addresses included; what fails is told by who asked
	client, ok := opt.MakeRedisClient().(redis.UniversalClient)
	if !ok {
		return nil, errors.New("queue: not a Redis client")
	}
	answer, err := client.ConfigGet(ctx, "maxmemory-policy").Result()
	if policy := answer["maxmemory-policy"]; err == nil && policy != "" && policy != "noeviction" {
		return nil, errors.Join(fmt.Errorf("REDIS_URL: maxmemory-policy is %s, which throws tasks away: set it to noeviction", policy), client.Close())
	}
	return client, nil
}

// publish names the queues anew: after a Redis has lost its data, clients that named them once do not do so again, and the monitor shows none.
func publish(client redis.UniversalClient, queues ...string) func(context.Context) error {
	names := make([]any, len(queues))
	for i, q := range queues {
		names[i] = q
	}
	return func(ctx context.Context) error { return client.SAdd(ctx, "asynq:queues", names...).Err() }
}

// quiet is a logger that says nothing.
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
