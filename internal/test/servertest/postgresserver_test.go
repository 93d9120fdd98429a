package servertest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// query runs a line of SQL.
func query(t *testing.T, s *PostgresServer, text string) (string, error) {
	t.Helper()
	psql, err := program("psql")
	if err != nil {
		t.Skip(err)
	}
	out, err := exec.CommandContext(t.Context(), psql, "-XAtq", s.URL(), "-c", text).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func TestAKilledPostgresComesBackWithItsData(t *testing.T) {
	t.Parallel()
	s := StartPostgres(t)
	if out, err := query(t, s, `CREATE TABLE t (n int); INSERT INTO t VALUES (7)`); err != nil {
		t.Fatal(out, err)
	}
	s.Kill(t)
	if out, err := query(t, s, `SELECT 1`); err == nil {
		t.Fatal("it still answers", out)
	}
	s.Restart(t)
	if out, err := query(t, s, `SELECT n FROM t`); out != "7" || err != nil {
		t.Error(out, err)
	}
	s.Restart(t) // up is up
	if out, err := query(t, s, `SELECT n FROM t`); out != "7" || err != nil {
		t.Error(out, err)
	}
}

func TestASmallDiskGetsFullAndHasRoomAgain(t *testing.T) {
	d := SmallDisk(t, 1)
	path := filepath.Join(d.Folder(), "file")
	d.Fill(t)
	if err := os.WriteFile(path, []byte("text"), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("full, and written to: %v", err)
	}
	d.Free(t)
	if err := os.WriteFile(path, []byte("text"), 0o600); err != nil {
		t.Error(err)
	}
	d.stop()
	if folderThere(d.Folder()) {
		t.Error("it is still there")
	}
}

func TestAPostgresOnASmallDiskMeetsItsEnd(t *testing.T) {
	t.Parallel()
	d := SmallDisk(t, 96)
	s := StartPostgresOn(t, d)
	d.Fill(t)
	if out, err := query(t, s, `CREATE TABLE t AS SELECT generate_series(1, 1000000)`); err == nil {
		t.Error(out)
	}
	d.Free(t)
	s.Restart(t)
	if out, err := query(t, s, `CREATE TABLE t AS SELECT generate_series(1, 1000)`); err != nil {
		t.Error(out)
	}
}
