package secondagenda

import (
	"encoding/csv"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func mustDay(t *testing.T, text string) time.Time {
	t.Helper()
	day, err := parseDay(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return day
}

func TestTheVectorsOfTheCalendarHold(t *testing.T) {
	file, err := os.Open("testdata/calendar.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) < 20 {
		t.Fatalf("only %d rows", len(rows))
	}
	for _, row := range rows[1:] {
		start := mustDay(t, row[0])
		count, unit, _ := strings.Cut(row[1], " ")
		n, err := strconv.Atoi(count)
		if err != nil {
			t.Fatal(err)
		}
		var strict time.Time
		switch unit {
		case "working_days":
			strict = workingDaysAfter(start, n)
		case "days":
			strict = daysAfter(start, n)
		case "weeks":
			strict = weeksAfter(start, n)
		case "months":
			strict = monthsAfter(start, n)
		default:
			t.Fatalf("unit %q", unit)
		}
		if got, want := show(strict)+","+show(rolled(strict)), row[2]+","+row[3]; got != want {
			t.Errorf("%s + %s = %s, want %s", row[0], row[1], got, want)
		}
	}
}

func TestClosedDaysAreThoseOfTheAlmanac(t *testing.T) {
	almanac := map[int]string{
		2021: "01-01 01-06 04-02 04-04 04-05 05-01 05-13 05-23 06-25 06-26 11-06 12-06 12-24 12-25 12-26",
		2024: "01-01 01-06 03-29 03-31 04-01 05-01 05-09 05-19 06-21 06-22 11-02 12-06 12-24 12-25 12-26",
		2026: "01-01 01-06 04-03 04-05 04-06 05-01 05-14 05-24 06-19 06-20 10-31 12-06 12-24 12-25 12-26",
	}
	for year, want := range almanac {
		var got []string
		for day := date(year, time.January, 1); day.Year() == year; day = day.AddDate(0, 0, 1) {
			if closed(day) {
				got = append(got, day.Format("01-02"))
			}
		}
		if !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%d: closed %v, want %s", year, got, want)
		}
	}
}

func TestWorkingDaysAreCountedBackwardsPastClosedDays(t *testing.T) {
	for _, c := range []struct {
		day  string
		n    int
		want string
	}{
		{"2024-01-08", 5, "2023-12-29"},
		{"2024-01-08", 10, "2023-12-20"},
		{"2024-06-23", 1, "2024-06-20"},
		{"2024-04-02", 1, "2024-03-28"},
	} {
		if got := show(workingDaysBefore(mustDay(t, c.day), c.n)); got != c.want {
			t.Errorf("%d before %s = %s, want %s", c.n, c.day, got, c.want)
		}
	}
}

func TestMonthsAreCountedFromTheOriginalDay(t *testing.T) {
	for n, want := range []string{"2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"} {
		if got := show(monthsAfter(mustDay(t, "2024-01-31"), n)); got != want {
			t.Errorf("2024-01-31 + %d months = %s, want %s", n, got, want)
		}
	}
	if got := show(monthsAfter(mustDay(t, "2023-08-31"), 18)); got != "2025-02-28" {
		t.Errorf("2023-08-31 + 18 months = %s", got)
	}
}
