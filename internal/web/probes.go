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
	Queue    func(context.Context) error // without it letters go out at the sweep's pace: told, and no reason to be unready
}

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
	ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
	defer cancel()
	status, database, queue := http.StatusOK, "ok", "ok"
	if p.Database(ctx) != nil { // what the driver says of it may hold a host's name: the log has it
		status, database = http.StatusServiceUnavailable, "does not answer"
	}
	if p.Queue(ctx) != nil {
		queue = "does not answer; letters go out without it"
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, "database: %s\nqueue: %s\n", database, queue)
}
