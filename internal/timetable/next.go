package timetable

import "time"

// Next is the first tick later than after, in the zone of the spec. It depends only on the instant, so every machine
// that asks before a tick gets the same one.
func (s Spec) Next(after time.Time) time.Time {
	switch {
	case s.zone == nil:
		return time.Time{}
	case s.everyHour:
		return s.nextReal(after)
	default:
		return s.nextNamed(after)
	}
}

// Between lists the ticks later than after and not later than until, oldest first, at most limit of them.
func (s Spec) Between(after, until time.Time, limit int) []time.Time {
	var ticks []time.Time
	for t := s.Next(after); !t.IsZero() && !t.After(until) && len(ticks) < limit; t = s.Next(t) {
		ticks = append(ticks, t)
	}
	return ticks
}

// nextNamed follows the wall clock. Later wall times never have earlier instants, so the first one whose instant is
// later than after is the answer; the others are ticks of a doubled hour, which came in its first round.
func (s Spec) nextNamed(after time.Time) time.Time {
	for w := s.nextWall(wall(after, s.zone)); !w.IsZero(); w = s.nextWall(w) {
		if t := instant(w, s.zone); t.After(after) {
			return t
		}
	}
	return time.Time{}
}

// nextReal follows real time from one change of clocks to the next. Between two changes, wall time and real time
// differ by a constant.
func (s Spec) nextReal(after time.Time) time.Time {
	for period := after.In(s.zone); ; {
		_, end := bounds(period)
		w := s.nextWall(after.UTC().Add(offset(period)))
		if w.IsZero() {
			return w
		}
		t := w.Add(-offset(period))
		if end.IsZero() || t.Before(end) {
			return t.In(s.zone)
		}
		period, after = end, end.Add(-1)
	}
}

// nextWall is the first matching wall time later than w, zero if there is none. The library searches five years
// ahead, but from 2096 to the next 29 February it is eight.
func (s Spec) nextWall(w time.Time) time.Time {
	for range 2 {
		if next := s.fields.Next(w); !next.IsZero() {
			return next
		}
		w = time.Date(w.Year()+6, time.January, 1, 0, 0, 0, 0, time.UTC).Add(-1)
	}
	return time.Time{}
}

// wall is the local wall time at t, written as if it were UTC.
func wall(t time.Time, zone *time.Location) time.Time {
	return t.UTC().Add(offset(t.In(zone)))
}

// instant is the first moment at which the wall clock shows w or, where it skips w, the moment of the change.
func instant(w time.Time, zone *time.Location) time.Time {
	// No zone is a whole day away from UTC, so w comes later than this.
	for period := w.Add(-24 * time.Hour).In(zone); ; {
		start, end := bounds(period)
		t := w.Add(-offset(period))
		if t.Before(start) {
			return start
		}
		if end.IsZero() || t.Before(end) {
			return t.In(zone)
		}
		period = end
	}
}

// bounds is the period around t with one offset, from start until before end; a zero time is no bound. Go counts 365
// days to every year when it ends the winter at New Year, so on 31 December of a leap year the end that it gives has
// passed and is a day early.
func bounds(t time.Time) (start, end time.Time) {
	start, end = t.ZoneBounds()
	if !end.IsZero() && !end.After(t) {
		end = end.Add(24 * time.Hour)
	}
	return start, end
}

// offset is how far local time at t is ahead of UTC.
func offset(t time.Time) time.Duration {
	_, seconds := t.Zone()
	return time.Duration(seconds) * time.Second
}
