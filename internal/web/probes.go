package web

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Probes answers machines: /healthz (the process is alive), /readyz (it can do its work) and /metrics. None of them tells of a person.
type Probes struct {
	Registry *prometheus.Registry
	Database func(context.Context) error // without it nothing can be done
	Queue    Queue                       // without it letters go out at the sweep's pace: told, and no reason to be unready
}

// Queue tells what is known of the queue, without asking it: whether it cannot be used, and whether somebody paused it.
type Queue func() (away, paused bool)

// Handler serves the three.
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
	if p.Database(ctx) != nil { // what the driver says of it may hold a host's name: the log has it
		status, database = http.StatusServiceUnavailable, "does not answer"
	}
	switch away, paused := p.Queue(); {
	case away:
		queue = "cannot be used; letters go out without it"
	case paused:
		queue = "paused; what it holds waits until somebody resumes it"
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, "database: %s\nqueue: %s\n", database, queue)
}
