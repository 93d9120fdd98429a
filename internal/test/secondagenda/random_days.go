package secondagenda

import "time"

// someDay is a day worth trying as an anchor: most lie from 20 months before to 2 months after the middle, and
// many of them beside an era border or a closed day, at a month's end, or where a deadline falls near the middle.
func (m *maker) someDay() time.Time {
	switch n := m.IntN(100); {
	case n < 25:
		return m.uniform()
	case n < 40:
		return m.nearBorder()
	case n < 55:
		return m.nearClosed(m.uniform())
	case n < 67:
		return m.monthEnd()
	default:
		return m.deadlineNear()
	}
}

func (m *maker) uniform() time.Time {
	first := m.around.AddDate(0, -20, 0)
	last := m.around.AddDate(0, 2, 0)
	return first.AddDate(0, 0, m.IntN(int(last.Sub(first).Hours()/24)+1))
}

// nearBorder is a day within three days of an era border; one within reach of the middle, if there is one.
func (m *maker) nearBorder() time.Time {
	borders := []time.Time{
		date(2022, time.May, 2), date(2025, time.January, 1), date(2026, time.January, 1),
	}
	var near []time.Time
	for _, b := range borders {
		if b.After(m.around.AddDate(0, -20, 0)) && b.Before(m.around.AddDate(0, 2, 0)) {
			near = append(near, b)
		}
	}
	if len(near) == 0 {
		if m.chance(80) {
			return m.uniform()
		}
		near = borders
	}
	return near[m.IntN(len(near))].AddDate(0, 0, m.between(-3, 2))
}

// nearClosed is a day within two days of the first closed day that follows.
func (m *maker) nearClosed(day time.Time) time.Time {
	for !closed(day) {
		day = day.AddDate(0, 0, 1)
	}
	return day.AddDate(0, 0, m.between(-2, 2))
}

func (m *maker) monthEnd() time.Time {
	day := m.uniform()
	return date(day.Year(), day.Month()+1, 1).AddDate(0, 0, m.between(-4, 0))
}

// deadlineNear is a day from which one of the policy's intervals leads to a day near the middle.
func (m *maker) deadlineNear() time.Time {
	day := m.around
	switch m.IntN(7) {
	case 0:
		day = day.AddDate(0, -3, 0)
	case 1:
		day = day.AddDate(0, 0, -14)
	case 2:
		day = day.AddDate(0, 0, -7)
	case 3:
		day = day.AddDate(0, 0, -15)
	case 4:
		day = day.AddDate(0, 0, -30)
	case 5:
		day = day.AddDate(0, -6*m.between(1, 3), 0)
	}
	return m.beside(day, 7)
}

// beside is a day at most so many days from another.
func (m *maker) beside(day time.Time, days int) time.Time {
	return day.AddDate(0, 0, m.between(-days, days))
}

// heldAt writes a moment of a day in Helsinki as feeds do: in local time, or with an offset, whose date may be
// another than the day. The hours that summer time skips or repeats are left out.
func (m *maker) heldAt(day time.Time) string {
	hour, minute := m.between(8, 16), 15*m.IntN(4)
	if m.chance(15) {
		hour, minute = 0, 5
	} else if m.chance(15) {
		hour, minute = 23, 50
	}
	year, month, n := day.Date()
	moment := time.Date(year, month, n, hour, minute, 0, 0, m.zone)
	if m.chance(70) {
		return moment.Format("2006-01-02T15:04")
	}
	offset := []int{0, 2, 3, -5}[m.IntN(4)]
	return moment.In(time.FixedZone("", offset*3600)).Format("2006-01-02T15:04-07:00")
}
