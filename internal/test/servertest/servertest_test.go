package servertest

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"testing"
	"time"
)

// TestHang starts servers and does not end. TestAKilledTestLeavesNoServerBehind runs it in a process of its own.
func TestHang(t *testing.T) {
	if os.Getenv("SERVERTEST_HANG") == "" {
		t.Skip("this one is for TestAKilledTestLeavesNoServerBehind")
	}
	fmt.Println(Postgres(t))
	fmt.Println(Redis(t))
	select {}
}

func TestAKilledTestLeavesNoServerBehind(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("left out by -short: it waits for servers to end")
	}
	Postgres(t) // or a skip
	Redis(t)
	hanging := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHang$")
	hanging.Env = append(os.Environ(), "SERVERTEST_HANG=yes")
	out, err := hanging.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := hanging.Start(); err != nil {
		t.Fatal(err)
	}
	var urls []*url.URL
	for lines := bufio.NewScanner(out); len(urls) < 2 && lines.Scan(); {
		u, err := url.Parse(lines.Text())
		if err != nil {
			t.Fatal(err)
		}
		urls = append(urls, u)
	}
	if len(urls) < 2 {
		t.Fatal("the servers did not start")
	}
	folder, redis := urls[0].Query().Get("host"), urls[1].Host
	if !folderThere(folder) || !answers(redis) {
		t.Fatal("the servers do not run")
	}
	if err := hanging.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = hanging.Wait() // killed, as it should be
	ticker, late := time.NewTicker(20*time.Millisecond), time.After(30*time.Second)
	defer ticker.Stop()
	for folderThere(folder) || answers(redis) {
		select {
		case <-ticker.C:
		case <-late:
			t.Fatalf("after its test's death: folder of PostgreSQL %v, redis-server %v", folderThere(folder), answers(redis))
		}
	}
}

func folderThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func answers(address string) bool {
	conn, err := net.DialTimeout("tcp", address, time.Second)
	if err == nil {
		conn.Close()
	}
	return err == nil
}

func TestAMissingProgramIsNamed(t *testing.T) {
	_, err := program("no-such-server")
	var absent absentError
	if !errors.As(err, &absent) || absent.program != "no-such-server" {
		t.Fatal(err)
	}
}
