package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"vireilla/internal/queue"
	"vireilla/internal/test/servertest"
	"vireilla/internal/test/syncbuf"
	"vireilla/internal/web"
	"vireilla/tasks"
)

// teller is a house on a Redis of the test's own, with what tells of it.
type teller struct {
	*app
	t      *testing.T
	probes *web.Probes
	pages  *web.Pages
}

func newTeller(t *testing.T, server *servertest.RedisServer) *teller {
	t.Helper()
	opt, err := queue.ParseURL(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	env := &environment{ctx: t.Context(), out: t.Output(), err: &syncbuf.Buffer{}, commands: &commands{Data: t.TempDir()}}
	a, err := env.build(options{database: "sqlite:" + filepath.Join(env.Data, "v.db"), smtp: "smtp+plain://127.0.0.1:1", from: "no-reply@example.org", redis: opt,
		ticks: tasks.Ticks, letters: tasks.Letters, clock: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	probes, err := a.probes()
	if err != nil {
		t.Fatal(err)
	}
	inspector := asynq.NewInspector(opt)
	t.Cleanup(func() { _ = inspector.Close() })
	return &teller{a, t, probes, &web.Pages{Facts: a.Store, Clock: now, Policy: a.Policy, Workers: a.workersAlive, Queue: a.Queue.Health.State, Queues: true}}
}

// asks gives an answer, and how long it took.
func (f *teller) asks(handler http.Handler, path string) (string, time.Duration) {
	f.t.Helper()
	answer, start := httptest.NewRecorder(), now()
	handler.ServeHTTP(answer, httptest.NewRequestWithContext(f.t.Context(), http.MethodGet, path, nil))
	return answer.Body.String(), now().Sub(start)
}

func (f *teller) tells(handler http.Handler, path string, want ...string) {
	f.t.Helper()
	text, _ := f.asks(handler, path)
	for _, w := range want {
		if !strings.Contains(text, w) {
			f.t.Errorf("%s does not say %q:\n%s", path, w, text)
		}
	}
}

func TestAQueueThatStallsHoldsUpNoProbe(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	f := newTeller(t, server)
	f.Queue.Health.Probe(t.Context())
	f.tells(f.probes.Handler(), "/metrics", "vireilla_queue_up 1\n", "asynq_queue_size", "vireilla_workers 0\n")
	server.Hold(t)
	defer server.Resume(t)
	text, took := f.asks(f.probes.Handler(), "/metrics")
	if !strings.Contains(text, "vireilla_queue_up 0\n") || !strings.Contains(text, "vireilla_database_up 1\n") || strings.Contains(text, "asynq_") || strings.Contains(text, "vireilla_workers") {
		t.Errorf("/metrics says\n%s", text)
	}
	if took > 4*time.Second {
		t.Errorf("/metrics took %s", took)
	}
	if _, took := f.asks(f.probes.Handler(), "/readyz"); took > 3*time.Second {
		t.Errorf("/readyz took %s", took)
	}
	f.Queue.Health.Probe(t.Context())
	f.tells(f.probes.Handler(), "/readyz", "queue: cannot be used")
}

// It answers a ping all the same.
func TestAQueueThatAnswersAndCannotBeUsedIsToldEverywhere(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	f := newTeller(t, server)
	client := server.Client(t)
	set := func(name, value string) func() error {
		return func() error { return client.ConfigSet(t.Context(), name, value).Err() }
	}
	f.Queue.Health.Probe(t.Context())
	for _, c := range []struct {
		name       string
		spoil, end func() error
	}{
		{"another policy", set("maxmemory-policy", "allkeys-lru"), set("maxmemory-policy", "noeviction")},
		{"out of memory", set("maxmemory", "1mb"), set("maxmemory", "0")},
		{"another's replica", func() error { return client.ReplicaOf(t.Context(), "127.0.0.1", "1").Err() }, func() error { return client.ReplicaOf(t.Context(), "NO", "ONE").Err() }},
	} {
		f.tells(f.probes.Handler(), "/metrics", "vireilla_queue_up 1\n")
		f.tells(f.probes.Handler(), "/readyz", "queue: ok\n")
		if err := c.spoil(); err != nil {
			t.Fatal(err)
		}
		f.Queue.Health.Probe(t.Context())
		t.Log(c.name)
		f.tells(f.probes.Handler(), "/metrics", "vireilla_queue_up 0\n")
		f.tells(f.probes.Handler(), "/readyz", "queue: cannot be used; letters go out without it\n")
		f.tells(f.pages.Handler(), "/", "The queue cannot be used", "maxmemory-policy")
		if err := c.end(); err != nil {
			t.Fatal(err)
		}
		f.Queue.Health.Probe(t.Context())
	}
}

func TestAPausedQueueIsToldEverywhere(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	f := newTeller(t, server)
	f.Queue.Health.Probe(t.Context())
	f.tells(f.probes.Handler(), "/metrics", `asynq_queue_paused{queue="letters"} 0`)
	inspector := asynq.NewInspectorFromRedisClient(server.Client(t))
	if err := inspector.PauseQueue(tasks.Letters); err != nil {
		t.Fatal(err)
	}
	f.Queue.Health.Probe(t.Context())
	f.tells(f.probes.Handler(), "/metrics", `asynq_queue_paused{queue="letters"} 1`, `asynq_queue_paused{queue="ticks"} 0`, "vireilla_queue_up 1\n")
	f.tells(f.probes.Handler(), "/readyz", "queue: paused; its tasks wait until somebody resumes it\n")
	f.tells(f.pages.Handler(), "/", "A queue is paused", `href="/queues/"`)
	if err := server.Client(t).Del(t.Context(), "asynq:{letters}:paused").Err(); err != nil { // as docs/operations.md says
		t.Fatal(err)
	}
	f.Queue.Health.Probe(t.Context())
	f.tells(f.probes.Handler(), "/readyz", "queue: ok\n")
}
