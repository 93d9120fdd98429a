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

// Here is a point in the program. Where CRASH_AT=POINT:N names it, the N-th passing does what is given, if anything, and kills this process as kill -9 does. With
// CRASH_BY=TERM it asks itself to end instead, with CRASH_BY=STOP it stands still until somebody lets it go on.
func Here(point string, last ...func()) {
	f := fated()
	if point != f.point || f.passed.Add(1) != f.at {
		return
	}
	if f.by != syscall.SIGKILL {
		slept.Store(int64(f.stands)) // before it stands: nobody goes on by the old time
		f.send()
		return
	}
	for _, do := range last {
		do()
	}
	f.send()
	select {} // not one step further
}

type fate struct {
	point  string
	at     int64
	by     syscall.Signal
	stands time.Duration // so much later it is when it goes on, by Clock
	passed atomic.Int64
}

func (f *fate) send() {
	if err := syscall.Kill(os.Getpid(), f.by); err != nil {
		panic(err)
	}
}

var fated = sync.OnceValue(func() *fate {
	set, ok := os.LookupEnv("CRASH_AT")
	if !ok {
		return &fate{}
	}
	point, n, _ := strings.Cut(set, ":")
	at, err := strconv.ParseInt(n, 10, 64)
	if err != nil || at < 1 {
		panic(fmt.Sprintf("CRASH_AT=%s: write POINT:N", set))
	}
	f := &fate{point: point, at: at}
	switch by := os.Getenv("CRASH_BY"); by {
	case "", "KILL":
		f.by = syscall.SIGKILL
	case "TERM":
		f.by = syscall.SIGTERM
	case "STOP":
		f.by = syscall.SIGSTOP
		if f.stands, err = time.ParseDuration(os.Getenv("CRASH_STANDS")); err != nil {
			panic("CRASH_STANDS: " + err.Error())
		}
	default:
		panic(fmt.Sprintf("CRASH_BY=%s: write KILL, TERM or STOP", by))
	}
	return f
})

// slept is how long this process stood still, as the clock has it.
var slept atomic.Int64

// Clock gives the time since this process first asked, counted from CRASH_CLOCK (RFC 3339): so a process that is started again, or that stood still, lives as much later
// as a test wants.
func Clock(real time.Time) time.Time {
	o := offset()
	if o.set.IsZero() {
		return real
	}
	o.once.Do(func() { o.began = real })
	return o.set.Add(real.Sub(o.began)).Add(time.Duration(slept.Load()))
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
