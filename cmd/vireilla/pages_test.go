package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/internal/queue"
	"vireilla/internal/store"
	"vireilla/internal/web"
	"vireilla/tasks"
)

// shown serves the pages over a real store and queue, and gives both and the address.
func shown(t *testing.T, cfg config) (*store.DB, asynq.RedisConnOpt, string) {
	t.Helper()
	redis, closeQueue, err := queue.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = closeQueue() })
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "v.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	log := slog.New(slog.DiscardHandler)
	q, err := queue.Open(t.Context(), queue.Options{Redis: redis, Ticks: tasks.Ticks, Letters: tasks.Letters, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = q.Close() })
	a := &app{Queue: q, Log: log}
	page, err := a.servePages(t.Context(), "127.0.0.1:0", cfg, &web.Pages{Facts: s, Actions: s, Clock: func() time.Time { return noon }, Policy: policy.Default(), Queues: true, Log: a.Log}, &web.Probes{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = page.Close() })
	return s, redis, strings.TrimSuffix(page.URL, "/")
}

var noon = time.Date(2024, time.March, 4, 10, 0, 0, 0, time.UTC)

// send asks as a browser does that shows the page of a site; it follows no redirection.
func send(t *testing.T, method, url, site string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", site)
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

func TestTheQueuesAreChangedOnlyWhereThatIsConfiguredAndNeverByAnotherSite(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		write bool
		site  string
		done  bool
	}{{false, "same-origin", false}, {true, "cross-site", false}, {true, "same-origin", true}} {
		_, redis, at := shown(t, config{QueuesWrite: v.write})
		client := asynq.NewClient(redis)
		task, options := tasks.NewDeliver(tasks.Letters, []int64{7, 8})
		if _, err := client.EnqueueContext(t.Context(), task, options...); err != nil {
			t.Fatal(err)
		}
		_ = client.Close()
		code, _ := send(t, http.MethodPost, at+"/queues/api/queues/letters:pause", v.site)
		inspector := asynq.NewInspector(redis)
		queue, err := inspector.GetQueueInfo(tasks.Letters)
		if err != nil {
			t.Fatal(err)
		}
		_ = inspector.Close()
		if queue.Paused != v.done || (code < 400) != v.done {
			t.Errorf("write %t, from %s: %d, paused %t", v.write, v.site, code, queue.Paused)
		}
		if _, body := send(t, http.MethodGet, at+"/queues/api/queues/letters/pending_tasks", "same-origin"); !strings.Contains(body, `"payload":"7 8"`) {
			t.Errorf("the ids are not shown: %.300s", body)
		}
	}
}

func TestWhatIsDecidedOnThePagesIsDoneInTheStore(t *testing.T) {
	t.Parallel()
	s, _, at := shown(t, config{})
	plan := notice.Plan{}
	for _, key := range []string{"k1", "k2", "k3"} {
		plan.Notices = append(plan.Notices, notice.Notice{Key: key, Letter: notice.CoachDigest, To: "C-07", Role: notice.ToCoach, Language: "fi", SendAt: noon, Expires: noon.Add(time.Hour)})
	}
	day := calendar.Date(2024, 3, 4)
	if _, err := s.Add(t.Context(), noon, notice.Run{Kind: "digests", Day: day, Guard: policy.Guard{Floor: 2, Times: 3, Runs: 10}}, plan); err != nil {
		t.Fatal(err)
	}
	states := func() (n map[notice.State]int) {
		n = map[notice.State]int{}
		found, err := s.Letters(t.Context(), notice.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range found {
			n[e.State]++
		}
		return n
	}
	post := func(path, site string, want int) {
		t.Helper()
		if code, body := send(t, http.MethodPost, at+path, site); code != want {
			t.Errorf("%s from %s: %d, want %d: %.300s", path, site, code, want, body)
		}
	}
	post("/runs/digests/2024-03-04/release", "cross-site", http.StatusForbidden)
	if n := states(); n[notice.Held] != 3 {
		t.Fatalf("%v", n)
	}
	post("/letters/1/withdraw", "same-origin", http.StatusSeeOther)
	post("/letters/2/retry", "same-origin", http.StatusSeeOther)
	if n := states(); n[notice.Held] != 1 || n[notice.Withdrawn] != 1 || n[notice.Pending] != 1 {
		t.Errorf("%v", n)
	}
	post("/letters/1/retry", "same-origin", http.StatusConflict)
	post("/runs/digests/2024-03-04/release", "same-origin", http.StatusSeeOther)
	post("/runs/digests/2024-03-04/release", "same-origin", http.StatusConflict)
	if n := states(); n[notice.Pending] != 2 {
		t.Errorf("%v", n)
	}
	for path, want := range map[string]bool{"/switch/stop": true, "/switch/start": false} {
		post(path, "same-origin", http.StatusSeeOther)
		if stopped, err := s.KillSwitch(t.Context()); err != nil || stopped != want {
			t.Errorf("after %s stopped is %t, %v", path, stopped, err)
		}
	}
}

func TestTheWorkersAliveAreKnown(t *testing.T) {
	t.Parallel()
	_, redis, at := shown(t, config{})
	if _, body := send(t, http.MethodGet, at+"/", "none"); !strings.Contains(body, "No worker is running") {
		t.Error("nobody works, and the page does not say so")
	}
	server := asynq.NewServer(redis, asynq.Config{Concurrency: 3, LogLevel: asynq.FatalLevel, Queues: map[string]int{tasks.Letters: 1}})
	if err := server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error { return nil })); err != nil {
		t.Fatal(err)
	}
	defer server.Shutdown()
	deadline := time.Now().Add(20 * time.Second)
	for time.Now().Before(deadline) {
		if _, body := send(t, http.MethodGet, at+"/", "none"); strings.Contains(body, "0 of 3") && !strings.Contains(body, "No worker") {
			return
		}
	}
	t.Error("the worker is not on the page")
}

func TestAQueueThatIsGoneIsSaidOnThePage(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	q, err := queue.Open(t.Context(), queue.Options{Redis: asynq.RedisClientOpt{Addr: "127.0.0.1:1", DialTimeout: time.Second}, Ticks: tasks.Ticks, Letters: tasks.Letters, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	a := &app{Queue: q, Log: log}
	if workers, err := a.workersAlive(t.Context()); err == nil {
		t.Errorf("a queue that is not there answered %v", workers)
	}
}

func TestWhoMayListenWhere(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.7/32")}
	for _, v := range []struct {
		address string
		guard   web.Guard
		may     bool
	}{
		{"127.0.0.1:8080", web.Guard{}, true}, {"[::1]:8080", web.Guard{}, true}, {"localhost:0", web.Guard{}, true}, {"0.0.0.0:8080", web.Guard{}, false}, {":8080", web.Guard{}, false},
		{"0.0.0.0:8080", web.Guard{Password: "x"}, true}, {"0.0.0.0:8080", web.Guard{Header: "X-User"}, false}, {"127.0.0.1:8080", web.Guard{Header: "X-User"}, true},
		{"0.0.0.0:8080", web.Guard{Header: "X-User", Proxies: proxies}, true}, {"0.0.0.0:8080", web.Guard{Proxies: proxies}, false}, {"8080", web.Guard{}, false},
	} {
		if err := checkListen(v.address, v.guard); (err == nil) != v.may {
			t.Errorf("%s with %+v: %v", v.address, v.guard, err)
		}
	}
}

func TestTheSettingsOfThePagesAreReadAndShown(t *testing.T) {
	t.Parallel()
	env := settings{"QUEUES_WRITE": "yes", "WEB_PROXIES": "10.0.0.7"}
	cfg, err := env.config()
	if err != nil || !cfg.QueuesWrite || len(cfg.Guard.Proxies) != 1 {
		t.Errorf("%+v, %v", cfg, err)
	}
	out := env.must(t, "--data", t.TempDir(), "config")
	for _, want := range []string{"QUEUES_WRITE", "WEB_PROXIES", "10.0.0.7"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
	for name, wrong := range map[string]string{"QUEUES_WRITE": "perhaps", "WEB_PROXIES": "proxy.example"} {
		t.Run(name, func(t *testing.T) {
			if _, err := (settings{name: wrong}).config(); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s=%s: %v", name, wrong, err)
			}
		})
	}
}
