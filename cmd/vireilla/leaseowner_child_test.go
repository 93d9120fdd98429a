package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vireilla/internal/queue"
	"vireilla/internal/store"
	"vireilla/internal/test/syncbuf"
	"vireilla/tasks"
)

// child is a process of the program.
type child struct {
	t   *testing.T
	cmd *exec.Cmd

	said syncbuf.Buffer
	gone bool
}

func (o *office3) start(n int) {
	o.t.Helper()
	for range n {
		c := &child{t: o.t, cmd: exec.Command(os.Args[0], "-test.run=^TestChild$")}
		c.cmd.Env = append(os.Environ(), "DATABASE_URL="+o.database, "REDIS_URL="+o.redis, "CHILD_FOLDER="+o.folder,
			fmt.Sprintf("CHILD_CLOCK=%d %d", o.clock.shows.UnixMilli(), o.clock.since.UnixMilli()))
		c.cmd.Stdout, c.cmd.Stderr = &c.said, &c.said
		o.well(c.cmd.Start())
		o.children = append(o.children, c)
		o.t.Cleanup(c.kill)
	}
}

// holds tells whether the process is the holder of a lease: HOST/PID/NAME.
func (c *child) holds(holder string) bool {
	words := strings.Split(holder, "/")
	return len(words) == 3 && words[1] == strconv.Itoa(c.cmd.Process.Pid)
}

func (c *child) signal(s os.Signal) {
	c.t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		c.t.Fatal(err)
	}
}

func (c *child) kill() {
	if !c.gone {
		c.gone = true
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait() // killed, as it should be
	}
}

// end asks the process to end, and expects that it ends well.
func (c *child) end() {
	c.t.Helper()
	if c.gone {
		return
	}
	c.signal(syscall.SIGTERM)
	c.gone = true
	if err := c.cmd.Wait(); err != nil {
		c.t.Errorf("%v: %s", err, c.said.String())
	}
}

// TestChild is, in a process of its own, a serve with a clock that runs fast; it writes down which ticks it has done.
func TestChild(t *testing.T) {
	var shows, since int64
	if _, err := fmt.Sscan(os.Getenv("CHILD_CLOCK"), &shows, &since); err != nil {
		t.Skip("this one is a process of TestEachTickIsRecordedOnceWhateverBecomesOfTheOwner")
	}
	well := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	folder := os.Getenv("CHILD_FOLDER")
	done, err := os.OpenFile(filepath.Join(folder, "done"), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	well(err)
	defer done.Close()
	env := &environment{ctx: ctx, out: io.Discard, err: os.Stderr, commands: &commands{Data: folder, Policy: filepath.Join(folder, "policy.yaml"), LogLevel: "warn"}}
	redis, closeQueue, err := queue.Configured(os.Getenv("REDIS_URL"))
	well(err)
	a, err := env.build(options{database: os.Getenv("DATABASE_URL"), smtp: "smtp+plain://127.0.0.1:1", from: "no-reply@example.org", redis: redis, ticks: tasks.Ticks,
		letters: tasks.Letters, clock: fastClock{time.UnixMilli(shows), time.UnixMilli(since)}.now})
	if ctx.Err() != nil {
		return // told to end while it began
	}
	well(err)
	a.Workers.Ticks, a.Poller.Store = noted{a.Store, done}, noted{a.Store, done}
	end, err := a.work(a.Workers, 100*time.Millisecond)
	well(err)
	var polling sync.WaitGroup
	polling.Go(func() { a.Poller.Run(ctx) })
	a.runTimetable(ctx)
	polling.Wait()
	end()
	well(a.Close())
	well(closeQueue())
}

// noted writes down each tick whose work was done.
type noted struct {
	*store.DB
	to io.Writer
}

func (n noted) TickDone(ctx context.Context, now time.Time, entry string, at time.Time) error {
	err := n.DB.TickDone(ctx, now, entry, at)
	if err == nil {
		_, err = fmt.Fprintln(n.to, line(entry, at))
	}
	return err
}
