package queue

import (
	"context"
	"net/http"
	"time"

	"github.com/hibiken/asynq"
	"github.com/hibiken/asynqmon"

	"vireilla/tasks"
)

// askTimeout bounds questions to the inspector, which takes no deadline itself.
const askTimeout = 2 * time.Second

// withTimeout asks the inspector something, and does not wait long for a queue that does not answer.
func withTimeout[T any](ctx context.Context, ask func() (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		value, err := ask()
		answers <- answer{value, err}
	}()
	select {
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	case a := <-answers:
		return a.value, a.err
	}
}

// Worker is a process that takes tasks.
type Worker struct {
	Host         string
	Process      int
	Started      time.Time
	Busy, Places int // tasks under way, and how many may be
}

// Workers asks the queue which workers are alive. It answers within 2 s.
func (q *Queue) Workers(ctx context.Context) ([]Worker, error) {
	servers, err := withTimeout(ctx, q.inspector.Servers)
	workers := make([]Worker, 0, len(servers))
	for _, s := range servers {
		workers = append(workers, Worker{Host: s.Host, Process: s.PID, Started: s.Started, Busy: len(s.ActiveWorkers), Places: s.Concurrency})
	}
	return workers, err
}

// Monitor is the queue monitor, to be served below /queues/; with write its readers may change the queues. Of a payload
// it shows only ids and instants. The caller closes it.
func (q *Queue) Monitor(write bool) (http.Handler, func() error) {
	monitor := asynqmon.New(asynqmon.Options{RootPath: "/queues", RedisConnOpt: q.Options.Redis, ReadOnly: !write,
		PayloadFormatter: asynqmon.PayloadFormatterFunc(payload),
		ResultFormatter:  asynqmon.ResultFormatterFunc(func(string, []byte) string { return "" })})
	return withPolicy(monitor), monitor.Close
}

// payload shows the payload of a task of ours, and nothing of any other.
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

// withPolicy keeps the monitor's page from loading anything from elsewhere, such as fonts. Its own pages have scripts
// and styles in them.
func withPolicy(h http.Handler) http.Handler {
	const policy = "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; " +
		"img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		h.ServeHTTP(w, r)
	})
}
