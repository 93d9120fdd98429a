//go:build crash

package crash

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Here is a named point in the program. When CRASH_AT=POINT:N names it, the N-th call runs last and kills this process
// like kill -9. With CRASH_BY=TERM the process sends itself SIGTERM instead, with CRASH_BY=STOP it stops until SIGCONT.
func Here(point string, last ...func()) {
	f := planned()
	if point != f.point || f.passed.Add(1) != f.at {
		return
	}
	if f.by != syscall.SIGKILL {
		stopped.Store(int64(f.stopFor)) // before it stops, so that no goroutine continues with the old time
		f.send()
		return
	}
	for _, do := range last {
		do()
	}
	f.send()
	select {} // do nothing more until the signal arrives
}

type plan struct {
	point   string
	at      int64
	by      syscall.Signal
	stopFor time.Duration // how far Clock moves on while the process is stopped
	passed  atomic.Int64
}

func (f *plan) send() {
	if err := syscall.Kill(os.Getpid(), f.by); err != nil {
		panic(err)
	}
}

var planned = sync.OnceValue(func() *plan {
	set, ok := os.LookupEnv("CRASH_AT")
	if !ok {
		return &plan{}
	}
	point, n, _ := strings.Cut(set, ":")
	at, err := strconv.ParseInt(n, 10, 64)
	if err != nil || at < 1 {
		panic(fmt.Sprintf("CRASH_AT=%s: write POINT:N", set))
	}
	f := &plan{point: point, at: at}
	switch by := os.Getenv("CRASH_BY"); by {
	case "", "KILL":
		f.by = syscall.SIGKILL
	case "TERM":
		f.by = syscall.SIGTERM
	case "STOP":
		f.by = syscall.SIGSTOP
		if f.stopFor, err = time.ParseDuration(os.Getenv("CRASH_STANDS")); err != nil {
			panic("CRASH_STANDS: " + err.Error())
		}
	default:
		panic(fmt.Sprintf("CRASH_BY=%s: write KILL, TERM or STOP", by))
	}
	return f
})

// stopped is how long this process was stopped, according to Clock.
var stopped atomic.Int64

// Clock returns CRASH_CLOCK (RFC 3339) plus the time since its first call. So a process that was restarted or stopped
// runs as much later as a test wants.
func Clock(real time.Time) time.Time {
	o := offset()
	if o.set.IsZero() {
		return real
	}
	o.once.Do(func() { o.began = real })
	return o.set.Add(real.Sub(o.began)).Add(time.Duration(stopped.Load()))
}

type shift struct {
	set, began time.Time
	once       sync.Once
}

var offset = sync.OnceValue(func() *shift {
	text, ok := os.LookupEnv("CRASH_CLOCK")
	if !ok {
		return &shift{}
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic("CRASH_CLOCK: " + err.Error())
	}
	return &shift{set: at}
})
