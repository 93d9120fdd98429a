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

// PostgresServer is a PostgreSQL of a test's own, which the test may kill and start again, at the same address, on the data that it had. It needs /proc.
type PostgresServer struct {
	cluster
	data, url string
}

// StartPostgres starts a PostgreSQL of the test's own with an empty database. It ends with the test.
func StartPostgres(t testing.TB) *PostgresServer {
	t.Helper()
	return startOwn(t, "data", "")
}

// StartPostgresOn is StartPostgres with its data on a small disk, of which it takes about 60 MB.
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

// URL is the database in the form of DATABASE_URL.
func (s *PostgresServer) URL() string { return s.url }

// Through is the database as it is reached through a listener on loopback that hands everything on to Socket.
func (s *PostgresServer) Through(address string) string {
	u, err := url.Parse(s.url)
	if err != nil {
		panic(err) // it is ours
	}
	u.Host, u.RawQuery = address, "sslmode=disable"
	return u.String()
}

// Socket is where the server listens.
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
	if err := syscall.Kill(first, syscall.SIGSTOP); err != nil { // it is to start nobody meanwhile
		t.Fatal(err)
	}
	all := append(children(first), first)
	for _, pid := range all {
		_ = syscall.Kill(pid, syscall.SIGKILL) // one that went by itself is gone too
	}
	await(t, "the server to be gone", func(context.Context) (bool, error) {
		for _, pid := range all {
			if _, state := parent(pid); state != "" && state != "Z" {
				return false, fmt.Errorf("%d is %s", pid, state)
			}
		}
		return true, nil
	})
	// Where nobody collects the dead, their ids live on, and the next server would take these for one that is at work.
	for _, lock := range []string{filepath.Join(s.data, "postmaster.pid"), s.Socket() + ".lock"} {
		if err := os.Remove(lock); err != nil {
			t.Fatal(err)
		}
	}
}

// Restart starts a server that is down, or goes down just now, and waits until it answers; one that is up is left alone.
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
			_, err = s.line.WriteString("start\n")
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

// parent gives the parent of a process, and its state; "" when there is no such process.
func parent(pid int) (of int, state string) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, ""
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name before it holds anything but this
	if n, err := fmt.Sscanf(rest, "%s %d", &state, &of); err != nil || n < 2 {
		return 0, ""
	}
	return of, state
}
