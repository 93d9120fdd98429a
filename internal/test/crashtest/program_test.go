package crashtest

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"vireilla/internal/test/syncbuf"
)

// binary is the program with its crash points.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(folder, "vireilla")
	build := exec.Command("go", "build", "-tags", "crash", "-ldflags", "-s -w", "-o", path, "./cmd/vireilla")
	build.Dir = "../../.."
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return path, nil
})

var folder string // of the binary

func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", fmt.Sprint(4*runtime.GOMAXPROCS(0))) // the processes mostly wait
	var err error
	if folder, err = os.MkdirTemp("", "vireilla-crash-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// everyday tells whether case i of a story is run: of every n cases one, and all of them with -seeds or -long.
func everyday(i, n int) bool { return i%n == 0 || *seeds > 0 || *long }

// program is one process of the program.
type program struct {
	t      *testing.T
	cmd    *exec.Cmd
	serves bool
	gone   chan error
	err    error // how it ended
	output syncbuf.Buffer
}

// start starts the program with an environment of its own; it does not outlive the test.
func start(t *testing.T, environment []string, command ...string) *program {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{t: t, cmd: exec.Command(path, command...), serves: slices.Contains(command, "serve"), gone: make(chan error, 1)}
	p.cmd.Env = environment
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("it wrote\n%s", &p.output)
		}
	})
	go func() { p.gone <- p.cmd.Wait() }()
	return p
}

func (p *program) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// kill ends the process with SIGKILL, also a stopped one. It may be called twice.
func (p *program) kill() {
	_ = p.cmd.Process.Kill()
	if p.gone != nil {
		p.err = <-p.gone
		p.gone = nil
	}
}

// ended waits until the process has exited.
func (p *program) ended(atMost time.Duration) error {
	p.t.Helper()
	select {
	case p.err = <-p.gone:
		p.gone = nil
	case <-time.After(atMost):
		p.t.Fatalf("still there after %s\n%s", atMost, &p.output)
	}
	return p.err
}

// wasKilled reports whether kill -9 ended a process.
func wasKilled(err error) bool {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// await checks a condition until it holds. A check reads the whole outbox, so that many of them slow down the program.
func await(t *testing.T, atMost time.Duration, what string, check func() bool) {
	t.Helper()
	awaitEach(t, 50*time.Millisecond, atMost, what, check)
}

func awaitEach(t *testing.T, interval, atMost time.Duration, what string, check func() bool) {
	t.Helper()
	ticker, late := time.NewTicker(interval), time.After(atMost)
	defer ticker.Stop()
	for !check() {
		select {
		case <-ticker.C:
		case <-late:
			t.Fatalf("waited %s in vain for %s", atMost, what)
		}
	}
}
