package faultsim

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var (
	seeds = flag.Int("seeds", 5, "how many seeds are run")
	first = flag.Uint64("first", 1, "the first of them")
	only  = flag.Uint64("seed", 0, "run this seed alone and print what happens")
)

// story runs one seed and gives its trace and its faults.
func story(t *testing.T, seed uint64, path string) (trace, faults []string) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, seed, path)
		w.setUp()
		w.run()
		w.check()
		time.Sleep(time.Minute) // recorders try once more
		w.waiting()
		for _, m := range w.machines {
			m.stop()
		}
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
		trace, faults = w.trace, w.faults
	})
	return trace, faults
}

func TestNothingIsLostDoubledOrWrong(t *testing.T) {
	if *only != 0 {
		trace, faults := story(t, *only, filepath.Join(scratch(t), "v.db"))
		t.Log("\n" + strings.Join(trace, "\n"))
		report(t, *only, faults)
		return
	}
	before := debug.SetGCPercent(400) // stories are short
	t.Cleanup(func() { debug.SetGCPercent(before) })
	const enough = 5 // seeds that fail
	var next, failed atomic.Uint64
	for i := range runtime.GOMAXPROCS(0) {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			folder := scratch(t)
			for n := next.Add(1) - 1; n < uint64(*seeds) && failed.Load() < enough; n = next.Add(1) - 1 {
				own := filepath.Join(folder, fmt.Sprint(n))
				if err := os.Mkdir(own, 0o700); err != nil {
					t.Fatal(err)
				}
				_, faults := story(t, *first+n, filepath.Join(own, "v.db"))
				if report(t, *first+n, faults); len(faults) > 0 {
					failed.Add(1)
				}
				_ = os.RemoveAll(own) // thousands of databases would fill the memory
			}
		})
	}
}

func report(t *testing.T, seed uint64, faults []string) {
	t.Helper()
	if len(faults) > 0 {
		t.Errorf("seed %d (go test ./internal/test/faultsim -run Nothing -seed %d -v):\n%s", seed, seed,
			strings.Join(faults, "\n"))
	}
}

func TestTheSameSeedIsTheSameStory(t *testing.T) {
	folder := scratch(t)
	once, _ := story(t, *first, filepath.Join(folder, "1"))
	again, _ := story(t, *first, filepath.Join(folder, "2"))
	for i := range min(len(once), len(again)) {
		if once[i] != again[i] {
			t.Fatalf("seed %d differs in line %d:\n%s\n%s", *first, i, once[i], again[i])
		}
	}
	if !slices.Equal(once, again) {
		t.Fatalf("seed %d: %d lines, then %d", *first, len(once), len(again))
	}
}
