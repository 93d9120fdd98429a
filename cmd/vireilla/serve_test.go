package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"vireilla/internal/queue"
	"vireilla/internal/test/syncbuf"
	"vireilla/internal/web"
)

// serving starts serve and returns when it is at work, with what it printed; stop ends it and gives its exit code.
func serving(t *testing.T, env settings, log io.Writer, args ...string) (printed string, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan int, 1)
	go func() {
		defer in.Close()
		ended <- run(ctx, append([]string{"--data", t.TempDir(), "serve"}, args...), env.get, in, log)
	}()
	seen := make([]byte, 4096)
	for !strings.Contains(printed, "at work") {
		n, err := out.Read(seen)
		if err != nil {
			t.Fatalf("%v after %q", err, printed)
		}
		printed += string(seen[:n])
	}
	t.Cleanup(cancel)
	return printed, func() int {
		cancel()
		select {
		case code := <-ended:
			return code
		case <-time.After(5 * time.Second):
			t.Fatal("still there after five seconds")
			return failed
		}
	}
}

func TestServeStopsWithinFiveSeconds(t *testing.T) {
	t.Parallel()
	_, env := relay(t)
	env = env.with(settings{"LISTEN": "127.0.0.1:0"})
	_, stop := serving(t, env, os.Stderr, "--log-level", "warn")
	if code := stop(); code != done {
		t.Errorf("exit %d", code)
	}
}

func TestAProgramThatCannotShowItsPagesSaysSoAndEnds(t *testing.T) {
	t.Parallel()
	_, env := relay(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct {
		setting, value string
		args           []string
	}{
		{"LISTEN", taken.Addr().String(), []string{"serve"}},
		{"METRICS_LISTEN", taken.Addr().String(), []string{"serve"}},
		{"LISTEN", "0.0.0.0:0", []string{"demo", "--seekers", "20", "--coaches", "2"}},
	} {
		t.Run(c.args[0]+" "+c.setting, func(t *testing.T) {
			env := env.with(settings{"LISTEN": "127.0.0.1:0"}).with(settings{c.setting: c.value})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan int, 1)
			var told syncbuf.Buffer
			go func() {
				ended <- run(ctx, append([]string{"--data", t.TempDir()}, c.args...), env.get, io.Discard, &told)
			}()
			select {
			case code := <-ended:
				if code != failed || !strings.Contains(told.String(), c.setting+": ") {
					t.Errorf("exit %d, said %q", code, told.String())
				}
			case <-time.After(20 * time.Second):
				cancel()
				t.Errorf("exit %d, but only when it was told to end", <-ended)
			}
		})
	}
}

func TestRolesApartNeedAQueueThatTheyShare(t *testing.T) {
	t.Parallel()
	_, env := relay(t)
	env = env.with(settings{"LISTEN": "127.0.0.1:0"})
	for _, roles := range []string{"timetable", "workers", "web", "timetable,web", "workers,web"} {
		if _, told, code := env.vireilla(t, "--data", t.TempDir(), "serve", "--only", roles); code != failed || !strings.Contains(told, "REDIS_URL") {
			t.Errorf("%s: exit %d, said %q", roles, code, told)
		}
	}
	// These two may do without pages.
	_, stop := serving(t, env, os.Stderr, "--log-level", "warn", "--only", "timetable,workers")
	if code := stop(); code != done {
		t.Errorf("exit %d", code)
	}
}

func TestMachinesAreAnswered(t *testing.T) {
	t.Parallel()
	_, env := relay(t)
	env = env.with(settings{"LISTEN": "127.0.0.1:0", "METRICS_LISTEN": "127.0.0.1:0", "WEB_PASSWORD": "sesam"})
	var log syncbuf.Buffer
	printed, stop := serving(t, env, &log)
	base := regexp.MustCompile(`metrics: (http://.*/)metrics`).FindStringSubmatch(printed)[1]
	page := regexp.MustCompile(`status page: (http://.*/)`).FindStringSubmatch(printed)[1]
	for url, want := range map[string]string{
		base + "healthz": "ok", base + "readyz": "database: ok\nqueue: ok", base + "metrics": "vireilla_database_up 1",
		page + "healthz": "ok", page + "readyz": "database: ok", page + "metrics": "Who are you?",
	} {
		if got := fetch(t, url); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", url, got, want)
		}
	}
	metrics := fetch(t, base+"metrics")
	for _, want := range []string{`vireilla_letters_open{state="held"} 0`, "vireilla_oldest_due_letter_age_seconds 0", "vireilla_queue_up 1", "vireilla_kill_switch 0", "go_goroutines", "vireilla_build_info"} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %q in the metrics", want)
		}
	}
	if code := stop(); code != done {
		t.Errorf("exit %d", code)
	}
	for _, line := range strings.Split(strings.TrimSpace(log.String()), "\n") {
		if line != "" && !json.Valid([]byte(line)) {
			t.Errorf("a line of the log is no JSON: %q", line)
		}
		if strings.Contains(line, `"took":`) && !regexp.MustCompile(`"took":"[0-9.]+(µs|ms|s)"`).MatchString(line) {
			t.Errorf("how long a step took has no unit: %q", line)
		}
	}
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestMetricsKeepTheConventions(t *testing.T) {
	t.Parallel()
	env := &environment{ctx: t.Context(), out: io.Discard, err: io.Discard, commands: &commands{Data: t.TempDir()}}
	redis, closeQueue, err := queue.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	defer closeQueue()
	a, err := env.build(options{database: "sqlite:" + env.Data + "/v.db", smtp: "smtp+plain://127.0.0.1:1", from: "no-reply@example.org", redis: redis, ticks: "t", letters: "l", clock: now})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, err := a.probes(); err != nil {
		t.Fatal(err)
	}
	a.Queue.Health.Probe(t.Context()) // so that there are queues to tell of
	problems, err := testutil.GatherAndLint(a.Meters.Registry)
	for _, p := range problems {
		// A gauge; asynq's monitor, told of a Prometheus, asks for it by this name.
		if p.Metric == "asynq_tasks_enqueued_total" {
			continue
		}
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	if err != nil {
		t.Error(err)
	}
}

func TestADatabaseThatIsAwayIsNotReady(t *testing.T) {
	down := func(context.Context) error { return io.ErrUnexpectedEOF }
	up := func(context.Context) error { return nil }
	queue := func(away, paused bool) web.Queue { return func() (bool, bool) { return away, paused } }
	for name, c := range map[string]struct {
		probes web.Probes
		status int
		text   string
	}{
		"database": {web.Probes{Registry: newMeters(nil).Registry, Database: down, Queue: queue(false, false)}, 503, "database: does not answer\nqueue: ok\n"},
		"queue":    {web.Probes{Registry: newMeters(nil).Registry, Database: up, Queue: queue(true, true)}, 200, "database: ok\nqueue: cannot be used; letters go out without it\n"},
	} {
		answer := httptest.NewRecorder()
		c.probes.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		if answer.Code != c.status || answer.Body.String() != c.text {
			t.Errorf("%s away: %d %q", name, answer.Code, answer.Body)
		}
	}
}

func TestTheWatchmanIsCalledAndHisAddressNeverTold(t *testing.T) {
	t.Parallel()
	var heard []string
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		heard = append(heard, r.URL.Path)
		w.WriteHeader(status)
	}))
	defer server.Close()
	call, err := pinger(server.URL + "/secret-word")
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"/start", "", "/fail"} {
		if err := call(t.Context(), what); err != nil {
			t.Error(err)
		}
	}
	if got := strings.Join(heard, " "); got != "/secret-word/start /secret-word /secret-word/fail" {
		t.Errorf("heard %s", got)
	}
	status = http.StatusNotFound
	server2 := httptest.NewServer(nil)
	server2.Close()
	gone, err := pinger(server2.URL + "/secret-word")
	if err != nil {
		t.Fatal(err)
	}
	_, wrong := pinger("secret-word")
	for _, err := range []error{call(t.Context(), ""), gone(t.Context(), ""), wrong} {
		if err == nil || strings.Contains(err.Error(), "secret-word") {
			t.Errorf("error %v", err)
		}
	}
}
