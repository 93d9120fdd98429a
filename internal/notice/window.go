package notice

import (
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/policy"
)

// window is the time in which an authority writes to seekers: its working days between two clock times, both inclusive.
type window struct {
	p         *policy.Policy
	authority *policy.Authority
}

// next gives the first window time at or after t.
func (w window) next(t time.Time) time.Time {
	for day := calendar.DayOf(t, w.p.Location); ; day++ {
		from, to := w.p.Window.From.On(day, w.p.Location), w.p.Window.To.On(day, w.p.Location)
		if !w.p.WritesOn(day, w.authority) || t.After(to) {
			continue
		}
		if t.Before(from) {
			return from
		}
		return t
	}
}

// earlier gives the last window time at or before t.
func (w window) earlier(t time.Time) time.Time {
	for day := calendar.DayOf(t, w.p.Location); ; day-- {
		from, to := w.p.Window.From.On(day, w.p.Location), w.p.Window.To.On(day, w.p.Location)
		if !w.p.WritesOn(day, w.authority) || t.Before(from) {
			continue
		}
		if t.After(to) {
			return to
		}
		return t
	}
}
