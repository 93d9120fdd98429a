package notice

import (
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/policy"
)

// Forecast plays the scans and the sending of letters about appointments from one instant until another, and gives what
// goes out and what is still waiting at the end. tick gives the first scan at or after an instant.
func Forecast(from, until time.Time, p *policy.Policy, bookings []Booking, tick func(time.Time) time.Time) Plan {
	var plan Plan
	for i := range bookings {
		f := forecast{Plan: &plan, p: p, b: bookings[i], known: map[string]bool{}}
		f.play(from, until, tick)
	}
	return plan
}

// forecast plays one booking.
type forecast struct {
	*Plan
	p       *policy.Policy
	b       Booking
	known   map[string]bool // keys
	waiting []Notice        // planned, and not yet sent
	sent    bool            // some letter went out
}

func (f *forecast) play(from, until time.Time, tick func(time.Time) time.Time) {
	var last []Skip // of the last scan
	for at := tick(from); at.Before(until); {
		plan, wake := Appointments(at, f.p, []Booking{f.b})
		last = plan.Skips
		for _, n := range plan.Notices {
			if !f.known[n.Key] {
				f.known[n.Key], f.waiting = true, append(f.waiting, n)
			}
		}
		next := until
		if !wake[0].IsZero() {
			next = tick(wake[0])
		}
		if again := f.send(at, next, until); !again.IsZero() {
			next = tick(again)
		}
		at = next
	}
	f.Notices = append(f.Notices, f.waiting...)
	for _, k := range last {
		if !f.sent || k.Why != AlreadyTold { // the letter that went out told it
			f.Skips = append(f.Skips, k)
		}
	}
}

// send sends what is due before the next scan. A letter that is no longer true is withdrawn, and the booking is planned
// again.
func (f *forecast) send(now, next, until time.Time) (again time.Time) {
	var waiting []Notice
	for _, n := range f.waiting {
		at := n.SendAt
		if at.Before(now) {
			at = now
		}
		if !at.Before(next) || !at.Before(until) {
			waiting = append(waiting, n)
			continue
		}
		day := calendar.DayOf(at, f.p.Location)
		c, facts := Claimed{Notice: n}, Recheck{Booking: &f.b, Authority: f.p.AuthorityOf(f.b.Seeker.Municipality, day)}
		if v := c.Check(f.p, &facts, at); v.Why != "" {
			f.skip(n.Letter, n.To, n.Subject, v.Why)
			again = at
			continue
		}
		f.Notices, f.sent = append(f.Notices, n), true
		if t := c.Telling(&facts, at); t != nil {
			f.b.Told = t
		}
	}
	f.waiting = waiting
	return again
}
