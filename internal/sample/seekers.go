package sample

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
	"vireilla/internal/test/markers"
)

// person is a seeker whose rows are being generated.
type person struct {
	id, coach      string
	started, ended calendar.Day
	weeks          int // supplementary_weeks
	open           bool
	held           []meeting
}

// meeting is a contact before it is written.
type meeting struct {
	kind string
	day  calendar.Day
}

func (w *writer) seeker(n int) {
	town := w.pick("Lahti:82 Hollola:7 Orimattila:6 Asikkala:3 Kärkölä:2")
	p := person{id: fmt.Sprintf("S-%05d", n), coach: w.coachIn(town), open: true}
	age := w.between(0, 60)
	if w.chance(0.9) {
		age = w.between(0, 1100) * w.between(30, 100) / 100
	}
	p.started = w.At - calendar.Day(age)
	row := map[string]string{
		"seeker_id": p.id, "first_name": w.firstName(), "municipality": town, "coach_id": p.coach,
		"email_tier": w.pick("neutral:70 consented:22 secure:3 none:5"), "service_language": w.pick("fi:800 fi-selko:50 sv:5 en:45 ru:40 uk:25 ar:20 et:15"),
		"job_search_started": p.started.String(), "status": w.pick("unemployed:78 part_time:5 under_threat:3 reduced_hours:2 in_service:8 employed:4"),
		"service_line": w.pick("01:45 02:25 03:20 05:10"),
	}
	if w.chance(0.95) {
		row["email"] = markers.Address(strings.ToLower(p.id))
	}
	if row["status"] == caseload.Unemployed {
		row["unemployment_started"] = (p.started + calendar.Day(w.between(0, 3))).String()
	}
	if w.chance(0.13) {
		p.open = false
		p.ended = p.started + calendar.Day(w.between(0, age))
		row["job_search_ended"] = p.ended.String()
	}
	if w.chance(0.25) {
		row["previous_job_search_ended"] = (p.started - calendar.Day(w.between(5, 700))).String()
	}
	if p.started >= calendar.Date(2025, time.October, 1) && w.chance(0.15) {
		p.weeks = w.between(2, 6)
		row["supplementary_weeks"] = strconv.Itoa(p.weeks)
	}
	if w.chance(0.01) {
		row["protected"] = "true"
	}
	w.files["seekers.csv"].row(row)
	w.history(&p)
	w.write(&p)
	w.booked(&p)
	if w.chance(0.045) {
		w.study(&p)
	}
}

// history generates the contacts of the search as the rules of their time ask for: mostly on time, sometimes late, and
// for some seekers none after a while.
func (w *writer) history(p *person) {
	last := w.At
	if p.ended != 0 {
		last = p.ended
	}
	held := func(kind string, day calendar.Day) bool {
		if day > last {
			return false
		}
		p.held = append(p.held, meeting{kind, max(p.started, w.days.LastOpen(day))})
		return true
	}
	if w.At-p.started < 45 && w.chance(0.15) {
		return // no contact yet
	}
	nordic, needsBased := calendar.Date(2022, time.May, 2), calendar.Date(2026, time.January, 1)
	day := w.days.NextOpen(p.started + calendar.Day(w.between(2, 13)))
	first := caseload.PeriodicInterview
	if p.started >= nordic {
		first = caseload.InitialInterview
	}
	if !held(first, day) {
		return
	}
	for n := 0; ; n++ {
		next, silent := day+calendar.Day(w.between(74, 92)), 0.08
		if day < nordic {
			next, silent = day+calendar.Day(w.between(83, 96)), 0.13 // fewer contacts are required, and more are late
		}
		if next > last-50 && w.chance(silent) {
			p.held = append(p.held, meeting{"call_attempt", w.days.LastOpen(min(last, next))}) // not reached since
			return
		}
		if w.chance(0.05) {
			next += calendar.Day(w.between(5, 40))
		}
		if day >= nordic && day < needsBased {
			if !w.supplementary(held, day, n) {
				return
			}
		}
		kind := caseload.JobSearchDiscussion
		if next < nordic {
			kind = caseload.PeriodicInterview
		}
		if day = w.days.NextOpen(next); !held(kind, day) {
			return
		}
	}
}

// supplementary generates the discussions between two interviews of the Nordic model: five after the first, two every
// half year.
func (w *writer) supplementary(held func(string, calendar.Day) bool, from calendar.Day, n int) bool {
	times := 0
	switch {
	case n == 0:
		times = 5
	case n%2 == 0:
		times = 2
	}
	for i := range times {
		if !held(caseload.SupplementaryDiscussion, from+calendar.Day(14*(i+1)-w.between(0, 4))) {
			return false
		}
	}
	return true
}

// write writes the contacts that an extract contains: the first, the last interview, and those of the last 130 days of
// the search. No rule needs older ones, and a million seekers stay within the limits of the feed.
func (w *writer) write(p *person) {
	if len(p.held) == 0 {
		return
	}
	since, interview := p.held[len(p.held)-1].day-130, 0
	for i, m := range p.held {
		if m.kind != caseload.SupplementaryDiscussion && m.kind != "call_attempt" {
			interview = i
		}
	}
	for i, m := range p.held {
		if i > 0 && i != interview && m.day < since {
			continue
		}
		w.contacts++
		w.files["contacts.csv"].row(map[string]string{"contact_id": fmt.Sprintf("K-%07d", w.contacts), "seeker_id": p.id, "coach_id": p.coach, "kind": m.kind,
			"mode": w.pick("phone:6 office:3 video:1"), "held_at": w.at(m.day)})
	}
}

// booked generates appointments: about fifty a working day for the whole region in the next four weeks and the last
// two.
func (w *writer) booked(p *person) {
	if !p.open {
		return
	}
	for _, ahead := range []bool{true, false} {
		switch {
		case ahead && w.chance(0.09):
			w.appointment(p, w.workingDay(0, 28), caseload.Booked)
		case !ahead && w.chance(0.05):
			w.appointment(p, w.workingDay(-14, -1), w.pick("held:82 missed:12 cancelled:6"))
		}
	}
}

// workingDay draws a working day between from and to days after At, each with the same probability.
func (w *writer) workingDay(from, to int) calendar.Day {
	for {
		if d := w.At + calendar.Day(w.between(from, to)); w.days.Open(d) {
			return d
		}
	}
}

func (w *writer) appointment(p *person, start calendar.Day, state string) {
	w.appointments++
	booked := min(w.At-1, start-1) - calendar.Day(w.between(0, 25))
	row := map[string]string{"appointment_id": fmt.Sprintf("A-%05d", w.appointments), "seeker_id": p.id, "coach_id": p.coach,
		"kind": w.pick("job_search_discussion:6 initial_interview:2 supplementary_discussion:2"), "starts_at": w.at(start), "minutes": w.pick("45:6 30:3 60:1"),
		"mode": w.pick("phone:5 office:4 video:1"), "state": state}
	if row["mode"] == "office" {
		row["place"] = strings.ReplaceAll(w.pick("Aleksanterinkatu_18 Askonkatu_2 Virastotie_3"), "_", " ")
	}
	if state == caseload.Booked && start > w.At+2 && w.chance(0.02) {
		booked = w.At // booked this morning
	}
	row["booked_at"] = fmt.Sprintf("%sT08:%02d", booked, w.between(0, 59))
	if state == caseload.Booked && start > w.At && w.chance(0.015) {
		row["state"] = caseload.Cancelled
	}
	if row["state"] == caseload.Cancelled {
		row["cancelled_at"] = fmt.Sprintf("%sT09:%02d", max(booked, min(w.At, start-1)), w.between(0, 59))
	}
	if row["state"] == caseload.Booked && booked < w.At && w.chance(0.05) {
		row["changed_at"] = fmt.Sprintf("%sT08:%02d", w.At-calendar.Day(w.between(1, int(w.At-booked))), 59) // moved since
	}
	w.files["appointments.csv"].row(row)
}
