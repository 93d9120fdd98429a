package calendar

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Unit is what an Interval counts in.
type Unit string

// The units of the policy file.
const (
	WorkingDays Unit = "working_days"
	Days        Unit = "days"
	Weeks       Unit = "weeks"
	Months      Unit = "months"
)

// Interval is a number of units, such as "5 working_days" or "3 months".
type Interval struct {
	N    int
	Unit Unit
}

// ParseInterval reads "5 working_days", "30 days", "2 weeks" or "3 months"; N lies in 0–1000.
func ParseInterval(s string) (Interval, error) {
	number, unit, _ := strings.Cut(s, " ")
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n > 1000 {
		return Interval{}, fmt.Errorf("not an interval like \"5 working_days\" or \"3 months\"")
	}
	switch u := Unit(unit); u {
	case WorkingDays, Days, Weeks, Months:
		return Interval{n, u}, nil
	}
	return Interval{}, fmt.Errorf("unit %q is not one of working_days, days, weeks, months", unit)
}

// String is the interval as ParseInterval reads it.
func (i Interval) String() string { return strconv.Itoa(i.N) + " " + string(i.Unit) }

// Calendar counts days under the two switches of the policy. Make it with New.
type Calendar struct {
	saturdayCounts, evesCount bool
	base                      Day
	marks                     []mark
}

// New gives the Finnish calendar. With saturdayCounts, open Saturdays are counted as working days; with evesCount,
// Christmas Eve and Midsummer Eve are. Neither changes on which day a period may end.
func New(saturdayCounts, evesCount bool) *Calendar {
	return &Calendar{saturdayCounts, evesCount, Date(firstYear, time.January, 1), closedDays()}
}

func (c *Calendar) mark(d Day) mark {
	if i := int(d - c.base); i >= 0 && i < len(c.marks) {
		return c.marks[i]
	}
	return 0
}

// Closed says whether the day is a holiday or an eve on which offices are closed.
func (c *Calendar) Closed(d Day) bool { return c.mark(d) != 0 }

// Open says whether the day is Monday to Friday and not closed: a day on which a period may end (Act 150/1930,
// section 5).
func (c *Calendar) Open(d Day) bool {
	w := d.Weekday()
	return w != time.Saturday && w != time.Sunday && c.mark(d) == 0
}

// Counts says whether the day is counted as a working day under the two switches.
func (c *Calendar) Counts(d Day) bool {
	if w := d.Weekday(); w == time.Sunday || w == time.Saturday && !c.saturdayCounts {
		return false
	}
	m := c.mark(d)
	return m == 0 || m == eve && c.evesCount
}

// NextOpen gives the first open day on or after d.
func (c *Calendar) NextOpen(d Day) Day {
	for !c.Open(d) {
		d++
	}
	return d
}

// LastOpen gives the last open day on or before d.
func (c *Calendar) LastOpen(d Day) Day {
	for !c.Open(d) {
		d--
	}
	return d
}

// WorkingDaysFrom gives the n-th working day after d (before d when n is negative). d itself is not counted (Act
// 150/1930, section 2); n = 0 gives d.
func (c *Calendar) WorkingDaysFrom(d Day, n int) Day {
	step := Day(1)
	if n < 0 {
		step, n = -1, -n
	}
	for n > 0 {
		d += step
		if c.Counts(d) {
			n--
		}
	}
	return d
}

// After gives the day an interval after d ends on: strict, before rolling, and due, rolled to the next open day when a
// period of days, weeks or months ends on a Saturday, a Sunday or a closed day (Act 150/1930, sections 2, 3 and 5).
func (c *Calendar) After(d Day, i Interval) (strict, due Day) {
	switch i.Unit {
	case WorkingDays:
		strict = c.WorkingDaysFrom(d, i.N)
		return strict, strict
	case Weeks:
		strict = d + Day(7*i.N)
	case Months:
		strict = d.AddMonths(i.N)
	default:
		strict = d + Day(i.N)
	}
	return strict, c.NextOpen(strict)
}

// Before gives the day an interval before d (Act 150/1930, section 4: counted backwards by the same rules). It is not
// rolled.
func (c *Calendar) Before(d Day, i Interval) Day {
	switch i.Unit {
	case WorkingDays:
		return c.WorkingDaysFrom(d, -i.N)
	case Weeks:
		return d - Day(7*i.N)
	case Months:
		return d.AddMonths(-i.N)
	}
	return d - Day(i.N)
}
