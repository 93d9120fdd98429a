package main

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"time"

	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"

	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/internal/store"
	"vireilla/internal/web"
	"vireilla/tasks"
)

// newMeters makes the meters of this program, for the entries of its timetable.
func newMeters(entries []policy.Entry) *web.Meters {
	version, goVersion := "unknown", "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version, goVersion = info.Main.Version, info.GoVersion
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name)
	}
	return web.NewMeters(version, goVersion, tasks.Steps(names))
}

// counted is an outbox that counts what letters became, once it is written down.
type counted struct {
	*store.DB
	meters *web.Meters
}

func (c counted) Record(ctx context.Context, now time.Time, reports []notice.Report) ([]int64, error) {
	lost, err := c.DB.Record(ctx, now, reports)
	if err == nil {
		c.meters.Became(slices.DeleteFunc(slices.Clone(reports), func(r notice.Report) bool { return r.Returned || slices.Contains(lost, r.ID) }))
	}
	return lost, err
}

// probes answers machines about this process.
func (a *app) probes() (*web.Probes, error) {
	inspector := asynq.NewInspector(a.redis)
	a.close = append(a.close, inspector.Close)
	err := errors.Join(
		a.Meters.Registry.Register(&web.Gauges{Vitals: a.Store, Entries: a.Policy.Timetable, Began: a.Clock(), Clock: a.Clock, Log: a.Log}),
		a.Meters.Registry.Register(queueGauges{inspector, a.Health.State}))
	return &web.Probes{Registry: a.Meters.Registry, Database: a.Store.Ready, Queue: a.Health.State}, err
}

// tell serves the probes at an address of their own.
func (a *app) serveMetrics(ctx context.Context, address string, probes *web.Probes) (*page, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, errors.New("METRICS_LISTEN: " + err.Error())
	}
	return a.serve(ctx, listener, probes.Handler(), func() error { return nil }), nil
}

// queueGauges tells of the queues in Redis, under the names that asynq's monitor asks for.
type queueGauges struct {
	inspector *asynq.Inspector
	state     web.Queue
}

var (
	descQueueUp  = prometheus.NewDesc("vireilla_queue_up", "Whether the queue takes tasks and answered this scrape. Letters go out without it, at the sweep's pace.", nil, nil)
	descSize     = prometheus.NewDesc("asynq_queue_size", "Tasks in a queue.", []string{"queue"}, nil)
	descLatency  = prometheus.NewDesc("asynq_queue_latency_seconds", "Since when the first pending task of a queue waits.", []string{"queue"}, nil)
	descTasks    = prometheus.NewDesc("asynq_tasks_enqueued_total", "Tasks in a queue by their state.", []string{"queue", "state"}, nil)
	descFinished = prometheus.NewDesc("asynq_tasks_processed_total", "Tasks that ended, well or not.", []string{"queue"}, nil)
	descFailed   = prometheus.NewDesc("asynq_tasks_failed_total", "Tasks that ended with an error.", []string{"queue"}, nil)
	descPaused   = prometheus.NewDesc("asynq_queue_paused", "1 while a queue is paused.", []string{"queue"}, nil)
	descWorkers  = prometheus.NewDesc("vireilla_workers", "Processes that take tasks.", nil, nil)
)

// Describe implements prometheus.Collector.
func (q queueGauges) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descQueueUp, descSize, descLatency, descTasks, descFinished, descFailed, descPaused, descWorkers} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (q queueGauges) Collect(to chan<- prometheus.Metric) {
	found, err := withTimeout(context.Background(), q.ask)
	away, _ := q.state()
	to <- prometheus.MustNewConstMetric(descQueueUp, prometheus.GaugeValue, map[bool]float64{true: 1}[err == nil && !away])
	for _, m := range found {
		to <- m
	}
}

// ask asks Redis for all that it knows of the queues.
func (q queueGauges) ask() (found []prometheus.Metric, err error) {
	tell := func(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
		found = append(found, prometheus.MustNewConstMetric(d, kind, v, labels...))
	}
	names, err := q.inspector.Queues()
	servers, err2 := q.inspector.Servers()
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	tell(descWorkers, prometheus.GaugeValue, float64(len(servers)))
	for _, name := range names {
		info, err := q.inspector.GetQueueInfo(name)
		if err != nil {
			continue // it went meanwhile
		}
		tell(descSize, prometheus.GaugeValue, float64(info.Size), name)
		tell(descLatency, prometheus.GaugeValue, info.Latency.Seconds(), name)
		for state, n := range map[string]int{
			"pending": info.Pending, "active": info.Active, "scheduled": info.Scheduled, "retry": info.Retry, "archived": info.Archived, "completed": info.Completed,
		} {
			tell(descTasks, prometheus.GaugeValue, float64(n), name, state)
		}
		tell(descFinished, prometheus.CounterValue, float64(info.ProcessedTotal), name)
		tell(descFailed, prometheus.CounterValue, float64(info.FailedTotal), name)
		tell(descPaused, prometheus.GaugeValue, map[bool]float64{true: 1}[info.Paused], name)
	}
	return found, nil
}

// caught logs where a page panicked, and not with what: net/http would, in a log of its own, which has nothing else to tell than clients that do not speak HTTP.
func (a *app) caught(pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler:
				panic(p)
			default:
				a.Log.Error("a page panicked", "stack", string(debug.Stack()))
				panic(http.ErrAbortHandler) // the reader sees that the answer is not whole
			}
		}()
		pages.ServeHTTP(w, r)
	})
}

// serve answers requests until it is closed.
func (a *app) serve(ctx context.Context, listener net.Listener, handler http.Handler, close func() error) *page {
	p := &page{URL: "http://" + listener.Addr().String() + "/", close: close,
		server: &http.Server{Handler: a.caught(handler), ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: 5 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}}
	go func() {
		if err := p.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			a.Log.Error("the pages stopped", "err", err)
		}
	}()
	return p
}
