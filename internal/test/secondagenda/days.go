package secondagenda

import (
	"fmt"
	"time"
)

// A day is midnight UTC of a local calendar date; the zero time stands for "not set".

func parseDay(text string) (time.Time, error) {
	t, err := time.Parse("2006-01-02", text)
	if err != nil {
		return time.Time{}, fmt.Errorf("not a day like 2024-03-04")
	}
	return t, nil
}

func show(day time.Time) string { return day.Format("2006-01-02") }

func date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// onOrBefore and onOrAfter are named as in the text of the rules.
func onOrBefore(a, b time.Time) bool { return !a.After(b) }
func onOrAfter(a, b time.Time) bool  { return !a.Before(b) }

// easter is Easter Sunday by the algorithm of Meeus, Jones and Butcher.
func easter(year int) time.Time {
	a := year % 19
	b, c := year/100, year%100
	d, e := b/4, b%4
	f := (b + 8) / 25
	g := (b - f + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	month := (h + l - 7*m + 114) / 31
	day := (h+l-7*m+114)%31 + 1
	return date(year, time.Month(month), day)
}

// closed says whether a day is one of the closed days of section 1, each by its definition.
func closed(day time.Time) bool {
	year, month, n := day.Date()
	weekday := day.Weekday()
	sunday := easter(year)
	switch {
	case month == time.January && n == 1:
		return true
	case month == time.January && n == 6:
		return true
	case day.Equal(sunday.AddDate(0, 0, -2)): // Good Friday
		return true
	case day.Equal(sunday):
		return true
	case day.Equal(sunday.AddDate(0, 0, 1)): // Easter Monday
		return true
	case month == time.May && n == 1:
		return true
	case day.Equal(sunday.AddDate(0, 0, 39)): // Ascension Day
		return true
	case day.Equal(sunday.AddDate(0, 0, 49)): // Whit Sunday
		return true
	case month == time.June && weekday == time.Friday && n >= 19 && n <= 25: // Midsummer Eve
		return true
	case month == time.June && weekday == time.Saturday && n >= 20 && n <= 26: // Midsummer Day
		return true
	case weekday == time.Saturday && month == time.October && n == 31: // All Saints'
		return true
	case weekday == time.Saturday && month == time.November && n <= 6: // All Saints'
		return true
	case month == time.December && n == 6:
		return true
	case month == time.December && n >= 24 && n <= 26:
		return true
	}
	return false
}

func working(day time.Time) bool {
	if day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
		return false
	}
	return !closed(day)
}

// workingDaysAfter is the n-th working day after a day, which itself is not counted.
func workingDaysAfter(day time.Time, n int) time.Time {
	for n > 0 {
		day = day.AddDate(0, 0, 1)
		if working(day) {
			n--
		}
	}
	return day
}

// workingDaysBefore is the n-th working day before a day, which itself is not counted.
func workingDaysBefore(day time.Time, n int) time.Time {
	for n > 0 {
		day = day.AddDate(0, 0, -1)
		if working(day) {
			n--
		}
	}
	return day
}

func daysAfter(day time.Time, n int) time.Time  { return day.AddDate(0, 0, n) }
func weeksAfter(day time.Time, n int) time.Time { return day.AddDate(0, 0, 7*n) }

// monthsAfter steps through the month n months later, up to the same day number or the month's end.
func monthsAfter(day time.Time, n int) time.Time {
	year, month, number := day.Date()
	for ; n > 0; n-- {
		month++
		if month > time.December {
			year, month = year+1, time.January
		}
	}
	found := date(year, month, 1)
	for found.Day() < number && found.AddDate(0, 0, 1).Month() == month {
		found = found.AddDate(0, 0, 1)
	}
	return found
}

// rolled moves the last day of a period on to a working day.
func rolled(day time.Time) time.Time {
	for !working(day) {
		day = day.AddDate(0, 0, 1)
	}
	return day
}
