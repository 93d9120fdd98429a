package timetable

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestWhatIsDueAfterAPause(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		spec      string
		catchUp   CatchUp
		last, now string
		within    time.Duration
		want      []string // ticks, and from..to why of what is skipped
	}{
		"nothing passed": {"0 6 * * *", All, "2024-03-04 06:00Z", "2024-03-05 05:59Z", 0, nil},
		"on the tick":    {"0 6 * * *", Latest, "2024-03-04 06:00Z", "2024-03-05 06:00Z", 0, []string{"2024-03-05 06:00Z"}},
		"three days down, all": {"0 6 * * *", All, "2024-03-04 06:00Z", "2024-03-07 12:00Z", 0,
			[]string{"2024-03-05 06:00Z", "2024-03-06 06:00Z", "2024-03-07 06:00Z"}},
		"three days down, latest": {"0 6 * * *", Latest, "2024-03-04 06:00Z", "2024-03-07 12:00Z", 0,
			[]string{"2024-03-07 06:00Z", "2024-03-05 06:00Z..2024-03-06 06:00Z superseded"}},
		"three days down, none": {"0 6 * * *", None, "2024-03-04 06:00Z", "2024-03-07 12:00Z", 0,
			[]string{"2024-03-05 06:00Z..2024-03-07 11:59Z not_caught_up"}},
		"none, in its minute": {"0 6 * * *", None, "2024-03-06 06:00Z", "2024-03-07 06:00Z", 0,
			[]string{"2024-03-07 06:00Z"}},
		"none, a minute later": {"0 6 * * *", None, "2024-03-06 06:00Z", "2024-03-07 06:01Z", 0,
			[]string{"2024-03-07 06:00Z..2024-03-07 06:00Z not_caught_up"}},
		"none, every minute": {"* * * * *", None, "2024-03-07 05:59Z", "2024-03-07 06:01Z", 0,
			[]string{"2024-03-07 06:01Z", "2024-03-07 06:00Z..2024-03-07 06:00Z not_caught_up"}},
		"none, recorded already": {"0 6 * * *", None, "2024-03-07 06:00Z", "2024-03-07 06:00Z", 0, nil},
		"none, and within a day": {"0 6 * * *", None, "2024-03-04 06:00Z", "2024-03-07 12:00Z", day,
			[]string{"2024-03-05 06:00Z..2024-03-07 11:59Z not_caught_up"}},
		"too old, all": {"0 6 * * *", All, "2024-03-04 06:00Z", "2024-03-07 06:00Z", day,
			[]string{"2024-03-06 06:00Z", "2024-03-07 06:00Z", "2024-03-05 06:00Z..2024-03-06 05:59Z too_old"}},
		"too old, latest": {"0 6 * * *", Latest, "2024-03-06 06:00Z", "2024-03-07 12:00Z", 5 * time.Hour,
			[]string{"2024-03-07 06:00Z..2024-03-07 06:59Z too_old"}},
		"too old and superseded": {"0 6 * * *", Latest, "2024-03-04 06:00Z", "2024-03-07 12:00Z", 2 * day,
			[]string{"2024-03-07 06:00Z", "2024-03-05 06:00Z..2024-03-05 11:59Z too_old",
				"2024-03-06 06:00Z..2024-03-06 06:00Z superseded"}},
		"no tick among what is too old": {"0 6 * * *", Latest, "2024-03-04 06:00Z", "2024-03-05 12:00Z", 8 * time.Hour,
			[]string{"2024-03-05 06:00Z"}},
		"never checked":       {"0 6 * * *", All, "0001-01-01 00:00Z", "2024-03-07 12:00Z", 0, nil},
		"the clock went back": {"0 6 * * *", All, "2024-03-07 06:00Z", "2024-03-05 06:00Z", day, nil},
		"no catch-up is named": {"0 6 * * *", "", "2024-03-06 06:00Z", "2024-03-07 12:00Z", 0,
			[]string{"2024-03-07 06:00Z"}},
	} {
		var got []string
		ticks, skips := Due(spec(t, c.spec, time.UTC), c.catchUp, c.within, at(t, c.last), at(t, c.now))
		for _, tick := range ticks {
			got = append(got, tick.Format("2006-01-02 15:04Z07:00"))
		}
		for _, k := range skips {
			got = append(got, k.From.Format("2006-01-02 15:04Z07:00")+".."+k.To.Format("2006-01-02 15:04Z07:00")+" "+k.Why)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestEveryTickOfAPauseIsDueOrSkippedForAReason(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySpec(t)
		c := rapid.SampledFrom([]CatchUp{All, Latest, None}).Draw(t, "catch-up")
		last := anyMoment(t, s.zone)
		now := last.Add(time.Duration(rapid.IntRange(0, 3*24*3600).Draw(t, "pause")) * time.Second)
		within := time.Duration(rapid.IntRange(0, 3*24*60).Draw(t, "within")) * time.Minute
		ticks, skips := Due(s, c, within, last, now)
		for _, tick := range s.Between(last, now, 10000) {
			covered := 0
			if slices.ContainsFunc(ticks, tick.Equal) {
				covered++
			}
			for _, k := range skips {
				if !tick.Before(k.From) && !tick.After(k.To) {
					covered++
				}
			}
			if covered != 1 {
				t.Fatalf("%s, %s within %s: %v stands %d times: due %v, skipped %v", s, c, within, tick, covered, ticks, skips)
			}
		}
	})
}

func TestOnlyThreeCatchUpsAreValid(t *testing.T) {
	for c, want := range map[CatchUp]bool{All: true, Latest: true, None: true, "": false, "ALL": false, "newest": false} {
		if c.Valid() != want {
			t.Errorf("CatchUp(%q).Valid() = %v", c, !want)
		}
	}
}

func TestFrequentChecksFindEveryTickOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySpec(t)
		c := rapid.SampledFrom([]CatchUp{All, Latest, None}).Draw(t, "catch-up")
		start := anyMoment(t, s.zone)
		last := start
		var due []time.Time
		for range rapid.IntRange(1, 200).Draw(t, "checks") {
			now := last.Add(time.Duration(rapid.IntRange(0, 59).Draw(t, "pause")) * time.Second)
			ticks, _ := Due(s, c, time.Hour, last, now)
			due = append(due, ticks...)
			last = now
		}
		if want := s.Between(start, last, 1000); !slices.EqualFunc(due, want, time.Time.Equal) {
			t.Fatalf("%s, %s: due %v, want %v", s, c, due, want)
		}
	})
}
