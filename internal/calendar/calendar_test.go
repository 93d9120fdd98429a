package calendar

import (
	"encoding/csv"
	"os"
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"
)

func day(t testing.TB, s string) Day {
	t.Helper()
	d, err := ParseDay(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return d
}

func TestVectorsHold(t *testing.T) {
	f, err := os.Open("testdata/calendar.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) < 20 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	c := New(false, false)
	for _, r := range rows[1:] {
		i, err := ParseInterval(r[1])
		if err != nil {
			t.Fatal(err)
		}
		strict, due := c.After(day(t, r[0]), i)
		if strict.String() != r[2] || due.String() != r[3] {
			t.Errorf("%s + %s = %s, %s; want %s, %s", r[0], r[1], strict, due, r[2], r[3])
		}
	}
}

func TestSwitchesChangeOnlyCounting(t *testing.T) {
	for _, v := range []struct {
		start      string
		sat, eves  bool
		n          int
		wantStrict string
	}{
		{"2023-12-21", true, false, 5, "2023-12-29"},
		{"2024-04-26", true, false, 5, "2024-05-03"},
		{"2024-12-20", true, false, 5, "2024-12-30"},
		{"2025-04-14", true, false, 5, "2025-04-22"},
		{"2022-06-20", false, true, 5, "2022-06-27"},
		{"2024-12-20", false, true, 5, "2024-12-31"},
	} {
		if got, _ := New(v.sat, v.eves).After(day(t, v.start), Interval{v.n, WorkingDays}); got.String() != v.wantStrict {
			t.Errorf("%+v: got %s", v, got)
		}
	}
	if _, due := New(true, true).After(day(t, "2021-12-10"), Interval{2, Weeks}); due.String() != "2021-12-27" {
		t.Errorf("a closed eve rolls whatever eves_count says, got %s", due)
	}
}

// The movable days of 2021–2028: Good Friday, Easter Monday, Ascension, Midsummer Eve, All Saints.
func TestMovableDays(t *testing.T) {
	c := New(false, false)
	for _, s := range []string{
		"2021-04-02", "2021-04-05", "2021-05-13", "2021-06-25", "2021-11-06", "2022-04-15", "2022-04-18", "2022-05-26", "2022-06-24", "2022-11-05",
		"2023-04-07", "2023-04-10", "2023-05-18", "2023-06-23", "2023-11-04", "2024-03-29", "2024-04-01", "2024-05-09", "2024-06-21", "2024-11-02",
		"2025-04-18", "2025-04-21", "2025-05-29", "2025-06-20", "2025-11-01", "2026-04-03", "2026-04-06", "2026-05-14", "2026-06-19", "2026-10-31",
		"2027-03-26", "2027-03-29", "2027-05-06", "2027-06-25", "2027-11-06", "2028-04-14", "2028-04-17", "2028-05-25", "2028-06-23", "2028-11-04",
	} {
		if !c.Closed(day(t, s)) {
			t.Errorf("%s is open", s)
		}
	}
	closed := 0
	for d := day(t, "2024-01-01"); d <= day(t, "2024-12-31"); d++ {
		if c.Closed(d) {
			closed++
		}
	}
	if closed != 15 {
		t.Errorf("2024 has %d closed days, want 15", closed)
	}
}

func TestDaysReadAndWrite(t *testing.T) {
	for _, bad := range []string{"", "2024-02-30", "2023-02-29", "2024-13-01", "2024-00-10", "0000-01-01", "2024-3-04", "2024-03-04T09:00", "24-03-0004", "２０24-03-04"} {
		if d, err := ParseDay(bad); err == nil {
			t.Errorf("%q was read as %s", bad, d)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d := Day(rapid.IntRange(1, 3652059).Draw(t, "day")) // 0001-01-01 … 9999-12-31
		back, err := ParseDay(d.String())
		if err != nil || back != d {
			t.Fatalf("%d -> %s -> %d, %v", d, d, back, err)
		}
		if d.Weekday() != d.midnightUTC().Weekday() {
			t.Fatalf("%s is not a %s", d, d.Weekday())
		}
	})
}

func anyDay(t *rapid.T) Day {
	return Day(rapid.IntRange(int(Date(1900, 1, 1)), int(Date(2199, 12, 31))).Draw(t, "day"))
}

func TestCountingProperties(t *testing.T) {
	calendars := []*Calendar{New(false, false), New(true, false), New(false, true), New(true, true)}
	rapid.Check(t, func(t *rapid.T) {
		c := calendars[rapid.IntRange(0, 3).Draw(t, "switches")]
		d, n := anyDay(t), rapid.IntRange(1, 60).Draw(t, "n")
		i := Interval{n, rapid.SampledFrom([]Unit{WorkingDays, Days, Weeks, Months}).Draw(t, "unit")}
		strict, due := c.After(d, i)
		if due < strict || strict <= d {
			t.Fatalf("%s + %s: strict %s, due %s", d, i, strict, due)
		}
		if i.Unit == WorkingDays {
			if !c.Counts(due) || due != strict {
				t.Fatalf("%s + %s ends on %s", d, i, due)
			}
			if c.Counts(d) && c.Before(strict, i) != d {
				t.Fatalf("%s + %s = %s, back it is %s", d, i, strict, c.Before(strict, i))
			}
		} else if !c.Open(due) {
			t.Fatalf("%s + %s: due on the closed day %s", d, i, due)
		}
		nextStrict, nextDue := c.After(d+1, i)
		if nextStrict < strict || nextDue < due {
			t.Fatalf("not monotone at %s + %s", d, i)
		}
	})
}

func TestMonthsClampAndCountFromTheOriginalDay(t *testing.T) {
	d := day(t, "2024-01-31")
	for n, want := range map[int]string{1: "2024-02-29", 2: "2024-03-31", 3: "2024-04-30", 13: "2025-02-28", -2: "2023-11-30"} {
		if got := d.AddMonths(n).String(); got != want {
			t.Errorf("%d months: %s, want %s", n, got, want)
		}
	}
}

func TestClockTimesAcrossChangesOfClocks(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Helsinki")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []struct {
		day          string
		hour, minute int
		want         string
	}{
		{"2024-03-04", 9, 0, "2024-03-04T09:00:00+02:00"},
		{"2021-03-28", 3, 30, "2021-03-28T04:00:00+03:00"},
		{"2021-03-28", 4, 0, "2021-03-28T04:00:00+03:00"},
		{"2021-03-28", 2, 59, "2021-03-28T02:59:00+02:00"},
		{"2021-10-31", 3, 30, "2021-10-31T03:30:00+03:00"},
		{"2021-10-31", 4, 0, "2021-10-31T04:00:00+02:00"},
		{"2021-10-31", 7, 30, "2021-10-31T07:30:00+02:00"},
	} {
		got := day(t, v.day).At(v.hour, v.minute, zone)
		if got.Format(time.RFC3339) != v.want {
			t.Errorf("%+v: %s", v, got.Format(time.RFC3339))
		}
		if DayOf(got, zone).String() != v.day {
			t.Errorf("%s is on %s", got, DayOf(got, zone))
		}
	}
}
