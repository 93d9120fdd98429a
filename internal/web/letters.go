package web

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
)

// longest is how many letters one page lists.
const longest = 500

func letterNames() []string {
	return []string{notice.AppointmentBooked, notice.AppointmentChanged, notice.AppointmentCancelled, notice.AppointmentReminder,
		notice.CoachDigest, notice.LeadEscalation, notice.MatterUpdate}
}

// outbox is the page with the list of letters, and what its form was filled with.
type outbox struct {
	State, Letter string
	Day           calendar.Day
	States        []notice.State
	Names         []string
	Entries       []entry
	More          bool // there are more than the page lists
	Longest       int
}

type entry struct {
	notice.Entry
	Next time.Time // of NextTry; zero without one
}

// letters lists the letters of a day: today's unless another is asked for, and of every day when the field was left empty.
func (p *Pages) letters(r *http.Request) (page, error) {
	q := r.URL.Query()
	o := outbox{State: q.Get("state"), Letter: q.Get("letter"), States: notice.States(), Names: letterNames(), Longest: longest}
	if o.State != "" && !slices.Contains(o.States, notice.State(o.State)) {
		return page{}, refusal{http.StatusBadRequest, "Not understood", "There is no such state of a letter."}
	}
	if o.Letter != "" && !slices.Contains(o.Names, o.Letter) {
		return page{}, refusal{http.StatusBadRequest, "Not understood", "There is no letter of that name."}
	}
	if !q.Has("day") {
		o.Day = calendar.DayOf(p.Clock(), p.Policy.Location)
	} else if err := o.Day.UnmarshalText([]byte(q.Get("day"))); err != nil {
		return page{}, refusal{http.StatusBadRequest, "Not understood", "Write the day as 2024-03-04."}
	}
	found, err := p.Facts.Letters(r.Context(), notice.Filter{State: o.State, Letter: o.Letter, Day: o.Day, Limit: longest + 1})
	if err != nil {
		return page{}, fmt.Errorf("list the letters: %w", err)
	}
	if o.More = len(found) > longest; o.More {
		found = found[:longest]
	}
	for _, e := range found {
		next, _ := time.Parse(time.RFC3339, e.NextTry) // empty for letters that nothing will be tried with
		o.Entries = append(o.Entries, entry{e, next})
	}
	return page{"letters.html", "Letters", o}, nil
}
