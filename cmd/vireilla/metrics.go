package main

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"

	"vireilla/internal/policy"
	"vireilla/internal/web"
	"vireilla/tasks"
)

// newMeters makes the meters of this program, for the entries of its timetable.
func newMeters(entries []policy.Entry) *web.Meters {
	var names []string
	for _, e := range entries {
		names = append(names, e.Name)
	}
	return web.NewMeters(version, runtime.Version(), tasks.Steps(names))
}

// probes answers machines about this process.
func (a *app) probes() (*web.Probes, error) {
	err := errors.Join(
		a.Meters.Registry.Register(&web.Gauges{Vitals: a.Store, Entries: a.Policy.Timetable, Began: a.Clock(), Clock: a.Clock, Log: a.Log}),
		a.Meters.Registry.Register(a.Queue.Gauges()))
	return &web.Probes{Registry: a.Meters.Registry, Database: a.Store.Ready, Queue: a.Queue.Health.State}, err
}

// serveMetrics serves the probes at an address of their own.
func (a *app) serveMetrics(ctx context.Context, address string, probes *web.Probes) (*page, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, errors.New("METRICS_LISTEN: " + err.Error())
	}
	return a.serve(ctx, listener, probes.Handler(), func() error { return nil }), nil
}

// caught logs where a page panicked, and not what with, which may be somebody's name: net/http would log both.
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
