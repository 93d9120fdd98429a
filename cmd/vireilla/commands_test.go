package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vireilla/internal/policy"
	"vireilla/internal/test/smtptest"
)

// office writes a made-up feed and imports it; the policy's guard lets everything through.
func (env settings) office(t *testing.T, at string) (data, rules string) {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "feed")
	data = t.TempDir()
	env.must(t, "sample", folder, "--at", at, "--seekers", "300", "--coaches", "6")
	env.must(t, "--data", data, "import", folder)
	return data, unguarded(t)
}

// office is an office whose database is the SQLite file of its folder.
func office(t *testing.T, at string) (data, rules string) {
	t.Helper()
	return settings(nil).office(t, at)
}

// unguarded writes a policy file whose guard lets everything through.
func unguarded(t *testing.T) (rules string) {
	t.Helper()
	rules = filepath.Join(t.TempDir(), "policy.yaml")
	text := strings.Replace(string(policy.DefaultFile()), "floor: 50", "floor: 5000", 1)
	if err := os.WriteFile(rules, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return rules
}

// relay starts a relay that takes every letter, and gives the settings that name it.
func relay(t *testing.T) (*smtptest.Server, settings) {
	t.Helper()
	server := smtptest.Start(t)
	return server, settings{"SMTP_URL": server.URL(), "MAIL_FROM": "Lahden kaupunki <no-reply@example.org>"}
}

func decode[T any](t *testing.T, text string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %.200s", err, text)
	}
	return v
}

func TestADemoDayBringsOutWhatItPlanned(t *testing.T) {
	t.Parallel()
	for _, day := range []string{"2021-09-06", "2023-12-27", "2025-06-19", "2026-03-30"} {
		t.Run(day, func(t *testing.T) {
			r := decode[dayReport](t, must(t, "demo", "--once", "--at", day, "--seekers", "1200", "--coaches", "8", "--format", "json"))
			planned, ended := 0, 0
			for _, n := range r.Planned {
				planned += n
			}
			for _, n := range r.Outbox {
				ended += n
			}
			if r.Imported["seekers"] != 1200 || r.Imported["coaches"] != 8 {
				t.Errorf("imported %v", r.Imported)
			}
			if planned == 0 || planned != ended || r.Outbox["failed"] != 0 || r.Outbox["deferred"] != 0 || r.Outbox["held"] != 0 {
				t.Errorf("planned %v, became %v", r.Planned, r.Outbox)
			}
			if r.Inbox == nil || r.Inbox.Accepted != r.Outbox["sent"] || r.Inbox.DistinctKeys != r.Inbox.Accepted {
				t.Errorf("sent %d, the server says %+v", r.Outbox["sent"], r.Inbox)
			}
		})
	}
}

func TestADemoDayIsTheSameTwice(t *testing.T) {
	t.Parallel()
	args := []string{"demo", "--once", "--at", "2024-03-04", "--seekers", "700", "--coaches", "5", "--seed", "7", "--format", "json"}
	first, second := decode[dayReport](t, must(t, args...)), decode[dayReport](t, must(t, args...))
	first.Seconds, second.Seconds = daySeconds{}, daySeconds{}
	a, _ := json.Marshal(first)
	b, _ := json.Marshal(second)
	if !bytes.Equal(a, b) {
		t.Errorf("%s\n%s", a, b)
	}
}

func TestARunWhoseLettersAreNotOutFails(t *testing.T) {
	t.Parallel()
	data, rules := office(t, "2024-03-06")
	_, env := relay(t)
	run := []string{"--data", data, "--policy", rules, "run", "--at", "2024-03-06", "--yes"}
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = nobody.Close()
	out, told, code := env.with(settings{"SMTP_URL": "smtp+plain://" + nobody.Addr().String()}).vireilla(t, run...)
	if code != failed || !strings.Contains(out, "deferred") || !strings.Contains(told, "letters are not out") {
		t.Errorf("exit %d, said %q and %q", code, out, told)
	}
	env.must(t, "--data", data, "outbox", "stop", "--yes")
	if _, told, code := env.vireilla(t, run...); code != failed || !strings.Contains(told, "outbox start") {
		t.Errorf("stopped: exit %d, said %q", code, told)
	}
	env.must(t, "--data", data, "outbox", "start", "--yes")
	env.must(t, run...)
	run[6] = "2024-03-09" // a Saturday: what comes up waits for Monday
	if out := env.must(t, run...); !strings.Contains(out, "pending") {
		t.Errorf("nothing waits: %s", out)
	}
}

func TestARunWithoutYesSendsNothing(t *testing.T) {
	t.Parallel()
	data, rules := office(t, "2024-03-06")
	server, env := relay(t)
	out := env.must(t, "--data", data, "--policy", rules, "run", "--at", "2024-03-06")
	if !strings.Contains(out, "coach_digest") || len(server.Accepted()) != 0 {
		t.Errorf("%d letters accepted; said %.300s", len(server.Accepted()), out)
	}
}

func TestTheGuardHoldsAnUnusualDayUntilAPersonReleasesIt(t *testing.T) {
	t.Parallel()
	data, rules := office(t, "2024-03-06")
	server, env := relay(t)
	strict := filepath.Join(t.TempDir(), "strict.yaml")
	text, err := os.ReadFile(rules)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(strict, bytes.Replace(text, []byte("floor: 5000"), []byte("floor: 2"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	out := env.must(t, "--data", data, "--policy", strict, "run", "--at", "2024-03-06", "--yes")
	if !strings.Contains(out, "held") {
		t.Fatalf("nothing held: %s", out)
	}
	for _, m := range server.Accepted() {
		if strings.HasPrefix(m.To[0], "kanaria.c-") {
			t.Fatal("a digest of the held run went out")
		}
	}
	env.must(t, "--data", data, "outbox", "release", "digests/2024-03-06")
	for _, args := range [][]string{{"release", "digests/2024-03-07"}, {"retry", "99999"}, {"withdraw", "99999"}} {
		for _, yes := range [][]string{nil, {"--yes"}} {
			out, told, code := env.vireilla(t, slices.Concat([]string{"--data", data, "outbox"}, args, yes)...)
			if code != failed || out != "" || !strings.Contains(told, args[1]) {
				t.Errorf("%v %v: exit %d, said %q and %q", args, yes, code, out, told)
			}
		}
	}
	if out := env.must(t, "--data", data, "outbox", "list", "--state", "held", "--letter", "coach_digest"); !strings.Contains(out, "coach_digest/C-01/2024-03-06") {
		t.Fatalf("released without --yes: %s", out)
	}
	if _, told, _ := env.vireilla(t, "--data", data, "outbox", "release", "digests/2024-03-06", "--yes"); !strings.Contains(told, `"what":"release"`) || !strings.Contains(told, `"run":"digests/2024-03-06"`) {
		t.Errorf("logged %q", told)
	}
	env.must(t, "--data", data, "--policy", strict, "run", "--at", "2024-03-06", "--yes")
	if out := env.must(t, "--data", data, "outbox", "list", "--state", "sent", "--letter", "coach_digest"); !strings.Contains(out, "coach_digest/C-01/2024-03-06") {
		t.Fatalf("not sent after the release: %s", out)
	}
}

func TestBadInputIsToldByFileAndLineAndChangesNothing(t *testing.T) {
	t.Parallel()
	data, _ := office(t, "2024-03-06")
	folder := t.TempDir()
	csv := "seeker_id,municipality,coach_id,first_name,job_search_started\nS-00001,Lahti,C-99,Kanaria,2024-02-30\n"
	if err := os.WriteFile(filepath.Join(folder, "seekers.csv"), []byte(csv), 0o600); err != nil {
		t.Fatal(err)
	}
	before := must(t, "--data", data, "agenda", "--at", "2024-03-06", "--format", "ndjson")
	out, told, code := vireilla(t, "--data", data, "import", folder)
	if code != failed || out != "" || !strings.Contains(told, "seekers.csv:2: job_search_started: ") || strings.Contains(told, "Kanaria") {
		t.Errorf("exit %d, said %q and %q", code, out, told)
	}
	if err := os.WriteFile(filepath.Join(folder, "seekers.csv"), []byte(strings.Replace(csv, "02-30", "02-20", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, told, code = vireilla(t, "--data", data, "import", folder)
	if want := "seekers.csv:2: coach_id: no such coach \"C-99\"\n"; code != failed || told != want {
		t.Errorf("exit %d, said %q, want %q", code, told, want)
	}
	if after := must(t, "--data", data, "agenda", "--at", "2024-03-06", "--format", "ndjson"); after != before {
		t.Error("a refused import changed the agenda")
	}
}

func TestWrongUseExitsTwo(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	for _, args := range [][]string{{"bogus"}, {"agenda", "--at", "2024-02-30"}, {"agenda", "--format", "xml"}, {"plan", "--at", "tomorrow"}, {"import"},
		{"import", "/does/not/exist"}, {"serve", "--only", "cook"}, {"preview", "love_letter", "fi"}, {"outbox", "release", "digests", "--yes"},
		{"outbox", "list", "--state", "lost"}, {"outbox", "list", "--letter", "love_letter"}, {"demo", "--once", "--seekers", "0"}, {"sample", t.TempDir(), "--coaches", "0"}, {"sample", t.TempDir(), "--at", "1700-01-01"}} {
		if _, told, code := vireilla(t, append([]string{"--data", data}, args...)...); code != usedWrongly || told == "" {
			t.Errorf("%v: exit %d, said %q", args, code, told)
		}
	}
	for _, args := range [][]string{{"--help"}, {"outbox", "--help"}, {"plan", "--help"}} {
		if out, _, code := vireilla(t, args...); code != done || !strings.Contains(out, "Usage:") {
			t.Errorf("%v: exit %d", args, code)
		}
	}
}

func TestWhoeverStopsACommandIsToldSo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var told bytes.Buffer
	if code := run(ctx, []string{"--data", t.TempDir(), "migrate"}, settings{}.get, io.Discard, &told); code != failed || told.String() != "vireilla: stopped before it was done\n" {
		t.Errorf("exit %d, said %q", code, told.String())
	}
}

func TestConfigMasksSecrets(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "smtp")
	if err := os.WriteFile(secret, []byte("smtps://user:hunter2@relay.example:465\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := settings{"SMTP_URL_FILE": secret, "REDIS_URL": "redis://:hunter2@127.0.0.1:6379/0"}
	out := env.must(t, "--data", t.TempDir(), "config")
	if strings.Contains(out, "hunter2") || !strings.Contains(out, "relay.example") || !strings.Contains(out, secret) {
		t.Error(out)
	}
	for how, args := range map[string][]string{"default": {"config"}, "--data": {"--data", t.TempDir(), "config"}} {
		if out := env.must(t, args...); !regexp.MustCompile(`(?m)^data .* `+how+`$`).MatchString(out) || !regexp.MustCompile(`(?m)^OTEL_EXPORTER_OTLP_ENDPOINT +default$`).MatchString(out) {
			t.Errorf("%s: %s", how, out)
		}
	}
	env = env.with(settings{"REDIS_URL": "redis-sentinel://:hunter2@a.example:1,b.example:2/0?master=m&password=hunter2"})
	if out := env.must(t, "--data", t.TempDir(), "config"); strings.Contains(out, "hunter2") {
		t.Error(out)
	}
	for _, database := range []string{"postgres://vireilla:hunter2@db.example/v?password=hunter2", "postgres://vireilla:hunter2/x@db.example/v",
		"postgres://vireilla:1#hunter2@db.example/v", "postgres://vireilla:1?hunter2@db.example/v", "host=db.example password=hunter2"} {
		if out, told, _ := env.with(settings{"DATABASE_URL": database}).vireilla(t, "--data", t.TempDir(), "config"); strings.Contains(out+told, "hunter2") || !strings.Contains(out, "DATABASE_URL") {
			t.Errorf("%s: %s%s", database, out, told)
		}
	}
}

func TestTheRateIsAWholeNumberOfLettersAMinute(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]int{"": 0, "600": 600, "1": 1, "0": -1, "-5": -1, "ten": -1, "1.5": -1, "70000": -1} {
		c, err := settings{"SMTP_RATE": word}.config()
		if (err == nil) != (want >= 0) || err == nil && c.Rate != want {
			t.Errorf("%q: %d, %v", word, c.Rate, err)
		}
	}
}

func TestServeRefusesToShowItsPagesToTheWorld(t *testing.T) {
	t.Parallel()
	_, env := relay(t)
	env = env.with(settings{"LISTEN": "0.0.0.0:0"})
	if _, told, code := env.vireilla(t, "--data", t.TempDir(), "serve"); code != failed || !strings.Contains(told, "WEB_PASSWORD") {
		t.Errorf("exit %d, said %q", code, told)
	}
}

func TestExplainTellsTheArithmetic(t *testing.T) {
	t.Parallel()
	data, _ := office(t, "2024-03-06")
	type row struct{ Seeker string }
	first := decode[[]row](t, must(t, "--data", data, "agenda", "--at", "2024-03-06", "--format", "json"))[0]
	out := must(t, "--data", data, "explain", first.Seeker, "--at", "2024-03-06")
	for _, part := range []string{"counted from: ", "would change it: ", "initial_interview", "job_search_discussion", "Told so far:"} {
		if !strings.Contains(out, part) {
			t.Errorf("no %q in\n%s", part, out)
		}
	}
	if _, told, code := vireilla(t, "--data", data, "explain", "S-nobody"); code != failed || !strings.Contains(told, `no such seeker "S-nobody"`) {
		t.Errorf("exit %d, said %q", code, told)
	}
}

func TestTheTimetableIsToldAcrossSummerTime(t *testing.T) {
	type row struct {
		Entry string
		Next  []string
	}
	for _, r := range decode[[]row](t, must(t, "timetable", "--at", "2026-10-24T12:00", "--next", "2", "--format", "json")) {
		if r.Entry == "retention" && !slices.Equal(r.Next, []string{"2026-10-25T03:40:00+03:00", "2026-10-26T03:40:00+02:00"}) {
			t.Errorf("retention: %v", r.Next)
		}
		if r.Entry == "digests" && !slices.Equal(r.Next, []string{"2026-10-25T07:30:00+02:00", "2026-10-26T07:30:00+02:00"}) {
			t.Errorf("digests: %v", r.Next)
		}
	}
}

func TestEveryLetterCanBePreviewed(t *testing.T) {
	t.Parallel()
	must(t, "templates", "check")
	parts := [][]string{nil, {"--html"}, {"--eml"}} // each of every letter, and each in every language
	for i, letter := range []string{"coach_digest", "lead_escalation", "appointment_booked", "appointment_reminder", "appointment_changed", "appointment_cancelled", "matter_update"} {
		for j, language := range []string{"fi", "sv", "en"} {
			town, part := map[string]string{"fi": "Lahden kaupunki", "sv": "Lahtis stad", "en": "City of Lahti"}[language], parts[(i+j)%len(parts)]
			if out := must(t, append([]string{"preview", letter, language}, part...)...); len(out) < 100 || !strings.Contains(out, town) {
				t.Errorf("%s %s %v: %q", letter, language, part, out)
			}
		}
	}
}

func TestTheWordsOfAPolicyAreTold(t *testing.T) {
	told := must(t, "policy", "show", "--words")
	p := policy.Default()
	for _, r := range p.Rules {
		for _, word := range slices.Concat([]string{r.Name, r.Anchor}, r.Kinds, r.States) {
			if !strings.Contains(told, word) {
				t.Errorf("%q of the embedded policy is not among the words", word)
			}
		}
	}
}

func TestAPolicyFileIsCheckedByLine(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "p.yaml")
	text := strings.Replace(must(t, "policy", "show"), "due: 30 days after", "due: 30 dayz after", 1)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, told, code := vireilla(t, "policy", "check", path); code != failed || !strings.HasPrefix(told, path+":") || !strings.Contains(told, "30 dayz after") {
		t.Errorf("exit %d, said %q", code, told)
	}
	if _, told, code := vireilla(t, "--data", t.TempDir(), "--policy", path, "plan"); code != failed || !strings.Contains(told, "dayz") {
		t.Errorf("a faulty policy was used: exit %d, said %q", code, told)
	}
}
