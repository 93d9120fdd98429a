package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vireilla/internal/calendar"
	"vireilla/internal/test/secondagenda"
)

var feeds = flag.Int("feeds", 1, "random feeds for each day that the agenda is compared on")

// The agenda answers as a second, separately written reading of the rules does, on random feeds at days in every era,
// around holidays and borders of eras.
func TestTheAgendaAnswersAsThePlainReadingDoes(t *testing.T) {
	t.Parallel()
	days := []string{"2021-03-29", "2021-06-25", "2021-12-27", "2022-04-29", "2022-05-02", "2022-05-16", "2022-11-02", "2023-12-27", "2024-02-29", "2024-06-20", "2024-12-31",
		"2025-01-02", "2025-04-22", "2025-12-31", "2026-01-07", "2026-01-19", "2026-03-02", "2026-08-31"}
	if testing.Short() {
		t.Log("-short: two days only")
		days = days[:2]
	}
	for _, day := range days {
		t.Run(day, func(t *testing.T) {
			t.Parallel()
			for seed := range *feeds {
				folder, data := t.TempDir(), t.TempDir()
				if err := secondagenda.RandomFeed(folder, int64(seed)+1, 300, day); err != nil {
					t.Fatal(err)
				}
				must(t, "--data", data, "import", folder)
				for _, at := range around(t, day) {
					want, err := secondagenda.Agenda(folder, at)
					if err != nil {
						t.Fatal(err)
					}
					if len(want) == 0 {
						t.Fatal("the feed brings nothing")
					}
					got := strings.Split(strings.TrimSuffix(must(t, "--data", data, "agenda", "--at", at, "--format", "ndjson"), "\n"), "\n")
					if diff := cmp.Diff(want, got); diff != "" {
						t.Fatalf("seed %d, day %s: -plain +ours\n%.3000s", seed+1, at, diff)
					}
				}
			}
		})
	}
}

func around(t *testing.T, day string) []string {
	t.Helper()
	var days []string
	for _, n := range []int{-40, -1, 0, 1, 12, 75} {
		days = append(days, (mustDay(t, day) + calendar.Day(n)).String())
	}
	return days
}

func BenchmarkAgenda(b *testing.B) {
	folder, data := b.TempDir(), b.TempDir()
	for _, args := range [][]string{{"sample", "--at", "2024-03-04", folder + "/feed"}, {"--data", data, "import", folder + "/feed"}} {
		if code := run(b.Context(), args, settings{}.get, os.Stderr, os.Stderr); code != 0 {
			b.Fatal(fmt.Errorf("exit %d", code))
		}
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer null.Close()
	for b.Loop() {
		if code := run(b.Context(), []string{"--data", data, "agenda", "--at", "2024-03-04", "--format", "ndjson"}, settings{}.get, null, os.Stderr); code != 0 {
			b.Fatal(code)
		}
	}
}
