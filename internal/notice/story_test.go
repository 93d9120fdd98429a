package notice

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vireilla/internal/caseload"
	"vireilla/internal/policy"
)

// A story is what happens to one appointment during some days, in steps of ten minutes.
type story struct {
	p      *policy.Policy
	begin  time.Time
	first  Booking
	events map[int]func(*Booking) // by step
	down   [2]int                 // steps in which nothing runs
	mute   [2]int                 // steps in which the relay accepts nothing
}

const steps = 12 * 24 * 6

func (s *story) at(step int) time.Time { return s.begin.Add(time.Duration(step) * 10 * time.Minute) }

// runs says whether both the program and the relay run in a step.
func (s *story) runs(step int) bool { return !within(s.down, step) && !within(s.mute, step) }

func within(interval [2]int, step int) bool { return step >= interval[0] && step < interval[1] }

// toldLetter is a letter that went out.
type toldLetter struct {
	step    int
	key     string
	version ToldBooking
}

// play gives the letters that went out and the appointment as it stands in the end. With always it plans at every step;
// otherwise when something happened or the wake time has come.
func (s *story) play(always bool) (sent []toldLetter, b Booking) {
	b = s.first
	outbox := map[string]*Notice{}
	awake, wake := true, time.Time{}
	for step := range steps {
		now := s.at(step)
		if event := s.events[step]; event != nil {
			event(&b)
			awake = true
		}
		if within(s.down, step) {
			continue
		}
		if always || awake || !wake.IsZero() && !now.Before(wake) {
			plan, wakes := Appointments(now, s.p, []Booking{b})
			awake, wake = false, wakes[0]
			for i := range plan.Notices {
				if n := &plan.Notices[i]; outbox[n.Key] == nil {
					outbox[n.Key] = n
				}
			}
		}
		if within(s.mute, step) {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(outbox)) {
			n := outbox[key]
			if n.Letter == "" || n.SendAt.After(now) {
				continue
			}
			c := Claimed{Notice: *n}
			facts := Recheck{Booking: &b, Authority: s.p.AuthorityNamed("lahti_region")}
			switch v := c.Check(s.p, &facts, now); {
			case v.Why != "":
				delete(outbox, key)
				awake = true
			case !v.Until.IsZero():
				n.SendAt = v.Until
			default:
				letter := toldLetter{step: step, key: key}
				if version := c.Telling(&facts, now); version != nil {
					b.Told, letter.version = version, *version
				}
				sent = append(sent, letter)
				outbox[key] = &Notice{}
			}
		}
	}
	return sent, b
}

func anyStory(t *rapid.T, p *policy.Policy) *story {
	// Plain, Easter and summer time, Christmas, fewer reminders, winter time.
	days := []string{"2024-03-04", "2024-03-22", "2024-12-18", "2026-02-20", "2024-10-22"}
	s := &story{p: p, begin: at(rapid.SampledFrom(days).Draw(t, "from") + " 00:00"), events: map[int]func(*Booking){}}
	start := func(name string) time.Time {
		return s.at(rapid.IntRange(1, steps).Draw(t, name)).Truncate(30 * time.Minute)
	}
	s.first = booked("2024-01-01 00:00", "2024-01-01 00:00")
	s.first.StartsAt, s.first.BookedAt = start("start"), s.at(rapid.IntRange(0, steps/2).Draw(t, "booked"))
	places := []string{"Askonkatu 2", "Vesijärvenkatu 8"}
	for range rapid.IntRange(0, 5).Draw(t, "events") {
		step := rapid.IntRange(0, steps-1).Draw(t, "step")
		var event func(*Booking)
		switch rapid.IntRange(0, 4).Draw(t, "event") {
		case 0, 1:
			to := start("to")
			event = func(b *Booking) { b.StartsAt, b.ChangedAt = to, s.at(step) }
		case 2:
			place := rapid.SampledFrom(places).Draw(t, "place")
			event = func(b *Booking) { b.Place = place }
		case 3:
			event = func(b *Booking) { b.State, b.CancelledAt = caseload.Cancelled, s.at(step) }
		case 4:
			event = func(b *Booking) { b.State, b.CancelledAt = caseload.Booked, time.Time{} }
		}
		s.events[step] = event
	}
	interval := func(name string) (i [2]int) {
		if rapid.Bool().Draw(t, name) {
			i[0] = rapid.IntRange(0, steps).Draw(t, name+" from")
			i[1] = i[0] + rapid.IntRange(0, steps/2).Draw(t, name+" for")
		}
		return i
	}
	s.down, s.mute = interval("down"), interval("mute")
	return s
}

// Planning an appointment only when it wakes gives the same letters as planning it every ten minutes.
func TestPlanningOnWakingSendsWhatPlanningAlwaysSends(t *testing.T) {
	p := office("2024-03-12")
	rapid.Check(t, func(t *rapid.T) {
		s := anyStory(t, p)
		often, _ := s.play(true)
		woken, _ := s.play(false)
		if !slices.Equal(often, woken) {
			t.Fatalf("always\n%s\nwoken\n%s", s.show(often), s.show(woken))
		}
	})
}

func (s *story) show(sent []toldLetter) string {
	var b strings.Builder
	for _, l := range sent {
		fmt.Fprintln(&b, local(s.at(l.step)), l.key, l.version)
	}
	return b.String()
}

// Letters go out inside the window and before the start, each once, with rising versions and never two reminders
// together. In the end the seeker knows how the appointment stands.
func TestInTheEndTheSeekerKnowsHowItStands(t *testing.T) {
	p := office("2024-03-12")
	win := window{p, p.AuthorityNamed("lahti_region")}
	rapid.Check(t, func(t *rapid.T) {
		s := anyStory(t, p)
		sent, b := s.play(false)
		seen := map[string]bool{}
		version, reminded := -1, -1
		for _, l := range sent {
			now := s.at(l.step)
			fault := ""
			switch {
			case !win.next(now).Equal(now):
				fault = "outside the window"
			case seen[l.key]:
				fault = "twice"
			case strings.HasPrefix(l.key, AppointmentReminder) && reminded == l.step:
				fault = "two reminders at once"
			case !l.version.At.IsZero() && l.version.Sequence != version+1:
				fault = "not the next version"
			case !l.version.At.IsZero() && !now.Before(l.version.StartsAt):
				fault = "after its start"
			}
			if fault != "" {
				t.Fatalf("%s at %s:\n%s", fault, local(now), s.show(sent))
			}
			seen[l.key] = true
			if strings.HasPrefix(l.key, AppointmentReminder) {
				reminded = l.step
			}
			if !l.version.At.IsZero() {
				version = l.version.Sequence
			}
		}
		if until := s.chance(win); until.IsZero() || b.Told == nil && b.State == caseload.Cancelled {
			return // there was no time to write, or nothing to write
		} else if b.State == caseload.Cancelled {
			if !b.Told.Cancelled && b.Told.StartsAt.After(until) {
				t.Fatalf("the cancelling was not told:\n%s", s.show(sent))
			}
		} else if b.StartsAt.After(until) && (b.Told == nil || b.Told.Cancelled || !b.Told.StartsAt.Equal(b.StartsAt) ||
			b.Told.Place != b.Place) {
			t.Fatalf("%s at %s was not told:\n%s", local(b.StartsAt), b.Place, s.show(sent))
		}
	})
}

// chance gives the time by which the seeker can know of the last event: the third step after it inside the window in
// which the program and the relay ran.
func (s *story) chance(win window) time.Time {
	last := 0
	for step := range s.events {
		last = max(last, step)
	}
	good := 0
	for step := last; step < steps; step++ {
		if now := s.at(step); s.runs(step) && win.next(now).Equal(now) && !now.Before(s.first.BookedAt) {
			if good++; good == 3 {
				return now
			}
		}
	}
	return time.Time{}
}
