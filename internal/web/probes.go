package web

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Probes serves /healthz (the process runs), /readyz (it can do its work) and /metrics. None of them holds data about a
// person.
type Probes struct {
	Registry *prometheus.Registry
	Database func(context.Context) error // an error makes the process unready
	Queue    Queue                       // reported only: without the queue letters still go out with the sweep
}

// Queue reports the last known state of the queue without a request to it: whether it is down, and whether it is
// paused.
type Queue func() (down, paused bool)

// Handler serves the three addresses.
func (p *Probes) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.HandleFunc("GET /readyz", p.ready)
	mux.Handle("GET /metrics", promhttp.HandlerFor(p.Registry, promhttp.HandlerOpts{}))
	return mux
}

func (p *Probes) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	status, database, queue := http.StatusOK, "ok", "ok"
	if p.Database(ctx) != nil { // the response leaves out the error, which may hold a host name
		status, database = http.StatusServiceUnavailable, "does not answer"
	}
	switch down, paused := p.Queue(); {
	case down:
		queue = "cannot be used; letters go out without it"
	case paused:
		queue = "paused; its tasks wait until somebody resumes it"
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, "database: %s\nqueue: %s\n", database, queue)
}
