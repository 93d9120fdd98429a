package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"vireilla/internal/queue"
	"vireilla/internal/web"
	"vireilla/tasks"
	"vireilla/workers"
)

type serveCmd struct {
	Only []string `help:"Only these roles: timetable, workers, web; the first two apart need REDIS_URL." placeholder:"ROLE" enum:"timetable,workers,web"`
}

func (c *serveCmd) Run(env *environment) error {
	has := func(role string) bool { return len(c.Only) == 0 || slices.Contains(c.Only, role) }
	env.LogLevel = cmp.Or(env.LogLevel, "info")
	cfg, err := env.config()
	if err != nil {
		return err
	}
	if err := errors.Join(cfg.needsMail(), checkListen(cfg.Listen, cfg.Guard)); err != nil {
		return err
	}
	if cfg.Redis == "" && !(has("timetable") && has("workers")) { // what one puts, nobody would take
		return errors.New("--only: without REDIS_URL the queue is in the process, so timetable and workers cannot be apart: set REDIS_URL to a Redis that all processes share, or leave --only out")
	}
	redis, closeQueue, err := queue.Configured(cfg.Redis)
	if err != nil {
		return err
	}
	defer closeQueue()
	a, err := env.build(options{database: cfg.Database, smtp: cfg.SMTP, from: cfg.From, rate: cfg.Rate, redis: redis, ticks: tasks.Ticks, letters: tasks.Letters, clock: now})
	if err != nil {
		return err
	}
	defer a.Close()
	if cfg.Ping != "" {
		call, err := pinger(cfg.Ping)
		if err != nil {
			return err
		}
		a.Workers.Ping = &workers.Ping{Policy: a.Policy, Outbox: a.Store, Call: call, Log: a.Log}
	}
	ctx, cancel := context.WithCancel(env.ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel() // what began must end too when the rest cannot begin
	a.Queue.Health.Probe(ctx)
	wg.Go(func() { a.Queue.Health.Run(ctx) })
	if has("workers") {
		if err := a.Workers.Compare.Check(ctx); err != nil {
			return err
		}
		wg.Go(func() { a.Workers.Compare.Run(ctx) })
		wg.Go(func() { a.Poller.Run(ctx) })
		stop, err := a.work(a.Workers, time.Second)
		if err != nil {
			return err
		}
		defer stop()
	}
	if has("timetable") {
		wg.Go(func() { a.runTimetable(ctx) })
	}
	probes, err := a.probes()
	if err != nil {
		return err
	}
	begun := func(p *page, err error, what, path string) error {
		if err == nil {
			fmt.Fprintf(env.out, "%s: %s%s\n", what, p.URL, path)
			wg.Go(func() { p.closeAfter(ctx) })
		}
		return err
	}
	if cfg.Metrics != "" {
		p, err := a.serve(ctx, "METRICS_LISTEN", cfg.Metrics, probes.Handler(), nil)
		if err := begun(p, err, "metrics", "metrics"); err != nil {
			return err
		}
	}
	switch {
	case has("web"):
		pages := &web.Pages{Facts: a.Store, Actions: a.Store, Clock: now, Policy: a.Policy, Queues: true, Log: a.Log}
		p, err := a.servePages(ctx, cfg.Listen, cfg, pages, probes)
		if err := begun(p, err, "status page", ""); err != nil {
			return err
		}
	case cfg.Metrics == "": // whoever asks for its health asks where the pages would be, behind the same guard
		p, err := a.serve(ctx, "LISTEN", cfg.Listen, cfg.Guard.Wrap(probes.Handler()), nil)
		if err := begun(p, err, "health", "healthz"); err != nil {
			return fmt.Errorf("%w; a process without pages answers there for its health, or at METRICS_LISTEN", err)
		}
	}
	fmt.Fprintf(env.out, "at work; Ctrl-C stops\n")
	<-ctx.Done()
	return nil
}

// page is a web server at work.
type page struct {
	URL    string
	server *http.Server
	close  func() error
}

// servePages serves the status pages and the queue monitor, behind the guard of the configuration.
func (a *app) servePages(ctx context.Context, address string, cfg config, pages *web.Pages, probes *web.Probes) (*page, error) {
	monitor, closeMonitor := a.Queue.Monitor(cfg.QueuesWrite)
	pages.Workers, pages.Queue, pages.Who = a.workersAlive, a.Queue.Health.State, cfg.Guard.Who
	mux := http.NewServeMux()
	mux.Handle("/queues/", monitor)
	mux.Handle("/queues", http.RedirectHandler("/queues/", http.StatusMovedPermanently))
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		mux.Handle("GET "+path, probes.Handler())
	}
	mux.Handle("/", pages.Handler())
	page, err := a.serve(ctx, "LISTEN", address, cfg.Guard.Wrap(mux), closeMonitor)
	if err != nil {
		err = errors.Join(err, closeMonitor())
	}
	return page, err
}

// workersAlive asks the queue which workers are alive.
func (a *app) workersAlive(ctx context.Context) ([]web.Worker, error) {
	found, err := a.Queue.Workers(ctx)
	workers := make([]web.Worker, len(found))
	for i, w := range found {
		workers[i] = web.Worker(w)
	}
	return workers, err
}

// Close stops the server; pages under way get two seconds.
func (p *page) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	err := p.server.Shutdown(ctx)
	if p.close != nil {
		err = errors.Join(err, p.close())
	}
	return err
}

// closeAfter closes the page when a context ends; what else ends then does not wait for its readers.
func (p *page) closeAfter(ctx context.Context) {
	<-ctx.Done()
	_ = p.Close()
}
