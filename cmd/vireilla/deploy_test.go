package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"vireilla/internal/notice"
	"vireilla/internal/timetable"
	"vireilla/workers"
)

// program finds a program that a test needs; without one the test passes over, except where everything must be there.
func program(t *testing.T, name, from string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no %s on PATH (Debian: %s)", name, from)
		}
		t.Skipf("no %s on PATH (Debian: %s)", name, from)
	}
	return path
}

func TestEveryAlertFiresOnItsOwnFault(t *testing.T) {
	promtool := program(t, "promtool", "prometheus")
	for _, args := range [][]string{{"check", "rules", "alerts.yml"}, {"test", "rules", "alerts_test.yml"}, {"check", "config", "--syntax-only", "prometheus.yml"}} {
		command := exec.CommandContext(t.Context(), promtool, args...)
		command.Dir = "../../deploy"
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
	text, tests := file(t, "../../deploy/alerts.yml"), file(t, "../../deploy/alerts_test.yml")
	runbook := file(t, "../../docs/operations.md")
	for _, alert := range regexp.MustCompile(`alert: (\w+)`).FindAllStringSubmatch(text, -1) {
		if !strings.Contains(tests, `alertname="`+alert[1]+`"`) {
			t.Errorf("%s is not tried out", alert[1])
		}
		if !strings.Contains(runbook, "### "+alert[1]+"\n") || !strings.Contains(text, "docs/operations.md#"+strings.ToLower(alert[1])+"\n") {
			t.Errorf("%s has no section in docs/operations.md, or does not point to it", alert[1])
		}
	}
}

func TestEveryMetricThatIsAskedForIsThere(t *testing.T) {
	data := t.TempDir()
	a := &app{ctx: t.Context(), out: &said{}, err: &said{}, commands: &commands{Data: data}}
	redis, closeQueue, err := embeddedQueue()
	if err != nil {
		t.Fatal(err)
	}
	defer closeQueue()
	h, err := a.build(parts{database: "sqlite:" + filepath.Join(data, "v.db"), smtp: "smtp+plain://127.0.0.1:1", from: "no-reply@example.org", redis: redis, ticks: "t", letters: "l", clock: now})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if _, err := h.probes(); err != nil {
		t.Fatal(err)
	}
	stop, err := h.work(h.Workers, map[string]int{"t": 1}, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	at := now()
	if err := h.Workers.Scan.Run(t.Context(), "digests", at); err != nil { // a run, so that it has a time
		t.Fatal(err)
	}
	fence, err := h.Store.TakeLease(t.Context(), workers.TimetableLease, "test", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.Store.Strike(t.Context(), workers.TimetableLease, fence, timetable.Stroke{Entry: "digests", Now: at, Ticks: []time.Time{at}}); err != nil {
		t.Fatal(err)
	}
	if err := h.Store.TickDone(t.Context(), at, "digests", at); err != nil {
		t.Fatal(err)
	}
	if err := h.Bell.RingAny(t.Context(), 1); err != nil { // so that there is a queue
		t.Fatal(err)
	}
	h.Meters.Became([]notice.Report{{}})
	h.Meters.Answered(notice.Outcome{})
	h.Meters.Step("deliver", time.Second, os.ErrClosed)
	families, err := h.Meters.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, f := range families {
		known = append(known, f.GetName())
	}
	for _, path := range []string{"../../deploy/alerts.yml", "../../deploy/grafana/vireilla.json"} {
		for _, name := range regexp.MustCompile(`\b(vireilla|asynq)_[a-z_]+`).FindAllString(file(t, path), -1) {
			if !slices.Contains(known, strings.TrimSuffix(name, "_bucket")) {
				t.Errorf("%s asks for %s, which nobody tells", path, name)
			}
		}
	}
}

func TestComposeFileIsValid(t *testing.T) {
	compose := program(t, "docker-compose", "docker-compose")
	folder := t.TempDir()
	for _, name := range []string{"web_password.txt", "postgres_password.txt", "database_url.txt"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path, err := filepath.Abs("../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), compose, "--project-directory", folder, "-f", path, "--profile", "monitoring", "config", "-q")
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func file(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
