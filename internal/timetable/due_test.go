package timetable

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestWhatIsStruckAfterAPause(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		spec      string
		catchUp   CatchUp
		last, now string
		maxAge    time.Duration
		want      []string
	}{
		"nothing passed": {"0 6 * * *", All, "2024-03-04 06:00Z", "2024-03-05 05:59Z", 0, nil},
		"on the tick":    {"0 6 * * *", Latest, "2024-03-04 06:00Z", "2024-03-05 06:00Z", 0, []string{"2024-03-05 06:00Z"}},
		"three days down, all": {"0 6 * * *", All, "2024-03-04 06:00Z", "2024-03-07 12:00Z", 0,
			[]string{"2024-03-05 06:00Z", "2024-03-06 06:00Z", "2024-03-07 06:00Z"}},
		"three days down, latest": {"0 6 * * *", Latest, "2024-03-04 06:00Z", "2024-03-07 12:00Z", 0, []string{"2024-03-07 06:00Z"}},
		"three days down, none":   {"0 6 * * *", None, "2024-03-04 06:00Z", "2024-03-07 12:00Z", 0, nil},
		"none, in its minute":     {"0 6 * * *", None, "2024-03-04 06:00Z", "2024-03-07 06:00Z", 0, []string{"2024-03-07 06:00Z"}},
		"none, a minute later":    {"0 6 * * *", None, "2024-03-04 06:00Z", "2024-03-07 06:01Z", 0, nil},
		"none, every minute":      {"* * * * *", None, "2024-03-04 06:00Z", "2024-03-07 06:01Z", 0, []string{"2024-03-07 06:01Z"}},
		"none, struck already":    {"0 6 * * *", None, "2024-03-07 06:00Z", "2024-03-07 06:00Z", 0, nil},
		"too old, all": {"0 6 * * *", All, "2024-03-04 06:00Z", "2024-03-07 06:00Z", day,
			[]string{"2024-03-06 06:00Z", "2024-03-07 06:00Z"}},
		"too old, latest":      {"0 6 * * *", Latest, "2024-03-04 06:00Z", "2024-03-07 12:00Z", 5 * time.Hour, nil},
		"never looked at":      {"0 6 * * *", All, "0001-01-01 00:00Z", "2024-03-07 12:00Z", 0, nil},
		"the clock went back":  {"0 6 * * *", All, "2024-03-07 06:00Z", "2024-03-05 06:00Z", 0, nil},
		"no catch-up is named": {"0 6 * * *", "", "2024-03-04 06:00Z", "2024-03-07 12:00Z", 0, []string{"2024-03-07 06:00Z"}},
	} {
		var got []string
		for _, tick := range Due(spec(t, c.spec, time.UTC), c.catchUp, at(t, c.last), at(t, c.now), c.maxAge) {
			got = append(got, tick.Format("2006-01-02 15:04Z07:00"))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestOnlyThreeCatchUpsAreValid(t *testing.T) {
	for c, want := range map[CatchUp]bool{All: true, Latest: true, None: true, "": false, "ALL": false, "newest": false} {
		if c.Valid() != want {
			t.Errorf("CatchUp(%q).Valid() = %v", c, !want)
		}
	}
}

func TestLookingOftenStrikesEveryTickOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySpec(t)
		c := rapid.SampledFrom([]CatchUp{All, Latest, None}).Draw(t, "catch-up")
		start := anyMoment(t, s.zone)
		last := start
		var struck []time.Time
		for range rapid.IntRange(1, 200).Draw(t, "looks") {
			now := last.Add(time.Duration(rapid.IntRange(0, 59).Draw(t, "pause")) * time.Second)
			struck = append(struck, Due(s, c, last, now, time.Hour)...)
			last = now
		}
		if want := s.Between(start, last, 1000); !slices.EqualFunc(struck, want, time.Time.Equal) {
			t.Fatalf("%s, %s: struck %v, want %v", s, c, struck, want)
		}
	})
}
