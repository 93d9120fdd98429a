package main

import (
	"context"
	"errors"
	"fmt"
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

// serve answers requests at an address until it is closed; then it calls close, unless that is nil. setting is the name
// of the address for errors.
func (a *app) serve(ctx context.Context, setting, address string, handler http.Handler, close func() error) (*page, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	p := &page{URL: "http://" + listener.Addr().String() + "/", close: close, server: &http.Server{
		Handler: a.caught(handler), ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: 5 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}}
	go func() {
		if err := p.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			a.Log.Error("the pages stopped", "err", err)
		}
	}()
	return p, nil
}
