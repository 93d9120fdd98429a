package timetable

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// anySpec draws fields that always have ticks: no day above 28 unless every day is allowed.
func anySpec(t *rapid.T) Spec {
	field := func(label string, low, high int) string {
		var pieces []string
		for range rapid.IntRange(1, 3).Draw(t, label+" pieces") {
			from := rapid.IntRange(low, high-1).Draw(t, label+" from")
			to := rapid.IntRange(from+1, high).Draw(t, label+" to")
			step := rapid.IntRange(1, to-from).Draw(t, label+" step")
			pieces = append(pieces, rapid.SampledFrom([]string{
				fmt.Sprint(from), fmt.Sprintf("%d-%d", from, to), fmt.Sprintf("%d-%d/%d", from, to, step), fmt.Sprintf("*/%d",
					step),
			}).Draw(t, label))
		}
		return strings.Join(pieces, ",")
	}
	open := func(text, label string) string {
		return rapid.SampledFrom([]string{"*", text}).Draw(t, label)
	}
	text := strings.Join([]string{
		open(field("minute", 0, 59), "any minute"),
		open(field("hour", 0, 23), "any hour"),
		open(field("day", 1, 28), "any day"),
		open(field("month", 1, 12), "any month"),
		open(field("weekday", 0, 6), "any weekday"),
	}, " ")
	name := rapid.SampledFrom([]string{
		"Europe/Helsinki", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kathmandu", "America/Nuuk",
	}).Draw(t, "zone")
	return spec(t, text, zone(t, name))
}

// anyMoment lies near a change of clocks as often as not.
func anyMoment(t *rapid.T, z *time.Location) time.Time {
	seconds := rapid.Int64Range(1.5e9, 2.6e9).Draw(t, "seconds")
	nanos := rapid.SampledFrom([]int64{0, 1, 999_999_999}).Draw(t, "nanoseconds")
	moment := time.Unix(seconds, nanos)
	if _, end := moment.In(z).ZoneBounds(); !end.IsZero() && rapid.Bool().Draw(t, "near a change") {
		moment = end.Add(time.Duration(rapid.Int64Range(-7500, 7500).Draw(t, "seconds off")) * time.Second)
	}
	return moment
}

func TestNextIsLaterAndNothingLiesBetween(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySpec(t)
		from := anyMoment(t, s.zone)
		next := s.Next(from)
		if !next.After(from) {
			t.Fatalf("%s: Next(%v) = %v", s, from, next)
		}
		if next.Second() != 0 || next.Nanosecond() != 0 {
			t.Fatalf("%s: %v is not on the minute", s, next)
		}
		// A later question before the tick has the same answer.
		between := from.Add(time.Duration(rapid.Int64Range(0, int64(next.Sub(from))-1).Draw(t, "later")))
		if again := s.Next(between); !again.Equal(next) {
			t.Fatalf("%s: Next(%v) = %v, but Next(%v) = %v", s, from, next, between, again)
		}
	})
}

func TestATickShowsAMatchingWallTimeOrEndsAGap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySpec(t)
		tick := s.Next(anyMoment(t, s.zone))
		w := wall(tick, s.zone)
		if s.nextWall(w.Add(-1)).Equal(w) {
			return
		}
		start, _ := tick.ZoneBounds()
		if s.everyHour || !tick.Equal(start) || offset(tick) <= offset(tick.Add(-1)) {
			t.Fatalf("%s: has a tick at %v", s, tick)
		}
	})
}

func TestBetweenIsNextAfterNext(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySpec(t)
		from := anyMoment(t, s.zone)
		until := from.Add(time.Duration(rapid.Int64Range(0, 5*24*3600).Draw(t, "seconds long")) * time.Second)
		limit := rapid.IntRange(0, 200).Draw(t, "limit")
		var want []time.Time
		for tick := s.Next(from); !tick.After(until) && len(want) < limit; tick = s.Next(tick) {
			want = append(want, tick)
		}
		if got := s.Between(from, until, limit); !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Fatalf("%s: Between = %v, Next = %v", s, got, want)
		}
	})
}
