package queue

import (
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
	"github.com/hibiken/asynq"
)

// Embedded starts a Redis in this process, on a free loopback port with a password of its own. All that it holds is
// lost when the process ends: SQL remembers it.
func Embedded() (Redis, func() error, error) {
	m := miniredis.NewMiniRedis()
	password := rand.Text()
	m.RequireAuth(password)
	if err := m.StartAddr("127.0.0.1:0"); err != nil {
		return nil, nil, fmt.Errorf("embedded queue: %w", err)
	}
	m.Server().SetPreHook(info)
	stop := make(chan struct{})
	go func() { // miniredis lets keys expire only by this call
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
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

// Configured gives the Redis of a URL, or the embedded one when the URL is empty. The function closes what was started.
func Configured(url string) (Redis, func() error, error) {
	if url == "" {
		return Embedded()
	}
	opt, err := ParseURL(url)
	return opt, func() error { return nil }, err
}

// info answers INFO with the fields that the queue monitor reads; miniredis knows only three of them.
func info(p *server.Peer, cmd string, _ ...string) bool {
	if !strings.EqualFold(cmd, "INFO") {
		return false
	}
	p.WriteBulk("# Server\r\nredis_version:7.0.0\r\nuptime_in_days:0\r\nconnected_clients:1\r\n" +
		"used_memory_human:0B\r\nused_memory_peak_human:0B\r\nrdb_last_save_time:0\r\n")
	return true
}
