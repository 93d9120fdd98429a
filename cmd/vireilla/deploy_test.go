package main

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
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
	t.Parallel()
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
		if !strings.Contains(runbook, "### "+alert[1]+"\n") || !strings.Contains(text, `"docs/operations.md" }}#`+strings.ToLower(alert[1])+"'\n") {
			t.Errorf("%s has no section in docs/operations.md, or does not point to it", alert[1])
		}
	}
}

// What an alert or the dashboard asks for must be there before anything has happened: increase() does not see the step
// from nothing to the first sample, and a comparison with nothing is never true. The tests of the alerts may not rely
// on more either.
func TestAFreshProcessShowsEverySeriesThatIsAskedFor(t *testing.T) {
	t.Parallel()
	_, env := relay(t)
	env = env.with(settings{"LISTEN": "127.0.0.1:0", "METRICS_LISTEN": "127.0.0.1:0"})
	printed, _ := serving(t, env, io.Discard)
	shown := fetch(t, regexp.MustCompile(`metrics: (http://.*)`).FindStringSubmatch(printed)[1])
	for _, path := range []string{"../../deploy/alerts.yml", "../../deploy/alerts_test.yml", "../../deploy/grafana/vireilla.json"} {
		text := strings.ReplaceAll(file(t, path), `\"`, `"`)
		asked := regexp.MustCompile(`\b((?:vireilla|asynq)_[a-z_]+)(?:\{([^}]*)\})?`).FindAllStringSubmatch(text, -1)
		if len(asked) < 10 {
			t.Fatalf("%s asks for only %d series", path, len(asked))
		}
		for _, a := range asked {
			if !shows(shown, a[1], a[2]) {
				t.Errorf("%s asks for %s, which a fresh process does not show", path, a[0])
			}
		}
	}
}

// shows tells whether a series with a name, and labels as a selector wants them, stands among metrics.
func shows(metrics, name, selector string) bool {
	wanted := regexp.MustCompile(`(\w+)(!?=)"([^"]*)"`).FindAllStringSubmatch(selector, -1)
	for line := range strings.Lines(metrics) {
		labels, found := strings.CutPrefix(line, name)
		if !found || labels[0] != '{' && labels[0] != ' ' {
			continue
		}
		if !slices.ContainsFunc(wanted, func(w []string) bool {
			return strings.Contains(labels, w[1]+`="`+w[3]+`"`) != (w[2] == "=")
		}) {
			return true
		}
	}
	return false
}

// The lines at the head of the compose file, up to the first docker, make what its services read.
func TestComposeFileIsValid(t *testing.T) {
	t.Parallel()
	compose := program(t, "docker-compose", "docker-compose")
	program(t, "openssl", "openssl")
	folder := t.TempDir()
	for line := range strings.Lines(file(t, "../../docker-compose.yml")) {
		command, found := strings.CutPrefix(line, "#   ")
		if !found || strings.HasPrefix(command, "docker") {
			continue
		}
		do := exec.CommandContext(t.Context(), "sh", "-ec", command)
		do.Dir = folder
		if out, err := do.CombinedOutput(); err != nil {
			t.Fatalf("%s%v\n%s", command, err, out)
		}
	}
	for _, s := range composeFile(t).Secrets {
		if text := strings.TrimSpace(file(t, filepath.Join(folder, s.File))); text == "" {
			t.Errorf("%s is empty", s.File)
		}
		for _, list := range []string{"../../.dockerignore", "../../.gitignore"} {
			if !strings.Contains(file(t, list), "\n/"+strings.TrimPrefix(s.File, "./")+"\n") {
				t.Errorf("%s lets %s in", list, s.File)
			}
		}
	}
	certificate, err := tls.LoadX509KeyPair(filepath.Join(folder, "mail_cert.pem"), filepath.Join(folder, "mail_key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificate.Leaf)
	relay, err := url.Parse(composeFile(t).Services["vireilla"].Environment["SMTP_URL"])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := certificate.Leaf.Verify(x509.VerifyOptions{DNSName: relay.Hostname(), Roots: roots}); err != nil {
		t.Errorf("the mail catcher does not prove who it is: %v", err)
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

// A service that shares the network of another one is cut off when that one starts again, and copies that share a
// folder share a send journal.
func TestEachServiceOfTheComposeFileStandsAlone(t *testing.T) {
	copies, folders := 0, map[string]string{}
	prometheus := file(t, "../../deploy/prometheus.yml")
	for name, s := range composeFile(t).Services {
		if s.NetworkMode != "" {
			t.Errorf("%s is in the network of %s", name, s.NetworkMode)
		}
		if s.Restart != "unless-stopped" {
			t.Errorf("%s is not started again", name)
		}
		if s.Image != "vireilla" {
			continue
		}
		copies++
		if len(s.Volumes) != 1 || folders[s.Volumes[0]] != "" || !strings.HasSuffix(s.Volumes[0], ":/data") {
			t.Errorf("%s has the folders %v, one of %q", name, s.Volumes, folders)
		}
		folders[strings.Join(s.Volumes, " ")] = name
		if _, port, err := net.SplitHostPort(s.Environment["METRICS_LISTEN"]); err != nil || !strings.Contains(prometheus, `"`+name+":"+port+`"`) {
			t.Errorf("nobody asks %s for its metrics, %v", name, err)
		}
	}
	if copies != 2 {
		t.Errorf("%d copies of the program", copies)
	}
}

// Commands by hand read the settings of the service with a shell: with SQLite as the file stands, and with servers once
// the lines about them are let in.
func TestTheServicesSettingsServeCommandsByHand(t *testing.T) {
	heavy(t, "it starts the program")
	t.Parallel()
	unit, example := file(t, "../../deploy/vireilla.service"), file(t, "../../deploy/vireilla.env")
	for _, want := range []string{"EnvironmentFile=/etc/vireilla/env\n", "StateDirectory=vireilla\n", "User=vireilla\n"} {
		if !strings.Contains(unit, want) {
			t.Errorf("the unit has no %s", want)
		}
	}
	etc := t.TempDir()
	for name, value := range map[string]string{"smtp_url": "smtps://relay.example:465", "database_url": "postgres://db.example/v", "redis_url": "redis://redis.example"} {
		if err := os.WriteFile(filepath.Join(etc, name), []byte(value+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for database, text := range map[string]string{"sqlite:/var/lib/vireilla/vireilla.db": example, "postgres://db.example/v": regexp.MustCompile(`(?m)^#([A-Z])`).ReplaceAllString(example, "$1")} {
		env := filepath.Join(etc, "env")
		if err := os.WriteFile(env, []byte(strings.ReplaceAll(text, "/etc/vireilla", etc)), 0o600); err != nil {
			t.Fatal(err)
		}
		command := exec.CommandContext(t.Context(), "sh", "-c", `set -a; . "$1"; exec "$2" config --format json`, "vireilla", env, os.Args[0])
		command.Env = []string{asProgram}
		out, err := command.Output()
		if err != nil {
			t.Fatal(err)
		}
		values := map[string]string{}
		for _, s := range decode[[]setting](t, string(out)) {
			values[s.Name] = s.Value
		}
		if values["DATABASE_URL"] != database || values["SMTP_URL"] != "smtps://relay.example:465" || values["MAIL_FROM"] != "Lahden kaupunki <no-reply@lahti.example>" {
			t.Errorf("%s: %v", database, values)
		}
	}
}

func file(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
