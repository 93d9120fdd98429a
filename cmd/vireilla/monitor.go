package main

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/hibiken/asynq"
	"github.com/hibiken/asynqmon"

	"vireilla/internal/web"
	"vireilla/tasks"
)

// askFor is how long whoever looks waits for the queue.
const askFor = 2 * time.Second

// inTime asks the queue something, and does not wait long for one that does not answer: asynq's inspector takes no deadline, and goes on asking by itself for a while.
func withTimeout[T any](ctx context.Context, ask func() (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	type answer struct {
		what T
		err  error
	}
	heard := make(chan answer, 1)
	go func() {
		what, err := ask()
		heard <- answer{what, err}
	}()
	select {
	case <-ctx.Done():
		var nothing T
		return nothing, ctx.Err()
	case a := <-heard:
		return a.what, a.err
	}
}

// crew asks the queue which workers are alive.
func workersAlive(inspector *asynq.Inspector) func(context.Context) ([]web.Worker, error) {
	return func(ctx context.Context) ([]web.Worker, error) {
		servers, err := withTimeout(ctx, inspector.Servers)
		workers := make([]web.Worker, 0, len(servers))
		for _, s := range servers {
			workers = append(workers, web.Worker{Host: s.Host, Process: s.PID, Started: s.Started, Busy: len(s.ActiveWorkers), Places: s.Concurrency})
		}
		return workers, err
	}
}

// monitor is the queue monitor below /queues/. It shows of a payload what is certainly ids and instants; write lets its readers change the queues.
func monitor(redis asynq.RedisConnOpt, write bool) *asynqmon.HTTPHandler {
	return asynqmon.New(asynqmon.Options{RootPath: "/queues", RedisConnOpt: redis, ReadOnly: !write,
		PayloadFormatter: asynqmon.PayloadFormatterFunc(payload),
		ResultFormatter:  asynqmon.ResultFormatterFunc(func(string, []byte) string { return "" })})
}

// payload writes what a task of ours carries; nothing of any other, for who knows what that holds.
func payload(kind string, text []byte) string {
	task := asynq.NewTask(kind, text)
	if kind == tasks.Deliver {
		if _, err := tasks.ParseDeliver(task); err == nil {
			return string(text)
		}
	}
	if tick, err := tasks.ParseTick(task); err == nil {
		return tick.Entry + " " + tick.At.Format(time.RFC3339)
	}
	return ""
}

// withoutFonts keeps the queue monitor from telling a font service who looks at it. Its own pages have scripts and styles in them.
func withoutFonts(h http.Handler) http.Handler {
	policy := strings.Join([]string{"default-src 'self'", "script-src 'self' 'unsafe-inline'", "style-src 'self' 'unsafe-inline'", "img-src 'self' data:",
		"object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"}, "; ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		h.ServeHTTP(w, r)
	})
}
