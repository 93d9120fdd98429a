package servertest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// PostgresServer is a PostgreSQL for one test, which the test may kill and restart at the same address with the same
// data. It needs /proc.
type PostgresServer struct {
	cluster
	data, url string
}

// StartPostgres starts a PostgreSQL with an empty database, which stops when the test ends. Without the programs of
// PostgreSQL it skips the test, and fails it under CI=true.
func StartPostgres(t testing.TB) *PostgresServer {
	t.Helper()
	return startOwn(t, "data", fsync())
}

// StartPostgresOn is StartPostgres with the data on a small disk; they take about 60 MB. It skips and fails as
// StartPostgres does.
func StartPostgresOn(t testing.TB, disk *Disk) *PostgresServer {
	t.Helper()
	return startOwn(t, filepath.Join(disk.Folder(), "data"), "-c max_wal_size=4MB -c min_wal_size=2MB")
}

func startOwn(t testing.TB, data, options string) *PostgresServer {
	t.Helper()
	if testing.Short() {
		t.Skip("left out by -short: it needs a PostgreSQL of its own")
	}
	c, err := startPostgres(data, options)
	need(t, err)
	t.Cleanup(c.stop)
	if !filepath.IsAbs(data) {
		data = filepath.Join(c.folder, data)
	}
	return &PostgresServer{cluster: c, data: data, url: c.database(t)}
}

// URL returns the address of the database in the form of DATABASE_URL.
func (s *PostgresServer) URL() string { return s.url }

// Through returns the address of the database behind a listener on loopback that forwards everything to Socket.
func (s *PostgresServer) Through(address string) string {
	u, err := url.Parse(s.url)
	if err != nil {
		panic(err) // this package made it
	}
	u.Host, u.RawQuery = address, "sslmode=disable"
	return u.String()
}

// Socket returns the path of the socket on which the server listens.
func (s *PostgresServer) Socket() string { return filepath.Join(s.folder, ".s.PGSQL.5432") }

// Kill ends every process of the server with kill -9.
func (s *PostgresServer) Kill(t testing.TB) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.data, "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	first, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(first, syscall.SIGSTOP); err != nil { // so that it starts no process meanwhile
		t.Fatal(err)
	}
	all := append(children(first), first)
	for _, pid := range all {
		_ = syscall.Kill(pid, syscall.SIGKILL) // it may have exited by itself
	}
	await(t, "the server to exit", func(context.Context) (bool, error) {
		for _, pid := range all {
			if _, state := parent(pid); state != "" && state != "Z" {
				return false, fmt.Errorf("%d is %s", pid, state)
			}
		}
		return true, nil
	})
	// Where no parent reaps the killed processes, their ids stay in use, and the next server would take the lock files for
	// those of a running one.
	for _, lock := range []string{filepath.Join(s.data, "postmaster.pid"), s.Socket() + ".lock"} {
		if err := os.Remove(lock); err != nil {
			t.Fatal(err)
		}
	}
}

// Restart starts a server that is down or is going down, and waits until it answers. It does nothing when the server is
// up.
func (s *PostgresServer) Restart(t testing.TB) {
	t.Helper()
	began := time.Time{}
	await(t, "PostgreSQL to come back", func(ctx context.Context) (bool, error) {
		if err := exec.CommandContext(ctx, filepath.Join(s.bin, "pg_isready"), "-q", "-h", s.folder).Run(); err == nil {
			return true, nil
		}
		_, err := os.Stat(filepath.Join(s.data, "postmaster.pid"))
		if errors.Is(err, fs.ErrNotExist) && time.Since(began) > time.Second {
			began = time.Now()
			_, err = s.pipe.WriteString("start\n")
		}
		return false, err
	})
}

func children(of int) (pids []int) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			if p, _ := parent(pid); p == of {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// parent returns the parent of a process and its state; "" when there is no such process.
func parent(pid int) (of int, state string) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, ""
	}
	_, rest, _ := strings.Cut(string(text), ") ") // no process name contains this
	if n, err := fmt.Sscanf(rest, "%s %d", &state, &of); err != nil || n < 2 {
		return 0, ""
	}
	return of, state
}
