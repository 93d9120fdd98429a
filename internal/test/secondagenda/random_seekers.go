package secondagenda

import (
	"fmt"
	"time"
)

// seeker makes one person with contacts, appointments and training cases.
func (m *maker) seeker(id string) {
	started := m.someDay()
	switch n := m.IntN(100); {
	case n < 3:
		started = m.around.AddDate(0, 0, m.between(0, 30))
	case n < 4:
		started = m.beside(date(2017, time.January, 1), 3)
	case n < 34:
		started = m.around.AddDate(0, 0, -m.between(0, 24))
	}
	s := cells{
		"seeker_id": id, "coach_id": m.one(m.coachIDs...), "municipality": m.one("Lahti", "Hollola", "Heinola"),
		"first_name": m.one("", "Aino-Kanaria", "Eero-Kanaria", "Helmi-Kanaria", "Onni-Kanaria"), "email": m.one("",
			"kanaria."+id[2:]+"@example.org"),
		"email_tier": m.one("", "none", "neutral", "consented", "secure"), "service_line": m.one("", "1", "2"),
		"service_language": m.one("", "fi", "sv", "en"), "protected": m.one("", "false", "false", "true"),
		"status": m.one("", "", "unemployed", "unemployed", "unemployed", "unemployed", "unemployed",
			"unemployed", "under_threat", "part_time", "reduced_hours", "in_service", "employed"),
	}
	started = m.course(id, started)
	if !m.chance(4) {
		s["job_search_started"] = show(started)
		if m.chance(14) {
			s["job_search_ended"] = show(later(started, m.beside(m.around, 6)))
		}
	}
	if m.chance(45) {
		s["previous_job_search_ended"] = show(m.previousEnd(started))
	}
	if m.chance(80) {
		s["unemployment_started"] = show(m.unemploymentStart(started))
	}
	if m.chance(60) {
		s["supplementary_weeks"] = fmt.Sprint(m.between(1, 8))
	}
	m.seekers = append(m.seekers, s)

	for range m.IntN(2) {
		m.appointment(id, s["coach_id"])
	}
	for range m.IntN(4) {
		m.training(id)
	}
}

// previousEnd lies about six months before the start, where a search turns from resumed to new, or on the
// start itself, or after it.
func (m *maker) previousEnd(started time.Time) time.Time {
	switch n := m.IntN(10); {
	case n < 5:
		return m.beside(started.AddDate(0, -6, 0), 3)
	case n < 7:
		return started.AddDate(0, 0, -m.between(1, 150))
	case n < 8:
		return started
	case n < 9:
		return started.AddDate(0, 0, m.between(1, 20))
	}
	return started.AddDate(0, 0, -m.between(200, 900))
}

func (m *maker) unemploymentStart(started time.Time) time.Time {
	switch n := m.IntN(10); {
	case n < 5:
		return m.beside(started, 5)
	case n < 7:
		return m.someDay()
	case n < 8:
		return m.around.AddDate(0, 0, m.between(-2, 10))
	}
	return m.beside(m.around.AddDate(0, -3, 0), 12)
}

// course makes the contacts of a job search after one of several patterns, with stray ones on top, and
// returns the day on which the search starts, which some patterns choose themselves.
func (m *maker) course(id string, started time.Time) time.Time {
	switch n := m.IntN(100); {
	case n < 22: // nobody met yet
	case n < 32:
		for range m.between(1, 8) {
			m.contact(id, m.anyKind(), m.someDay())
		}
	case n < 47:
		day := started
		for range m.between(1, 5) {
			day = day.AddDate(0, 0, m.between(75, 100))
			m.contact(id, m.one("periodic_interview", "periodic_interview", "initial_interview"), day)
		}
	case n < 57: // only a first talk, which is no initial interview
		m.contact(id, m.one("supplementary_discussion", "job_search_discussion", "periodic_interview"),
			started.AddDate(0, 0, m.between(0, 12)))
	case n < 78:
		m.firstMonths(id, started)
	default:
		started = m.halfYears(id)
	}
	if m.chance(15) {
		m.contact(id, m.heldKind(), m.deadlineNear())
	}
	if m.chance(12) {
		m.contact(id, m.heldKind(), started.AddDate(0, 0, -m.between(1, 40)))
	}
	if m.chance(8) {
		m.contact(id, m.heldKind(), started)
	}
	if m.chance(15) {
		m.contact(id, m.heldKind(), m.around.AddDate(0, 0, m.between(0, 25)))
	}
	for range m.IntN(3) {
		m.contact(id, m.one("call_attempt", "call", "sms", "email", "letter", "other"), m.someDay())
	}
	return started
}

// firstMonths is an initial interview with up to seven talks after it, about two weeks apart, and sometimes a
// second initial interview.
func (m *maker) firstMonths(id string, started time.Time) {
	day := started.AddDate(0, 0, m.between(0, 15))
	m.contact(id, "initial_interview", day)
	if m.chance(25) {
		m.contact(id, "initial_interview", day.AddDate(0, 0, m.between(1, 60)))
	}
	for range m.IntN(8) {
		day = day.AddDate(0, 0, m.between(8, 17))
		m.contact(id, "supplementary_discussion", day)
	}
	switch n := m.IntN(10); {
	case n < 3:
		m.contact(id, "job_search_discussion", day.AddDate(0, 0, m.between(1, 90)))
	case n < 6:
		m.contact(id, "job_search_discussion", later(day, m.beside(m.around.AddDate(0, -3, 0), 6)))
	}
}

// halfYears is an initial interview one to three half years before the middle, so that an intensive month
// lies there, with up to three talks in or beside it. It returns the start of the search.
func (m *maker) halfYears(id string) time.Time {
	month := m.around.AddDate(0, 0, -m.between(-2, 33))
	first := month.AddDate(0, -6*m.between(1, 3), 0)
	if m.chance(25) {
		first = date(month.Year(), month.Month()+1, 1).AddDate(0, -6, -m.between(1, 2))
	}
	m.contact(id, "initial_interview", first)
	for range m.IntN(4) {
		m.contact(id, "supplementary_discussion", month.AddDate(0, 0, m.between(-3, 33)))
	}
	for range m.IntN(3) {
		m.contact(id, "job_search_discussion", m.someDay())
	}
	return first.AddDate(0, 0, -m.between(0, 15))
}

func (m *maker) heldKind() string {
	return m.one("initial_interview", "periodic_interview", "job_search_discussion", "supplementary_discussion")
}

func (m *maker) anyKind() string {
	if m.chance(20) {
		return m.one("call_attempt", "call", "sms", "email", "letter", "other")
	}
	return m.heldKind()
}

func (m *maker) contact(seekerID, kind string, day time.Time) {
	c := cells{
		"contact_id": fmt.Sprintf("K-%d", len(m.contacts)+1), "seeker_id": seekerID, "kind": kind,
		"mode": m.one("", "office", "phone", "video"), "held_at": m.heldAt(day),
	}
	if m.chance(70) {
		c["coach_id"] = m.one(m.coachIDs...)
	}
	m.contacts = append(m.contacts, c)
}

func (m *maker) appointment(seekerID, coachID string) {
	starts := m.beside(m.around, 20)
	booked := starts.AddDate(0, 0, -m.between(2, 20))
	a := cells{
		"appointment_id": fmt.Sprintf("A-%d", len(m.appointments)+1), "seeker_id": seekerID, "coach_id": coachID,
		"kind":      m.one("initial_interview", "job_search_discussion", "supplementary_discussion"),
		"starts_at": m.heldAt(starts), "minutes": m.one("", "30", "60"), "mode": m.one("", "office", "phone", "video"),
		"place": m.one("", "Aleksanterinkatu 18"), "state": m.one("", "booked", "held", "missed", "cancelled"),
		"booked_at": m.heldAt(booked),
	}
	if m.chance(20) {
		a["changed_at"] = m.heldAt(booked.AddDate(0, 0, 1))
	}
	if a["state"] == "cancelled" {
		a["cancelled_at"] = m.heldAt(starts.AddDate(0, 0, -1))
	}
	m.appointments = append(m.appointments, a)
}
