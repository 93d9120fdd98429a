package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vireilla/internal/test/leaks"
)

// What an operator sees after a restore: nothing goes out, the difference, and how to go on.
func TestARestoredDatabaseIsToldAndSendsNothingAgain(t *testing.T) {
	t.Parallel()
	data, rules := office(t, "2024-03-06")
	server, env := relay(t)
	day := func(args ...string) (stdout, stderr string, code int) {
		return env.vireilla(t, append([]string{"--data", data, "--policy", rules, "run", "--yes", "--at"}, args...)...)
	}
	database := filepath.Join(data, "vireilla.db")
	if out, err, code := day("2024-03-06"); code != 0 {
		t.Fatal(out, err)
	}
	if out := env.must(t, "--data", data, "journal"); !strings.Contains(out, "knows every letter") {
		t.Errorf("before: %s", out)
	}
	yesterday, err := os.ReadFile(database)
	if err != nil {
		t.Fatal(err)
	}
	before := len(server.Accepted())
	if out, err, code := day("2024-03-07"); code != 0 {
		t.Fatal(out, err)
	}
	sent := len(server.Accepted()) - before
	if before == 0 || sent == 0 {
		t.Fatalf("%d letters on the first day, %d on the second", before, sent)
	}
	for _, more := range []string{"", "-wal", "-shm"} {
		_ = os.Remove(database + more)
	}
	if err := os.WriteFile(database, yesterday, 0o600); err != nil {
		t.Fatal(err)
	}

	if _, said, code := day("2024-03-07"); code != failed || !strings.Contains(said, "the database is older than the send journal") || !strings.Contains(said, "vireilla journal accept --yes") {
		t.Errorf("exit %d, %s", code, said)
	}
	d := decode[difference](t, env.must(t, "--data", data, "journal", "--format", "json"))
	if len(d.Letters) != sent || len(d.Held) != 1 || d.Damaged != 0 {
		t.Errorf("%d letters of %d, held by %v, %d damaged", len(d.Letters), sent, d.Held, d.Damaged)
	}
	shown := env.must(t, "--data", data, "journal")
	if !strings.Contains(shown, "went out") || !strings.Contains(shown, "does not know it") || !strings.Contains(shown, "No letter goes out") {
		t.Errorf("%s", shown)
	}
	if out := env.must(t, "--data", data, "journal", "accept"); !strings.Contains(out, "would") || !strings.Contains(out, "--yes") {
		t.Errorf("%s", out)
	}
	if out := env.must(t, "--data", data, "outbox", "start", "--yes"); !strings.Contains(out, "still held") {
		t.Errorf("%s", out)
	}
	if _, _, code := day("2024-03-07"); code != failed {
		t.Error("it went on without being told")
	}
	if out := env.must(t, "--data", data, "journal", "accept", "--yes"); !strings.Contains(out, "letters count as sent; 0 may have arrived") {
		t.Errorf("%s", out)
	}
	if out, err, code := day("2024-03-07"); code != 0 {
		t.Fatal(out, err)
	}
	if again := len(server.Accepted()) - before - sent; again != 0 {
		t.Errorf("%d letters went out again", again)
	}
	if out := env.must(t, "--data", data, "journal"); !strings.Contains(out, "knows every letter") || strings.Contains(out, "No letter goes out") {
		t.Errorf("after: %s", out)
	}
	leaks.Nobody(t, "the journal", file(t, filepath.Join(data, "letters.journal")))
}
