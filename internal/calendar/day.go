// Package calendar has days, the closed days of Finland, and the counting of days as the law requires it. It is pure:
// no clock, no database, no log.
package calendar

import (
	"fmt"
	"time"
)

// Day is a local calendar date: the number of days since 0000-12-31, so that 0001-01-01 is 1.
// The zero Day means "not set". A deadline is a Day, never an instant.
type Day int32

const unixEpoch = 719163 // 1970-01-01 as a Day

// Date gives the Day of a year, month and day of month; numbers out of range carry over as in time.Date.
func Date(year int, month time.Month, day int) Day {
	t := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	return Day(t.Unix()/86400 + unixEpoch)
}

// DayOf gives the local date of an instant in a zone.
func DayOf(t time.Time, zone *time.Location) Day {
	if t.IsZero() {
		return 0
	}
	_, offset := t.In(zone).Zone()
	return Day(floorDiv(t.Unix()+int64(offset), 86400) + unixEpoch)
}

// ParseDay reads "2024-03-04"; anything else, also 30 February, is an error.
func ParseDay(s string) (Day, error) {
	if len(s) == 10 && s[4] == '-' && s[7] == '-' {
		y, okY := digits(s[:4])
		m, okM := digits(s[5:7])
		d, okD := digits(s[8:])
		if okY && okM && okD && y >= 1 && m >= 1 && m <= 12 && d >= 1 && d <= daysIn(y, time.Month(m)) {
			return Date(y, time.Month(m), d), nil
		}
	}
	return 0, fmt.Errorf("not a day like 2024-03-04")
}

func digits(s string) (int, bool) {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// String is the day as 2024-03-04, or "" when it is not set.
func (d Day) String() string {
	if d == 0 {
		return ""
	}
	y, m, day := d.Civil()
	b := [10]byte{'0' + byte(y/1000%10), '0' + byte(y/100%10), '0' + byte(y/10%10), '0' + byte(y%10), '-',
		'0' + byte(m/10), '0' + byte(m%10), '-', '0' + byte(day/10), '0' + byte(day%10)}
	return string(b[:])
}

// MarshalText writes the day as String does.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote; the empty text is the unset day.
func (d *Day) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = 0
		return nil
	}
	v, err := ParseDay(string(b))
	*d = v
	return err
}

// Civil gives year, month and day of month.
func (d Day) Civil() (int, time.Month, int) { return d.midnightUTC().Date() }

// Weekday gives the day of the week.
func (d Day) Weekday() time.Weekday { return time.Weekday(d % 7) } // 0000-12-31 was a Sunday

// At gives the instant of a local clock time on that day. In the hour that summer time skips it is the first instant
// after the gap; in the hour that comes twice, the first of the two.
func (d Day) At(hour, minute int, zone *time.Location) time.Time {
	y, m, day := d.Civil()
	t := time.Date(y, m, day, hour, minute, 0, 0, zone)
	if t.Hour() != hour || t.Minute() != minute { // in the gap: time.Date moved it to one side
		_, end := t.ZoneBounds()
		if start, _ := t.ZoneBounds(); DayOf(start, zone) == d && !start.Before(t.Add(-3*time.Hour)) {
			return start
		}
		return end
	}
	if start, _ := t.ZoneBounds(); !start.IsZero() { // in the doubled hour: take the first of the two
		_, before := start.Add(-time.Second).Zone()
		_, now := t.Zone()
		if earlier := t.Add(-time.Duration(before-now) * time.Second); before > now && earlier.Before(start) {
			return earlier
		}
	}
	return t
}

// AddMonths counts calendar months from the day (section 3 of the Act on the computation of statutory periods,
// 150/1930): the same day number, or the last day of a month that is too short.
func (d Day) AddMonths(n int) Day {
	y, m, day := d.Civil()
	first := Date(y, m+time.Month(n), 1)
	y, m, _ = first.Civil()
	return first + Day(min(day, daysIn(y, m))-1)
}

func (d Day) midnightUTC() time.Time { return time.Unix((int64(d)-unixEpoch)*86400, 0).UTC() }

func daysIn(y int, m time.Month) int { return time.Date(y, m+1, 0, 0, 0, 0, 0, time.UTC).Day() }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
