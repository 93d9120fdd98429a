package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hibiken/asynqmon"

	"vireilla/internal/web"
	"vireilla/tasks"
	"vireilla/workers"
)

type serveCmd struct {
	Only []string `help:"Only these roles: timetable, workers, web." placeholder:"ROLE"`
}

func (c *serveCmd) Run(a *app) error {
	has := func(role string) bool { return len(c.Only) == 0 || slices.Contains(c.Only, role) }
	for _, role := range c.Only {
		if !slices.Contains([]string{"timetable", "workers", "web"}, role) {
			return usageError{fmt.Errorf("--only: %q is not one of timetable, workers, web", role)}
		}
	}
	cfg, err := loadConfig(a.Data)
	if err != nil {
		return err
	}
	if err := errors.Join(cfg.needsMail(), checkListen(cfg.Listen, cfg.Guard)); err != nil {
		return err
	}
	redis, closeQueue, err := queue(cfg.Redis)
	if err != nil {
		return err
	}
	defer closeQueue()
	h, err := a.build(parts{database: cfg.Database, smtp: cfg.SMTP, from: cfg.From, redis: redis, ticks: tasks.Ticks, letters: tasks.Letters, clock: now})
	if err != nil {
		return err
	}
	defer h.Close()
	var wg sync.WaitGroup
	defer wg.Wait()
	if has("workers") {
		stop, err := h.work(h.Workers, map[string]int{tasks.Ticks: 3, tasks.Letters: 1}, time.Second)
		if err != nil {
			return err
		}
		defer stop()
	}
	if has("timetable") {
		timetable := &workers.Timetable{Clock: now, Entries: h.Policy.Timetable, Ledger: h.Store, Put: h.Bell.Tick, Log: h.Log}
		wg.Go(func() { timetable.Run(a.ctx) })
	}
	if has("web") {
		page, err := h.show(a.ctx, cfg.Listen, cfg.Guard, &web.Pages{Facts: h.Store, Clock: now, Policy: h.Policy, Queues: true, Log: h.Log})
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "status page: %s\n", page.URL)
		defer page.Close()
	}
	fmt.Fprintf(a.out, "at work; Ctrl-C stops\n")
	<-a.ctx.Done()
	return nil
}

// page is a web server at work.
type page struct {
	URL    string
	server *http.Server
	close  func() error
}

// show serves the status pages and the queue monitor.
func (h *house) show(ctx context.Context, address string, guard web.Guard, pages *web.Pages) (*page, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("LISTEN: %w", err)
	}
	monitor := asynqmon.New(asynqmon.Options{RootPath: "/queues", RedisConnOpt: h.redis, ReadOnly: true})
	mux := http.NewServeMux()
	mux.Handle("/queues/", withoutFonts(monitor))
	mux.Handle("/queues", http.RedirectHandler("/queues/", http.StatusMovedPermanently))
	mux.Handle("/", pages.Handler())
	p := &page{URL: "http://" + listener.Addr().String() + "/", close: monitor.Close,
		server: &http.Server{Handler: guard.Wrap(mux), ReadHeaderTimeout: 5 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}}
	go func() {
		if err := p.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			h.Log.Error("the pages stopped", "err", err)
		}
	}()
	return p, nil
}

// Close stops the server; pages under way get two seconds.
func (p *page) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return errors.Join(p.server.Shutdown(ctx), p.close())
}

// withoutFonts keeps the queue monitor from telling a font service who looks at it.
func withoutFonts(h http.Handler) http.Handler {
	policy := strings.Join([]string{"default-src 'self'", "script-src 'self' 'unsafe-inline'", "style-src 'self' 'unsafe-inline'", "img-src 'self' data:", "frame-ancestors 'none'"}, "; ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Referrer-Policy", "no-referrer")
		h.ServeHTTP(w, r)
	})
}
