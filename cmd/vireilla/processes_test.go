package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"vireilla/internal/notice"
	"vireilla/internal/store"
	"vireilla/internal/store/storetest"
	"vireilla/internal/test/leaks"
	"vireilla/internal/test/servertest"
	"vireilla/internal/test/smtptest"
	"vireilla/internal/test/syncbuf"
)

// composition is what tests ask of docker-compose.yml.
type composition struct {
	Services map[string]struct {
		Environment    map[string]string
		Command        any
		Image, Restart string
		NetworkMode    string `yaml:"network_mode"`
		Volumes        []string
	}
	Secrets map[string]struct{ File string }
}

func composeFile(t *testing.T) (all composition) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(file(t, "../../docker-compose.yml")), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// composed gives the environment and the command of a service of docker-compose.yml.
func composed(t *testing.T, service string) (environment map[string]string, args []string) {
	t.Helper()
	s, ok := composeFile(t).Services[service]
	if !ok || len(s.Environment) == 0 {
		t.Fatalf("no service %s, or no environment", service)
	}
	if list, ok := s.Command.([]any); ok {
		for _, word := range list {
			args = append(args, fmt.Sprint(word))
		}
	}
	return s.Environment, args
}

// process is one copy of the program.
type process struct {
	cmd  *exec.Cmd
	said *syncbuf.Buffer
	gone chan error
}

// begin starts a service of the compose file, with servers of the test's own instead of those of the file.
func begin(t *testing.T, service string, instead map[string]string) *process {
	t.Helper()
	heavy(t, "it starts the program")
	environment, args := composed(t, service)
	for name := range instead {
		if _, known := environment[name]; !known {
			t.Fatalf("%s has no %s in docker-compose.yml", service, name)
		}
	}
	maps.Copy(environment, instead)
	if len(args) == 0 {
		args = []string{"serve"} // the Dockerfile's
	}
	p := &process{cmd: exec.CommandContext(t.Context(), os.Args[0], args...), said: &syncbuf.Buffer{}, gone: make(chan error, 1)}
	p.cmd.Env = []string{asProgram, "VIREILLA_DATA=" + t.TempDir()}
	for name, value := range environment {
		p.cmd.Env = append(p.cmd.Env, name+"="+value)
	}
	p.cmd.Stdout, p.cmd.Stderr = p.said, p.said
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { leaks.Nobody(t, "what "+service+" said", p.said.String()) })
	go func() { p.gone <- p.cmd.Wait() }()
	eventually(t, "the program is at work", func() bool { return strings.Contains(p.said.String(), "at work") })
	return p
}

// stop asks a process to stop, and gives how long that took.
func (p *process) stop(t *testing.T) time.Duration {
	t.Helper()
	asked := now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-p.gone:
		if err != nil {
			t.Errorf("%v\n%s", err, p.said)
		}
	case <-time.After(25 * time.Second):
		t.Fatalf("still there 25 s after SIGTERM\n%s", p.said)
	}
	return now().Sub(asked)
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	each := time.NewTicker(20 * time.Millisecond)
	defer each.Stop()
	for late := time.After(2 * time.Minute); !holds(); { // the timetable has a tick once a minute
		select {
		case <-each.C:
		case <-late:
			t.Fatalf("two minutes passed, and not yet: %s", what)
		}
	}
}

// due books a letter each to so many coaches, due now, whatever the day and the hour.
func due(t *testing.T, database string, n int) *store.DB {
	t.Helper()
	s, err := store.Open(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	feed := storetest.Small()
	delete(feed, "contacts.csv")
	delete(feed, "appointments.csv")
	feed["coaches.csv"], feed["seekers.csv"] = nil, nil
	at := now()
	for i := range n {
		c := fmt.Sprintf("C-%04d", i)
		feed["coaches.csv"] = append(feed["coaches.csv"], map[string]any{"coach_id": c, "name": "Eero-Kanaria Coach", "email": fmt.Sprintf("kanaria.c%d@example.org", i), "team_id": "T-1", "language": "fi", "role": "coach"})
		feed["seekers.csv"] = append(feed["seekers.csv"], map[string]any{"seeker_id": fmt.Sprintf("S-%04d", i), "first_name": "Aino-Kanaria", "email": "kanaria.s@example.org", "email_tier": "neutral",
			"service_language": "fi", "municipality": "Lahti", "coach_id": c, "job_search_started": at.AddDate(0, -6, 0).Format(time.DateOnly), "status": "unemployed"})
	}
	if _, err := storetest.Import(t, s, feed, true, true); err != nil {
		t.Fatal(err)
	}
	env := &environment{ctx: t.Context(), out: t.Output(), err: t.Output(), commands: &commands{}}
	p, id, err := env.policy()
	if err != nil {
		t.Fatal(err)
	}
	day := mustDay(t, at.In(p.Location).Format(time.DateOnly))
	if err := s.Prepare(t.Context(), day, id); err != nil {
		t.Fatal(err)
	}
	if err := s.Refresh(t.Context(), day, func(a *notice.Awake) notice.Agenda { return notice.Evaluate(p, a, day) }); err != nil {
		t.Fatal(err)
	}
	staged, err := s.Staged(t.Context())
	if err != nil || len(staged) < n {
		t.Fatalf("%d of %d cases are due, %v", len(staged), n, err)
	}
	var plan notice.Plan
	told := map[string]bool{}
	for i := range staged {
		o := &staged[i]
		if told[o.Coach] {
			continue
		}
		told[o.Coach] = true
		item := notice.Item{Seeker: o.Seeker, Rule: o.Rule, Subject: o.Subject, Anchor: o.Anchor, Due: o.Due, Stage: o.Stage, Coach: o.Coach, New: true}
		plan.Notices = append(plan.Notices, notice.Notice{Key: "coach_digest/" + o.Coach + "/try", Letter: notice.CoachDigest, To: o.Coach, Role: notice.ToCoach, Language: "fi",
			SendAt: at.Add(-time.Minute), Expires: at.Add(24 * time.Hour), Items: []notice.Item{item}, Told: []notice.Item{item}})
	}
	guard := p.Guard
	guard.Floor = n
	if added, err := s.Add(t.Context(), at, notice.Run{Kind: "try", Day: day, Guard: guard}, plan); err != nil || len(added.IDs) != n {
		t.Fatalf("%d of %d letters booked, %v", len(added.IDs), n, err)
	}
	return s
}

// The compose file's two copies share the work; one is replaced by another in the middle of it. Nothing is lost,
// nothing comes twice, and each is gone in time.
func TestARollingRestartLosesNothing(t *testing.T) {
	heavy(t, "it starts the program")
	t.Parallel()
	mail := smtptest.Start(t, smtptest.WithoutData(), smtptest.WithSTARTTLS())
	const letters = 400
	slow := func() { <-time.After(15 * time.Millisecond) }
	mail.Set(smtptest.Dot, smtptest.Well().Calling(slow))
	database := servertest.Postgres(t)
	secret := func(name, value string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(value+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	instead := map[string]string{"DATABASE_URL_FILE": secret("database_url", database), "REDIS_URL": servertest.Redis(t), "SMTP_URL": mail.URL(),
		"SSL_CERT_FILE": secret("mail_cert.pem", mail.Certificate()), "METRICS_LISTEN": "127.0.0.1:0"}
	first := maps.Clone(instead)
	first["LISTEN"], first["WEB_PASSWORD_FILE"] = "127.0.0.1:0", secret("web_password", "sesam")

	s := due(t, database, letters)
	one := begin(t, "vireilla", first)
	two := begin(t, "vireilla2", instead)
	eventually(t, "a quarter is out", func() bool { return len(mail.Accepted()) >= letters/4 })
	took := one.stop(t)
	three := begin(t, "vireilla", first)
	eventually(t, "all is out", func() bool {
		sent, err := s.Letters(t.Context(), notice.Filter{State: "sent"})
		return err == nil && len(sent) >= letters
	})
	for _, p := range []*process{two, three} {
		took = max(took, p.stop(t))
	}
	t.Logf("the longest stop took %s", took.Round(time.Millisecond))
	times := map[string]int{}
	for _, m := range mail.Accepted() {
		times[m.To[0]]++
	}
	if n := len(mail.Accepted()); n < letters || len(times) != letters {
		t.Errorf("%d letters accepted for %d coaches, want %d", n, len(times), letters)
	}
	for to, n := range times {
		if n > 1 && !strings.HasPrefix(to, "kanaria.lead") {
			t.Errorf("one coach got %d letters", n)
		}
	}
}
