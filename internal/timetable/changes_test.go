package timetable

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// changes lists every moment from 2024 to 2040 at which the clocks change.
func changes(z *time.Location) []time.Time {
	var all []time.Time
	end := time.Date(2041, time.January, 1, 0, 0, 0, 0, z)
	for t := time.Date(2024, time.January, 1, 0, 0, 0, 0, z); ; {
		_, next := bounds(t)
		if next.IsZero() || !next.Before(end) {
			return all
		}
		if offset(next) != offset(t) {
			all = append(all, next)
		}
		t = next
	}
}

// seen walks through real time minute by minute, and gives when the wall clock first shows each minute of the days from
// first to last. It uses neither cron nor arithmetic with offsets.
func seen(first, last time.Time) map[string]time.Time {
	shown := map[string]time.Time{}
	for t := first; t.Before(last); t = t.Add(time.Minute) {
		if w := t.Format("2006-01-02 15:04"); shown[w].IsZero() {
			shown[w] = t
		}
	}
	return shown
}

func TestEveryMinuteAsADailySpecRunsOnceADayAcrossEveryChange(t *testing.T) {
	for _, name := range []string{"Europe/Helsinki", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"} {
		t.Run(name, func(t *testing.T) {
			z := zone(t, name)
			turned := changes(z)
			if len(turned) != 34 {
				t.Fatalf("%d changes of clocks in 17 years", len(turned))
			}
			var daily [24 * 60]Spec
			for m := range daily {
				daily[m] = spec(t, fmt.Sprintf("%d %d * * *", m%60, m/60), z)
			}
			for _, turn := range turned {
				checkDaysAround(t, daily[:], turn)
			}
		})
	}
}

func checkDaysAround(t *testing.T, daily []Spec, turn time.Time) {
	t.Helper()
	y, mo, d := turn.Date()
	noon := func(days int) time.Time { return time.Date(y, mo, d+days, 12, 0, 0, 0, turn.Location()) }
	shown := seen(noon(-2), noon(2))
	// In the four days from noon to noon every minute of the day comes four times.
	for m, s := range daily {
		ticks := s.Between(noon(-2).Add(-1), noon(2).Add(-1), 10)
		byDay := map[string]int{}
		for _, tick := range ticks {
			byDay[tick.Format(time.DateOnly)]++
		}
		first := -1
		if m/60 >= 12 {
			first = -2
		}
		for i := range 4 {
			w := time.Date(y, mo, d+first+i, m/60, m%60, 0, 0, time.UTC)
			if i >= len(ticks) || byDay[w.Format(time.DateOnly)] != 1 {
				t.Fatalf("%s: on %s %d runs, all are %v", s, w.Format(time.DateOnly), byDay[w.Format(time.DateOnly)], ticks)
			}
			want := shown[w.Format("2006-01-02 15:04")]
			if want.IsZero() { // never shown: the clocks skipped it
				want = turn
			}
			if !ticks[i].Equal(want) {
				t.Fatalf("%s: ran at %v, want %v", s, ticks[i], want)
			}
		}
		if len(ticks) != 4 {
			t.Fatalf("%s: ran at %v", s, ticks)
		}
	}
}

func TestEveryMinuteSpecTakesEveryRealMinute(t *testing.T) {
	for _, name := range []string{"Europe/Helsinki", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"} {
		z := zone(t, name)
		s := spec(t, "* * * * *", z)
		for _, turn := range changes(z) {
			from := turn.Add(-2 * time.Hour)
			ticks := s.Between(from, turn.Add(2*time.Hour), 1000)
			if len(ticks) != 240 {
				t.Fatalf("%s at %v: %d ticks in four hours", name, turn, len(ticks))
			}
			for i, tick := range ticks {
				if want := from.Add(time.Duration(i+1) * time.Minute); !tick.Equal(want) {
					t.Fatalf("%s: tick %v, want %v", name, tick, want)
				}
			}
		}
	}
}

func TestADailySpecHasOneTickALocalDay(t *testing.T) {
	helsinki := zone(t, "Europe/Helsinki")
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.IntRange(0, 24*60-1).Draw(t, "minute of the day")
		s := spec(t, fmt.Sprintf("%d %d * * *", m%60, m/60), helsinki)
		tick := time.Date(2020, time.January, 1, 0, 0, 0, 0, helsinki).Add(-1)
		for day := time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC); day.Year() <= 2040; day = day.AddDate(0, 0, 1) {
			tick = s.Next(tick)
			if tick.Format(time.DateOnly) != day.Format(time.DateOnly) {
				t.Fatalf("%s: the run of %s is at %v", s, day.Format(time.DateOnly), tick)
			}
		}
	})
}
