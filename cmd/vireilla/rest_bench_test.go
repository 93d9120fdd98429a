package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"vireilla/internal/test/servertest"
	"vireilla/internal/test/syncbuf"
)

// BenchmarkRest measures a copy of the program that has nothing to do, on real servers and on one machine alone:
// seconds from its start until it is ready (its tables are made then), per cent of a core while it waits (its
// timetable, its queue and its lease are looked after all the same), and its memory. Run it with -benchtime 1x: it
// takes a minute each.
func BenchmarkRest(b *testing.B) {
	binary := buildRelease(b, "../..", os.Environ())
	for name, servers := range map[string]func() (database, redis string){
		"postgres+redis":  func() (string, string) { return servertest.Postgres(b), servertest.Redis(b) },
		"sqlite+redis":    func() (string, string) { return "sqlite:" + filepath.Join(b.TempDir(), "v.db"), servertest.Redis(b) },
		"sqlite+embedded": func() (string, string) { return "sqlite:" + filepath.Join(b.TempDir(), "v.db"), "" },
	} {
		b.Run(name, func(b *testing.B) {
			database, redis := servers()
			environment := append(os.Environ(), "VIREILLA_DATA="+b.TempDir(), "DATABASE_URL="+database, "REDIS_URL="+redis, "LISTEN=127.0.0.1:0",
				"SMTP_URL=smtp+plain://127.0.0.1:1", "MAIL_FROM=no-reply@example.org")
			for b.Loop() {
				rest(b, binary, environment)
			}
		})
	}
}

func rest(b *testing.B, binary string, environment []string) {
	heard := &syncbuf.Buffer{}
	serve := exec.Command(binary, "serve")
	serve.Env, serve.Stdout, serve.Stderr = environment, heard, heard
	began := now()
	if err := serve.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = serve.Process.Signal(syscall.SIGTERM)
		_ = serve.Wait()
	}()
	for !isReady(heard.String()) {
		if now().Sub(began) > time.Minute {
			b.Fatalf("not ready after a minute\n%s", heard)
		}
		time.Sleep(time.Millisecond)
	}
	b.ReportMetric(now().Sub(began).Seconds(), "s-to-ready")
	time.Sleep(10 * time.Second)
	before := worked(b, serve.Process.Pid)
	time.Sleep(time.Minute)
	b.ReportMetric(100*(worked(b, serve.Process.Pid)-before).Seconds()/60, "%core")
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", serve.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	kib, err := strconv.Atoi(mostMemory.FindStringSubmatch(string(status))[1])
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(kib)/1024, "MiB-peak")
}

var (
	statusPage = regexp.MustCompile(`status page: (\S+)`)
	mostMemory = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)
)

// isReady asks a program that says where its pages are whether it is ready.
func isReady(said string) bool {
	page := statusPage.FindStringSubmatch(said)
	if page == nil {
		return false
	}
	response, err := http.Get(page[1] + "readyz")
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// worked is the time that a process has had a core for (proc(5): hundredths of a second).
func worked(b *testing.B, process int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", process))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(text)) // the program's name has no space
	var ticks int
	for _, field := range fields[13:15] {
		n, err := strconv.Atoi(field)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
