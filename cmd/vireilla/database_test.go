package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNoCommandButThoseThatBeginMakesADatabase(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "nowhere")
	_, env := relay(t)
	for _, args := range [][]string{{"agenda"}, {"plan"}, {"run"}, {"run", "--yes"}, {"explain", "S-1"}, {"outbox", "list"}, {"outbox", "show", "1"}, {"outbox", "retry", "1", "--yes"},
		{"outbox", "withdraw", "1", "--yes"}, {"outbox", "release", "digests/2024-03-04", "--yes"}, {"outbox", "stop", "--yes"}, {"outbox", "start", "--yes"}, {"journal"},
		{"journal", "accept", "--yes"}, {"forget", "S-1", "--yes"}} {
		out, told, code := env.vireilla(t, append([]string{"--data", data}, args...)...)
		if code != failed || out != "" || !strings.Contains(told, "no database at "+filepath.Join(data, "vireilla.db")) ||
			!strings.Contains(told, "--data") || !strings.Contains(told, "VIREILLA_DATA") || !strings.Contains(told, "DATABASE_URL") {
			t.Errorf("%v: exit %d, said %q and %q", args, code, out, told)
		}
	}
	env.must(t, "--data", data, "timetable")
	if _, err := os.Stat(data); !os.IsNotExist(err) {
		t.Errorf("a folder was made: %v", err)
	}
	env.must(t, "--data", data, "migrate")
	env.must(t, "--data", data, "outbox", "list")
}
