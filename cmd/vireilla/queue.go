package main

import (
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
	"github.com/hibiken/asynq"
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

// info answers INFO in the form that the queue monitor reads; miniredis knows three fields only.
func info(p *server.Peer, cmd string, _ ...string) bool {
	if !strings.EqualFold(cmd, "INFO") {
		return false
	}
	p.WriteBulk("# Server\r\nredis_version:7.0.0\r\nuptime_in_days:0\r\nconnected_clients:1\r\nused_memory_human:0B\r\nused_memory_peak_human:0B\r\nrdb_last_save_time:0\r\n")
	return true
}
