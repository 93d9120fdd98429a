package main

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"testing"

	"vireilla/internal/calendar"
	"vireilla/internal/queue"
)

// asProgram in the environment makes the binary of the tests the program itself.
const asProgram = "VIREILLA_TESTED=program"

func TestMain(m *testing.M) {
	if slices.Contains(os.Environ(), asProgram) {
		main()
	}
	flag.Parse()
	if flag.Lookup("test.bench").Value.String() == "" {
		_ = os.Setenv("GOMEMLIMIT", "off") // the limit of one program is not for eight offices in one process
	}
	_ = flag.Set("test.parallel", fmt.Sprint(max(8, runtime.GOMAXPROCS(0)))) // outages wait more than they work
	queue.Silence()                                                          // as main does
	m.Run()
}

// heavy leaves a test out of go test -short and says why.
func heavy(t *testing.T, why string) {
	t.Helper()
	if testing.Short() {
		t.Skip("left out by -short: " + why)
	}
}

// settings are what stands in the environment of the program: the tests' own environment does not reach it.
type settings map[string]string

func (env settings) get(name string) string { return env[name] }

// config gives the configuration that a command reads.
func (env settings) config() (config, error) {
	return (&environment{commands: &commands{}, getenv: env.get}).config()
}

// with gives the settings with more of them.
func (env settings) with(more settings) settings {
	all := settings{}
	maps.Copy(all, env)
	maps.Copy(all, more)
	return all
}

// vireilla runs the program as a person would and gives what it printed.
func (env settings) vireilla(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(t.Context(), args, env.get, &out, &err)
	return out.String(), err.String(), code
}

// must is vireilla for what has to go well.
func (env settings) must(t *testing.T, args ...string) string {
	t.Helper()
	out, err, code := env.vireilla(t, args...)
	if code != 0 {
		t.Fatalf("vireilla %v: exit %d\n%s", args, code, err)
	}
	return out
}

// vireilla runs the program with an empty environment.
func vireilla(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return settings(nil).vireilla(t, args...)
}

// must is vireilla for what has to go well.
func must(t *testing.T, args ...string) string {
	t.Helper()
	return settings(nil).must(t, args...)
}

func mustDay(t *testing.T, s string) calendar.Day {
	t.Helper()
	d, err := calendar.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
