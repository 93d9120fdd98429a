package timetable

import (
	"slices"
	"testing"
	"time"
)

const minutes = "2006-01-02 15:04-07:00"

func at(t tester, text string) time.Time {
	t.Helper()
	got, err := time.Parse("2006-01-02 15:04Z07:00", text)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestTicksWhereTheClocksChange(t *testing.T) {
	for _, c := range []struct {
		zone, spec, after string
		want              []string
	}{
		// Helsinki, 28 March 2021: 03:00+02 becomes 04:00+03.
		{"Europe/Helsinki", "30 3 * * *", "2021-03-27 12:00+02:00",
			[]string{"2021-03-28 04:00+03:00", "2021-03-29 03:30+03:00"}},
		{"Europe/Helsinki", "0,30 3 * * *", "2021-03-27 12:00+02:00",
			[]string{"2021-03-28 04:00+03:00", "2021-03-29 03:00+03:00"}},
		{"Europe/Helsinki", "30 3,4 * * *", "2021-03-27 12:00+02:00",
			[]string{"2021-03-28 04:00+03:00", "2021-03-28 04:30+03:00", "2021-03-29 03:30+03:00"}},
		{"Europe/Helsinki", "0 3,4 * * *", "2021-03-27 12:00+02:00",
			[]string{"2021-03-28 04:00+03:00", "2021-03-29 03:00+03:00"}},
		{"Europe/Helsinki", "30 3 * * *", "2021-03-28 04:00+03:00", []string{"2021-03-29 03:30+03:00"}},
		{"Europe/Helsinki", "30 * * * *", "2021-03-28 02:00+02:00",
			[]string{"2021-03-28 02:30+02:00", "2021-03-28 04:30+03:00", "2021-03-28 05:30+03:00"}},
		{"Europe/Helsinki", "* * * * *", "2021-03-28 02:58+02:00",
			[]string{"2021-03-28 02:59+02:00", "2021-03-28 04:00+03:00", "2021-03-28 04:01+03:00"}},
		// Helsinki, 31 October 2021: 04:00+03 becomes 03:00+02.
		{"Europe/Helsinki", "30 3 * * *", "2021-10-30 12:00+03:00",
			[]string{"2021-10-31 03:30+03:00", "2021-11-01 03:30+02:00"}},
		{"Europe/Helsinki", "30 3 * * *", "2021-10-31 03:10+02:00", []string{"2021-11-01 03:30+02:00"}},
		{"Europe/Helsinki", "*/20 3-4 * * *", "2021-10-31 03:30+03:00",
			[]string{"2021-10-31 03:40+03:00", "2021-10-31 04:00+02:00", "2021-10-31 04:20+02:00"}},
		{"Europe/Helsinki", "0 */3 * * *", "2021-10-31 00:00+03:00",
			[]string{"2021-10-31 03:00+03:00", "2021-10-31 06:00+02:00"}},
		{"Europe/Helsinki", "30 0-23 * * *", "2021-10-31 02:50+03:00",
			[]string{"2021-10-31 03:30+03:00", "2021-10-31 03:30+02:00", "2021-10-31 04:30+02:00"}},
		{"Europe/Helsinki", "*/1 */1 * * *", "2021-10-31 03:58+03:00",
			[]string{"2021-10-31 03:59+03:00", "2021-10-31 03:00+02:00", "2021-10-31 03:01+02:00"}},
		// Lord Howe turns by half an hour: 02:00+10:30 becomes 02:30+11, 02:00+11 becomes 01:30+10:30.
		{"Australia/Lord_Howe", "15 2 * * *", "2024-10-05 12:00+10:30",
			[]string{"2024-10-06 02:30+11:00", "2024-10-07 02:15+11:00"}},
		{"Australia/Lord_Howe", "45 1 * * *", "2024-04-06 12:00+11:00",
			[]string{"2024-04-07 01:45+11:00", "2024-04-08 01:45+10:30"}},
		// Cairo has no midnight on the last Friday of April.
		{"Africa/Cairo", "@daily", "2024-04-25 12:00+02:00",
			[]string{"2024-04-26 01:00+03:00", "2024-04-27 00:00+03:00"}},
		{"Africa/Cairo", "*/30 * 26 4 *", "2024-04-25 12:00+02:00",
			[]string{"2024-04-26 01:00+03:00", "2024-04-26 01:30+03:00"}},
		{"Africa/Cairo", "30 23 * * *", "2024-10-31 12:00+03:00",
			[]string{"2024-10-31 23:30+03:00", "2024-11-01 23:30+02:00"}},
		// Samoa had no 30 December 2011: its tick and the next day's are one.
		{"Pacific/Apia", "@daily", "2011-12-28 12:00-10:00",
			[]string{"2011-12-29 00:00-10:00", "2011-12-31 00:00+14:00", "2012-01-01 00:00+14:00"}},
		// On 31 December of a leap year Go says that the present offset has ended.
		{"Europe/Helsinki", "0 6 * * *", "2044-12-30 12:00+02:00",
			[]string{"2044-12-31 06:00+02:00", "2045-01-01 06:00+02:00", "2045-01-02 06:00+02:00"}},
		{"Europe/Helsinki", "30 */1 * * *", "2044-12-31 23:00+02:00",
			[]string{"2044-12-31 23:30+02:00", "2045-01-01 00:30+02:00", "2045-01-01 01:30+02:00", "2045-01-01 02:30+02:00"}},
		{"Australia/Lord_Howe", "*/20 * * * *", "2044-12-31 10:50+11:00",
			[]string{"2044-12-31 11:00+11:00", "2044-12-31 11:20+11:00"}},
		// 2100 is no leap year.
		{"Europe/Helsinki", "0 6 29 2 *", "2096-02-28 12:00+02:00",
			[]string{"2096-02-29 06:00+02:00", "2104-02-29 06:00+02:00"}},
		{"Europe/Helsinki", "30 * 29 2 *", "2096-02-29 23:00+02:00",
			[]string{"2096-02-29 23:30+02:00", "2104-02-29 00:30+02:00"}},
		// Either day is enough where both are restricted.
		{"Europe/Helsinki", "0 8 1 * 1", "2024-03-29 12:00+02:00",
			[]string{"2024-04-01 08:00+03:00", "2024-04-08 08:00+03:00"}},
	} {
		var got []string
		s := spec(t, c.spec, zone(t, c.zone))
		for _, tick := range s.Between(at(t, c.after), at(t, c.after).AddDate(9, 0, 0), len(c.want)) {
			got = append(got, tick.Format(minutes))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s %q after %s:\n got %v\nwant %v", c.zone, c.spec, c.after, got, c.want)
		}
	}
}

func TestBetweenLeavesOutItsBeginningAndTakesItsEnd(t *testing.T) {
	s := spec(t, "*/10 * * * *", time.UTC)
	from, to := at(t, "2024-03-04 08:00Z"), at(t, "2024-03-04 08:20Z")
	got := s.Between(from, to, 10)
	if len(got) != 2 || !got[0].Equal(at(t, "2024-03-04 08:10Z")) || !got[1].Equal(to) {
		t.Errorf("got %v", got)
	}
	for name, ticks := range map[string][]time.Time{
		"backwards":   s.Between(to, from, 10),
		"limit 0":     s.Between(from, to, 0),
		"limit -1":    s.Between(from, to, -1),
		"a zero Spec": Spec{}.Between(from, to, 10),
	} {
		if len(ticks) != 0 {
			t.Errorf("%s: got %v", name, ticks)
		}
	}
	if got := s.Between(from, to, 1); len(got) != 1 || !got[0].Equal(at(t, "2024-03-04 08:10Z")) {
		t.Errorf("limit 1: got %v", got)
	}
}

func TestATickIsInTheZoneOfTheSpecAndNeverFollowsItself(t *testing.T) {
	helsinki := zone(t, "Europe/Helsinki")
	s := spec(t, "0 6 * * *", helsinki)
	tick := at(t, "2024-03-04 06:00+02:00")
	got := s.Next(tick.Add(-1))
	if !got.Equal(tick) || got.Location() != helsinki {
		t.Errorf("a nanosecond before the tick: got %v", got)
	}
	if got := s.Next(tick); got.Equal(tick) {
		t.Error("a tick came after itself")
	}
}

func BenchmarkNext(b *testing.B) {
	helsinki := zone(b, "Europe/Helsinki")
	from := time.Date(2024, time.March, 4, 8, 0, 30, 0, helsinki)
	for _, text := range []string{"* * * * *", "*/10 * * * *", "30 6 * * 1-5", "0 7 1 * *", "55 23 31 12 *", "0 6 29 2 *", "30 * 29 2 *"} {
		b.Run(text, func(b *testing.B) {
			s := spec(b, text, helsinki)
			b.ReportAllocs()
			for b.Loop() {
				s.Next(from)
			}
		})
	}
}
