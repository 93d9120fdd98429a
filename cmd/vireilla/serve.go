package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/hibiken/asynq"

	"vireilla/internal/web"
	"vireilla/tasks"
	"vireilla/workers"
)

type serveCmd struct {
	Only []string `help:"Only these roles: timetable, workers, web; the first two apart need REDIS_URL." placeholder:"ROLE"`
}

func (c *serveCmd) Run(a *app) error {
	has := func(role string) bool { return len(c.Only) == 0 || slices.Contains(c.Only, role) }
	for _, role := range c.Only {
		if !slices.Contains([]string{"timetable", "workers", "web"}, role) {
			return usageError{fmt.Errorf("--only: %q is not one of timetable, workers, web", role)}
		}
	}
	a.LogLevel = cmp.Or(a.LogLevel, "info")
	cfg, err := loadConfig(a.Data)
	if err != nil {
		return err
	}
	if err := errors.Join(cfg.needsMail(), checkListen(cfg.Listen, cfg.Guard)); err != nil {
		return err
	}
	if cfg.Redis == "" && !(has("timetable") && has("workers")) { // what one puts, nobody would take
		return errors.New("--only: without REDIS_URL the queue is in the process, so timetable and workers cannot be apart: set REDIS_URL to a Redis that all processes share, or leave --only out")
	}
	redis, closeQueue, err := queue(cfg.Redis)
	if err != nil {
		return err
	}
	defer closeQueue()
	h, err := a.build(parts{database: cfg.Database, smtp: cfg.SMTP, from: cfg.From, rate: cfg.Rate, redis: redis, ticks: tasks.Ticks, letters: tasks.Letters, clock: now})
	if err != nil {
		return err
	}
	defer h.Close()
	if cfg.Ping != "" {
		call, err := watchman(cfg.Ping)
		if err != nil {
			return err
		}
		h.Workers.Ping = &workers.Ping{Policy: h.Policy, Outbox: h.Store, Call: call, Log: h.Log}
	}
	ctx, cancel := context.WithCancel(a.ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel() // what began must end too when the rest cannot begin
	h.Watch.Look(ctx)
	wg.Go(func() { h.Watch.Run(ctx) })
	if has("workers") {
		if err := h.Compare.Look(ctx); err != nil {
			return err
		}
		wg.Go(func() { h.Compare.Run(ctx) })
		wg.Go(func() { h.Rounds.Run(ctx) })
		stop, err := h.work(h.Workers, map[string]int{tasks.Ticks: 3, tasks.Letters: 1}, time.Second)
		if err != nil {
			return err
		}
		defer stop()
	}
	if has("timetable") {
		wg.Go(func() { h.keepTime(ctx) })
	}
	probes, err := h.probes()
	if err != nil {
		return err
	}
	if cfg.Metrics != "" {
		page, err := h.tell(ctx, cfg.Metrics, probes)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "metrics: %smetrics\n", page.URL)
		wg.Go(func() { page.closeAfter(ctx) })
	}
	switch {
	case has("web"):
		page, err := h.show(ctx, cfg.Listen, cfg, &web.Pages{Facts: h.Store, Desk: h.Store, Clock: now, Policy: h.Policy, Queues: true, Log: h.Log}, probes)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "status page: %s\n", page.URL)
		wg.Go(func() { page.closeAfter(ctx) })
	case cfg.Metrics == "": // whoever asks for its health asks here
		page, err := h.tellHere(ctx, cfg, probes)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "health: %shealthz\n", page.URL)
		wg.Go(func() { page.closeAfter(ctx) })
	}
	fmt.Fprintf(a.out, "at work; Ctrl-C stops\n")
	<-ctx.Done()
	return nil
}

// page is a web server at work.
type page struct {
	URL    string
	server *http.Server
	close  func() error
}

// show serves the status pages and the queue monitor, behind the guard of the configuration.
func (h *house) show(ctx context.Context, address string, cfg config, pages *web.Pages, probes *web.Probes) (*page, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("LISTEN: %w", err)
	}
	monitor, inspector := monitor(h.redis, cfg.QueuesWrite), asynq.NewInspector(h.redis)
	pages.Crew, pages.Queue, pages.Who = crew(inspector), h.Watch.State, cfg.Guard.Who
	mux := http.NewServeMux()
	mux.Handle("/queues/", withoutFonts(monitor))
	mux.Handle("/queues", http.RedirectHandler("/queues/", http.StatusMovedPermanently))
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		mux.Handle("GET "+path, probes.Handler())
	}
	mux.Handle("/", pages.Handler())
	return h.serve(ctx, listener, cfg.Guard.Wrap(mux), func() error { return errors.Join(monitor.Close(), inspector.Close()) }), nil
}

// tellHere serves the probes where the pages would be, behind the same guard.
func (h *house) tellHere(ctx context.Context, cfg config, probes *web.Probes) (*page, error) {
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("LISTEN: %w; a process without pages answers there for its health, or at METRICS_LISTEN", err)
	}
	return h.serve(ctx, listener, cfg.Guard.Wrap(probes.Handler()), func() error { return nil }), nil
}

// Close stops the server; pages under way get two seconds.
func (p *page) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return errors.Join(p.server.Shutdown(ctx), p.close())
}

// closeAfter closes the page when a context ends; what else ends then does not wait for its readers.
func (p *page) closeAfter(ctx context.Context) {
	<-ctx.Done()
	_ = p.Close()
}
