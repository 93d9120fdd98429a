package notice

import (
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/policy"
)

// Foresee plans the letters about appointments that come up from one instant until another: scans look at the ticks that `tick` gives, the first one at or
// after an instant, and what they plan is looked at once more when it is to go out. What goes out only later is planned too.
func Foresee(from, until time.Time, p *policy.Policy, bookings []Booking, tick func(time.Time) time.Time) Plan {
	var plan Plan
	for i := range bookings {
		f := foresight{Plan: &plan, p: p, b: bookings[i], known: map[string]bool{}}
		f.live(from, until, tick)
	}
	return plan
}

// foresight is what comes of one booking.
type foresight struct {
	*Plan
	p       *policy.Policy
	b       Booking
	known   map[string]bool // keys
	waiting []Notice        // planned, and not yet out
	out     bool            // some letter is
}

func (f *foresight) live(from, until time.Time, tick func(time.Time) time.Time) {
	var last []Skip // what the last scan says is what holds
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
		if !f.out || k.Why != AlreadyTold { // what goes out is told by it
			f.Skips = append(f.Skips, k)
		}
	}
}

// send lets out what is due before the next scan. A letter that is no longer true is withdrawn, and the booking looked at anew.
func (f *foresight) send(now, next, until time.Time) (again time.Time) {
	var still []Notice
	for _, n := range f.waiting {
		at := n.SendAt
		if at.Before(now) {
			at = now
		}
		if !at.Before(next) || !at.Before(until) {
			still = append(still, n)
			continue
		}
		day := calendar.DayOf(at, f.p.Location)
		c, door := Claimed{Notice: n}, Recheck{Booking: &f.b, Authority: f.p.AuthorityOf(f.b.Seeker.Municipality, day)}
		if v := c.Check(f.p, &door, at); v.Why != "" {
			f.skip(n.Letter, n.To, n.Subject, v.Why)
			again = at
			continue
		}
		f.Notices, f.out = append(f.Notices, n), true
		if t := c.Telling(&door, at); t != nil {
			f.b.Told = t
		}
	}
	f.waiting = still
	return again
}
