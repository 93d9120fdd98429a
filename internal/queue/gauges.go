package queue

import (
	"context"
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// gauges reports the queues in Redis, under the names that asynq's monitor asks for.
type gauges struct{ *Queue }

// Gauges are the metrics of the queues.
func (q *Queue) Gauges() prometheus.Collector { return gauges{q} }

var (
	descQueueUp  = prometheus.NewDesc("vireilla_queue_up", "Whether the queue takes tasks and answered this scrape. Without it, workers read what is due from the database.", nil, nil)
	descSize     = prometheus.NewDesc("asynq_queue_size", "Tasks in a queue.", []string{"queue"}, nil)
	descLatency  = prometheus.NewDesc("asynq_queue_latency_seconds", "Since when the first pending task of a queue waits.", []string{"queue"}, nil)
	descTasks    = prometheus.NewDesc("asynq_tasks_enqueued_total", "Tasks in a queue by their state.", []string{"queue", "state"}, nil)
	descFinished = prometheus.NewDesc("asynq_tasks_processed_total", "Tasks that ended, well or not.", []string{"queue"}, nil)
	descFailed   = prometheus.NewDesc("asynq_tasks_failed_total", "Tasks that ended with an error.", []string{"queue"}, nil)
	descPaused   = prometheus.NewDesc("asynq_queue_paused", "1 while a queue is paused.", []string{"queue"}, nil)
	descWorkers  = prometheus.NewDesc("vireilla_workers", "Processes that take tasks.", nil, nil)
)

// Describe implements prometheus.Collector.
func (g gauges) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descQueueUp, descSize, descLatency, descTasks, descFinished, descFailed, descPaused, descWorkers} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (g gauges) Collect(to chan<- prometheus.Metric) {
	found, err := withTimeout(context.Background(), g.ask)
	up := err == nil && !g.Health.Down()
	to <- prometheus.MustNewConstMetric(descQueueUp, prometheus.GaugeValue, map[bool]float64{true: 1}[up])
	for _, m := range found {
		to <- m
	}
}

// ask asks Redis for all that it knows of the queues.
func (g gauges) ask() (found []prometheus.Metric, err error) {
	add := func(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
		found = append(found, prometheus.MustNewConstMetric(d, kind, v, labels...))
	}
	names, err := g.inspector.Queues()
	servers, err2 := g.inspector.Servers()
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	add(descWorkers, prometheus.GaugeValue, float64(len(servers)))
	for _, name := range names {
		info, err := g.inspector.GetQueueInfo(name)
		if err != nil {
			continue // it went meanwhile
		}
		add(descSize, prometheus.GaugeValue, float64(info.Size), name)
		add(descLatency, prometheus.GaugeValue, info.Latency.Seconds(), name)
		for state, n := range map[string]int{
			"pending": info.Pending, "active": info.Active, "scheduled": info.Scheduled, "retry": info.Retry, "archived": info.Archived, "completed": info.Completed,
		} {
			add(descTasks, prometheus.GaugeValue, float64(n), name, state)
		}
		add(descFinished, prometheus.CounterValue, float64(info.ProcessedTotal), name)
		add(descFailed, prometheus.CounterValue, float64(info.FailedTotal), name)
		add(descPaused, prometheus.GaugeValue, map[bool]float64{true: 1}[info.Paused], name)
	}
	return found, nil
}
