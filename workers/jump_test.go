package workers

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
	"vireilla/internal/test/outboxcheck"
)

// A machine's clock jumps in the middle of the day, the program looks and sends, and the clock is put right. What was
// told under the wrong time is not told again under the right one, nor the other way round: not to the same person
// about the same matter, under whatever key.
func TestAClockThatJumpsSendsNothingTwice(t *testing.T) {
	for _, jump := range []struct{ years, days, hours int }{{0, 0, 1}, {0, 0, -1}, {0, 1, 0}, {0, -1, 0}, {1, 0, 0}, {-1, 0, 0}} {
		t.Run(fmt.Sprintf("%+d years %+d days %+d hours", jump.years, jump.days, jump.hours), func(t *testing.T) {
			h := newHouse(t)
			h.put("seekers.csv", seeker("S-1"), settled("S-2"), settled("S-3"))
			h.put("appointments.csv", appointment("A-2", "S-2", "2024-03-08 10:30", "2024-03-04 08:00"), appointment("A-3", "S-3", "2025-03-07 09:00", "2024-03-04 08:00"))
			h.at("2024-03-05 10:00")
			h.arrived("appointment_booked/A-2/2024-03-08T10:30", "appointment_booked/A-3/2025-03-07T09:00", "coach_digest/C-1/2024-03-05")
			right := h.clock()
			for range 2 {
				wrong := right.AddDate(jump.years, 0, jump.days).Add(time.Duration(jump.hours) * time.Hour)
				h.at(wrong.Format("2006-01-02 15:04"))
				right = right.Add(time.Minute)
				h.at(right.Format("2006-01-02 15:04"))
			}
			h.at("2024-03-06 10:00")
			for news, n := range h.toldNews() {
				if n > 1 {
					t.Errorf("told %d times: %s", n, news)
				}
			}
		})
	}
}

// toldNews counts what people read in the letters that arrived: of a digest each item that it calls new, of a seeker's
// letter its subject.
func (h *house) toldNews() map[string]int {
	told := map[string]int{}
	for _, m := range h.mail.Accepted() {
		for _, item := range newItem.FindAllString(outboxcheck.Readable(m), -1) {
			told[m.To[0]+" "+days.ReplaceAllString(item, "")]++
		}
		if strings.HasPrefix(m.To[0], "kanaria.s") {
			told[m.To[0]+" "+outboxcheck.Header(m, "Subject")]++
		}
	}
	return told
}

// newItem is an item of a digest's text that is new: whom it is about, and what is to be done by when.
var newItem = regexp.MustCompile(`(?m)^\* \S+ .*, uusi\r\n.*\r\n.*$`)

var days = regexp.MustCompile(`\d+ pv`) // by which it is late, as the clock has it

// A clock a year ahead makes a mass of letters due at once: the guard holds them before the first, and they are there
// when the clock is right again.
func TestAClockThatJumpsAYearMeetsTheGuard(t *testing.T) {
	h := newHouse(t)
	const people = 200
	for day := range 5 { // as many are booked each day as on others
		var seekers, appointments []row
		for i := day * people / 5; i < (day+1)*people/5; i++ {
			s := fmt.Sprint("S-", i)
			seekers = append(seekers, settled(s))
			appointments = append(appointments, appointment(fmt.Sprint("A-", i), s, "2025-03-07 09:00", fmt.Sprintf("2024-03-%02d 08:00", 4+day)))
		}
		h.put("seekers.csv", seekers...)
		h.put("appointments.csv", appointments...)
		h.at(fmt.Sprintf("2024-03-%02d 10:00", 4+day))
	}
	if n := len(h.news()); n != people {
		t.Fatalf("%d letters of booking", n)
	}
	h.at("2025-03-05 10:00")
	h.arrived()
	held, err := h.Letters(t.Context(), notice.Filter{State: string(notice.Held)})
	h.well(err)
	if len(held) != people || held[0].Why != notice.HeldByGuard {
		t.Fatalf("%d held, %+v", len(held), held)
	}
	h.at("2024-03-11 10:00") // the clock is right again
	h.arrived()
	h.at("2025-03-05 10:00") // and this time it is true
	h.arrived()
	_, err = h.Release(t.Context(), h.clock(), "appointments", calendar.DayOf(h.clock(), h.deliver.Policy.Location))
	h.well(err)
	h.at("2025-03-05 10:10")
	if n := len(h.news()); n != people {
		t.Errorf("%d reminders", n)
	}
}

func TestARunThatTheGuardHoldsIsWarnedOfOnceHoweverItGrows(t *testing.T) {
	h := newHouse(t)
	const people = 60 // more than the guard's floor
	var seekers, appointments []row
	for hour := range 3 {
		for i := range people {
			s := fmt.Sprintf("S-%d%02d", hour, i)
			seekers = append(seekers, settled(s))
			appointments = append(appointments, appointment("A-"+s, s, "2024-03-20 09:00", fmt.Sprintf("2024-03-05 %02d:00", 9+hour)))
		}
		h.put("seekers.csv", seekers...)
		h.put("appointments.csv", appointments...)
		h.at(fmt.Sprintf("2024-03-05 %02d:00", 10+hour))
	}
	held, err := h.Letters(t.Context(), notice.Filter{State: string(notice.Held)})
	h.well(err)
	if n := strings.Count(h.log.String(), "the guard holds a run"); n != 1 || len(held) != 3*people {
		t.Errorf("%d letters held, warned of %d times", len(held), n)
	}
}
