package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vireilla/internal/test/secondagenda"
	"vireilla/internal/test/servertest"
)

func TestPostgresGivesTheSameAgendaAsSQLite(t *testing.T) {
	t.Parallel()
	const day = "2024-06-20"
	first, second := t.TempDir(), t.TempDir()
	for seed, folder := range []string{first, second} {
		if err := secondagenda.RandomFeed(folder, int64(seed)+1, 400, day); err != nil {
			t.Fatal(err)
		}
	}
	answers := func(env settings) (all []string) {
		data := t.TempDir()
		// The second changes, closes and adds; the third does nothing.
		for _, folder := range []string{first, second, second} {
			counts := decode[importReport](t, env.must(t, "--data", data, "import", folder, "--accept-shrink", "--format", "json"))
			for _, at := range around(t, day) {
				all = append(all, env.must(t, "--data", data, "agenda", "--at", at, "--format", "ndjson"))
			}
			all = append(all, env.must(t, "--data", data, "plan", "--at", day+"T08:00", "--format", "json"), cmp.Diff(nil, counts.Files))
		}
		return all
	}
	want := answers(nil)
	if diff := cmp.Diff(want, answers(settings{"DATABASE_URL": servertest.Postgres(t)})); diff != "" {
		t.Errorf("-SQLite +PostgreSQL\n%.3000s", diff)
	}
}

func TestADayOnServersEndsAsTheEmbeddedDayDoes(t *testing.T) {
	t.Parallel()
	const day = "2024-03-06"
	type letter struct{ Key, Letter, To, State, Code string }
	type ended struct {
		Report  dayReport
		Letters []letter
		To      []string // of what the relay accepted
	}
	run := func(servers settings) (e ended) {
		relay, env := relay(t)
		env = env.with(servers)
		data, rules := env.office(t, day)
		for range 2 { // the second finds nothing left to do
			e.Report = decode[dayReport](t, env.must(t, "--data", data, "--policy", rules, "run", "--at", day, "--yes", "--format", "json"))
		}
		e.Report.Seconds = daySeconds{}
		e.Letters = decode[[]letter](t, env.must(t, "--data", data, "outbox", "list", "--format", "json"))
		for _, m := range relay.Accepted() {
			e.To = append(e.To, strings.Join(m.To, " "))
		}
		slices.Sort(e.To)
		return e
	}
	whole := cmp.AllowUnexported(dayReport{})
	want := run(nil)
	if len(want.To) < 5 || len(want.To) != want.Report.Outbox["sent"] {
		t.Fatalf("%d letters accepted, the report says %v", len(want.To), want.Report.Outbox)
	}
	for name, url := range map[string]string{"Sentinel": servertest.StartSentinels(t).URL, "Cluster": servertest.StartRedisCluster(t).URL} {
		if diff := cmp.Diff(want, run(settings{"REDIS_URL": url}), whole); diff != "" {
			t.Errorf("-embedded +%s\n%.3000s", name, diff)
		}
	}
	if diff := cmp.Diff(want, run(settings{"DATABASE_URL": servertest.Postgres(t), "REDIS_URL": servertest.Redis(t)}), whole); diff != "" {
		t.Errorf("-embedded +servers\n%.3000s", diff)
	}
}
