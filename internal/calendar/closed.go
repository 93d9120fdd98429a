package calendar

import "time"

// The closed days of Finland by section 5 of Act 150/1930: church holidays, Independence Day, May Day, Christmas Eve
// and Midsummer Eve. No Go library has them all right.
const (
	firstYear = 1800
	lastYear  = 2300
)

type mark uint8

const (
	holiday mark = 1 << iota // closed
	eve                      // closed, but may be counted when eves_count is set
)

// closedDays marks the closed days of all years, by Day minus the first day of firstYear.
func closedDays() []mark {
	base := Date(firstYear, time.January, 1)
	marks := make([]mark, Date(lastYear+1, time.January, 1)-base)
	set := func(d Day, m mark) { marks[d-base] = m }
	for y := firstYear; y <= lastYear; y++ {
		easter := easterSunday(y)
		midsummer := saturdayFrom(Date(y, time.June, 20))
		for _, d := range []Day{
			Date(y, time.January, 1), Date(y, time.January, 6),
			easter - 2, easter, easter + 1, Date(y, time.May, 1), easter + 39, easter + 49,
			midsummer, saturdayFrom(Date(y, time.October, 31)), Date(y, time.December, 6),
			Date(y, time.December, 25), Date(y, time.December, 26),
		} {
			set(d, holiday)
		}
		set(midsummer-1, eve)
		set(Date(y, time.December, 24), eve)
	}
	return marks
}

func saturdayFrom(d Day) Day { return d + Day((6-int(d.Weekday())+7)%7) }

// easterSunday gives Easter Sunday of a Gregorian year (Meeus, Astronomical Algorithms, chapter 8).
func easterSunday(year int) Day {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 19*l) / 433
	month := (h + l - 7*m + 90) / 25
	return Date(year, time.Month(month), (h+l-7*m+33*month+19)%32)
}
