package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vireilla/internal/test/leaks"
	"vireilla/internal/test/markers"
	"vireilla/internal/test/servertest"
	"vireilla/internal/test/smtptest"
	"vireilla/internal/test/syncbuf"
)

// Whatever an office does in a day, and whatever goes wrong in it: names and addresses are in SQL and in the letters,
// and nowhere else.
func TestADayOfAnOfficeNamesNobodyOutsideOfSQLAndLetters(t *testing.T) {
	spans := &syncbuf.Buffer{}
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(spans, r.Body) }))
	defer collector.Close()
	redis := servertest.StartRedis(t)
	heard := redis.Monitor(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	mail, env := relay(t)
	env = env.with(settings{"DATABASE_URL": servertest.Postgres(t), "REDIS_URL": redis.URL()})
	somebody := markers.Address("c-01")
	mail.Set(smtptest.Rcpt, smtptest.Reply("550 5.1.1 <"+somebody+"> unknown").Times(2), smtptest.Reply("450 4.2.1 <"+somebody+"> is full").Times(2))
	mail.Set(smtptest.Dot, smtptest.Reply("554 5.7.1 <"+somebody+"> spam").Times(2), smtptest.Drop().Taking().Once(), smtptest.Reply("451 4.3.0 "+somebody).Times(2))

	const day = "2024-03-06"
	data, rules := env.office(t, day)
	told := &strings.Builder{}
	try := func(args ...string) string {
		t.Helper()
		out, err, code := env.vireilla(t, append([]string{"--data", data, "--policy", rules, "--log-level", "debug"}, args...)...)
		fmt.Fprintf(told, "%v: %d\n%s\n%s\n", args[0], code, out, err)
		leaks.Nobody(t, strings.Join(args, " "), out+"\n"+err)
		return out
	}
	try("import", hostile(t))
	try("import", freeText(t), "--accept-shrink")
	try("run", "--at", day, "--yes")
	if n := len(mail.Accepted()); n < 5 || !strings.Contains(told.String(), "rejected") {
		t.Fatalf("%d letters, and the log says\n%s", n, told)
	}
	if !slices.ContainsFunc(mail.Accepted(), func(m smtptest.Message) bool { return len(markers.Lines(m.Data)) > 0 }) {
		t.Fatal("no letter names its reader: this test would find nothing")
	}

	for _, format := range []string{"text", "json"} {
		for _, args := range [][]string{{"plan", "--at", day}, {"explain", "S-00001", "--at", day}, {"outbox", "list"}, {"timetable"}, {"config"}, {"agenda", "--at", day}} {
			try(append(args, "--format", format)...)
		}
	}
	for _, id := range regexp.MustCompile(`(?m)^(\d+) `).FindAllStringSubmatch(try("outbox", "list"), 20) {
		try("outbox", "show", id[1])
	}
	try("forget", "S-00001", "--yes")
	pages(t, env)

	for what, text := range map[string]string{"Redis": heard.String(), "the traces": spans.String()} {
		if len(text) < 10_000 {
			t.Errorf("of %s only %d bytes were heard", what, len(text))
		}
		leaks.Nobody(t, what, text)
	}
}

// hostile is a feed in which every field of everybody is wrong, each in another way.
func hostile(t *testing.T) string {
	t.Helper()
	return written(t, map[string]string{
		"seekers.csv": "seeker_id,first_name,email,municipality,coach_id,status,job_search_started,service_language,protected\n" +
			strings.Repeat("=Kanaria,Kanaria1,kanaria@@example.org,\"Kanaria\nBcc: kanaria@example.org\",Kanaria,Kanaria,Kanaria,Kanaria,Kanaria\n", 2) +
			"S-1,Kanaria,kanaria@example.org,Lahti\n" + "S-2,\"Kanaria,kanaria@example.org\n",
		"Kanaria.txt": "kanaria@example.org",
	})
}

// freeText is an appointment whose free text names somebody, and whose kind no letter has a word for.
func freeText(t *testing.T) string {
	t.Helper()
	return written(t, map[string]string{
		"appointments.csv": "appointment_id,seeker_id,coach_id,kind,starts_at,mode,place,booked_at\n" +
			"A-1,S-00002,C-01,Kanaria meets Kanaria,2024-03-20T09:00,office,Kanaria's,2024-03-06T08:00\n" +
			"A-2,S-00003,C-01,job_search_discussion,2024-03-20T09:00,office,\"<a href='x'>Kanaria</a>\",2024-03-06T08:00\n",
	})
}

func written(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// pages asks serve for everything that it shows.
func pages(t *testing.T, env settings) {
	t.Helper()
	env = env.with(settings{"LISTEN": "127.0.0.1:0", "METRICS_LISTEN": "127.0.0.1:0"})
	log := &syncbuf.Buffer{}
	printed, stop := serving(t, env, log, "--log-level", "debug")
	at := regexp.MustCompile(`http://[^/\s]+/`).FindAllString(printed, 2)
	paths := []string{"metrics", "readyz", "healthz", "", "letters", "letters?day=2024-03-06", "letters?state=failed&day=", "letters?to=S-00002&day=", "runs/digests/2024-03-06/release", "switch/stop",
		"nowhere", "letters/99999", "style.css", "queues/", "queues/api/queues", "queues/api/servers", "queues/api/scheduler_entries", "queues/api/redis_info", "queues/api/queue_stats"}
	for n := range 20 {
		paths = append(paths, fmt.Sprintf("letters/%d", n+1), fmt.Sprintf("letters/%d/retry", n+1))
	}
	for _, queue := range []string{"ticks", "letters"} {
		for _, state := range []string{"active", "pending", "scheduled", "retry", "archived", "completed"} {
			paths = append(paths, "queues/api/queues/"+queue+"/"+state+"_tasks")
		}
	}
	shown := 0
	for _, base := range at {
		for _, path := range paths {
			body := fetch(t, base+path)
			shown += len(body)
			leaks.Nobody(t, "/"+path, body)
		}
	}
	for _, path := range []string{"letters/kanaria@example.org", "kanaria", "runs/kanaria/2024-03-06/release", "letters?to=kanaria&day=kanaria&state=kanaria"} {
		fetch(t, at[len(at)-1]+path) // what a reader writes himself may be shown to him, and is not logged
	}
	if code := stop(); code != done || len(at) != 2 || shown < 50_000 {
		t.Errorf("exit %d, at %v, %d bytes of pages", code, at, shown)
	}
	leaks.Nobody(t, "the log of serve", log.String())
}

// The secrets of the settings are in no error and no log, whatever is wrong with them or with the server that they
// name.
func TestNoSecretOfASettingIsEverTold(t *testing.T) {
	heavy(t, "it starts the program")
	t.Parallel()
	const secret = "hunter2"
	mail := smtptest.Start(t)
	for name, values := range map[string][]string{
		"DATABASE_URL": {"postgres://v:hunter2@127.0.0.1:1/v", "postgres://v:hunter2@%zz/v", "postgres://v:hunter2@h:port/v", "postgres://v:hunter2@h/v?sslmode=maybe",
			"postgres://v@h/v?password=hunter2&sslmode=maybe", "mysql://v:hunter2@h/v", "host=h password=hunter2"},
		"REDIS_URL":                   {"redis://:hunter2@h:port/0", "redis://:hunter2@%zz", "http://:hunter2@h", "redis://:hunter2@h/0?x=hunter2"},
		"SMTP_URL":                    {"smtps://u:hunter2@h:port", "smtp://u:hunter2@%zz", "http://u:hunter2@h", "smtp+plain://u:hunter2@127.0.0.1:25", "smtp://u:hun\nter2hunter2@h"},
		"PING_URL":                    {"ftp://hc.example/hunter2", "https://u:hunter2@%zz/", "hunter2", "https://hc.example/hunter2", "http://[hunter2"},
		"OTEL_EXPORTER_OTLP_ENDPOINT": {"http://u:hunter2@%zz", "http://u:hunter2@127.0.0.1:1", "hunter2://x y"},
		"OTEL_EXPORTER_OTLP_HEADERS":  {"hunter2", "a=%zzhunter2"},
		"WEB_PASSWORD":                {"hunter2", "hunter2:x", "a:hunter2", "http://a/hunter2"},
	} {
		for n, value := range values {
			t.Run(fmt.Sprint(name, n), func(t *testing.T) {
				t.Parallel()
				for _, args := range [][]string{{"config"}, {"run", "--at", "2024-03-06", "--yes"}, {"health"}} {
					command := exec.CommandContext(t.Context(), os.Args[0], args...) // libraries write to the stderr of a process
					command.Env = []string{asProgram, "VIREILLA_DATA=" + t.TempDir(), "SMTP_URL=" + mail.URL(), "MAIL_FROM=no-reply@example.org", "LISTEN=127.0.0.1:0", name + "=" + value}
					said, err := command.CombinedOutput()
					if strings.Contains(string(said), secret) || args[0] == "config" && !strings.Contains(string(said), "QUEUES_WRITE") {
						t.Errorf("%v: %v\n%s", args, err, said)
					}
				}
			})
		}
	}
}

// What is an accident of net/http goes to its log: a panic with what it panicked with.
func TestAPageThatPanicsTellsNothingOfWhatItHeld(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	a := &app{Log: (&environment{err: &log, commands: &commands{}}).log()}
	page, err := a.serve(t.Context(), "LISTEN", "127.0.0.1:0", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("of " + markers.Address("s-1")) }), nil)
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := http.Get(page.URL + "letters/7"); err == nil {
		t.Errorf("it answers %d", answer.StatusCode)
	}
	if err := page.Close(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), "a page panicked") || !strings.Contains(log.String(), "leaks_test.go") {
		t.Errorf("the log does not say where: %s", log.String())
	}
	leaks.Nobody(t, "the log", log.String())
}
