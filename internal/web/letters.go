package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
)

// pageSize is how many letters one page lists.
const pageSize = 50

// outbox is the page with the list of letters, and what its form was filled with.
type outbox struct {
	State, Letter, To string
	Day               calendar.Day
	States            []notice.State
	Names             []string
	Entries           []entry
	Older, Newest     string // addresses of the next and of the first page, "" for none
}

type entry struct {
	notice.Entry
	Next time.Time // the same as NextTry; zero without one
}

func entryOf(e notice.Entry) entry {
	next, _ := time.Parse(time.RFC3339, e.NextTry) // NextTry is empty for letters that will not be tried again
	return entry{e, next}
}

// letters lists letters, the newest first: today's when the request names no day, and those of every day when the day
// is empty. The outbox keeps the letters of years, so a list of every day needs a person, or a state that letters
// leave.
func (p *Pages) letters(r *http.Request) (page, error) {
	q := r.URL.Query()
	o := outbox{State: q.Get("state"), Letter: q.Get("letter"), To: q.Get("to"), States: notice.States(), Names: notice.Letters()}
	if err := o.check(q, calendar.DayOf(p.Clock(), p.Policy.Location)); err != nil {
		return page{}, err
	}
	f := notice.Filter{State: o.State, Letter: o.Letter, To: o.To, Day: o.Day, Newest: true, Limit: pageSize + 1}
	if before := q.Get("before"); before != "" {
		var err error
		if f.Before, err = strconv.ParseInt(before, 10, 64); err != nil || f.Before <= 0 {
			return page{}, notUnderstood("There is no such page of the list.")
		}
		o.Newest = o.address(0)
	}
	found, err := p.Facts.Letters(r.Context(), f)
	if err != nil {
		return page{}, fmt.Errorf("list the letters: %w", err)
	}
	if len(found) > pageSize {
		found = found[:pageSize]
		o.Older = o.address(found[pageSize-1].ID)
	}
	for _, e := range found {
		o.Entries = append(o.Entries, entryOf(e))
	}
	return page{"letters.html", "Letters", o}, nil
}

func notUnderstood(say string) refusal { return refusal{http.StatusBadRequest, "Not understood", say} }

// check rejects values that the form cannot have, and sets the day.
func (o *outbox) check(q url.Values, today calendar.Day) error {
	if o.State != "" && !slices.Contains(o.States, notice.State(o.State)) {
		return notUnderstood("There is no such state of a letter.")
	}
	if o.Letter != "" && !slices.Contains(o.Names, o.Letter) {
		return notUnderstood("There is no letter of that name.")
	}
	if len(o.To) > 64 {
		return notUnderstood("There is no id that long.")
	}
	if !q.Has("day") && o.To == "" {
		o.Day = today
	} else if err := o.Day.UnmarshalText([]byte(q.Get("day"))); err != nil {
		return notUnderstood("Write the day as 2024-03-04.")
	}
	endless := slices.Contains([]string{"", string(notice.Sent), string(notice.Withdrawn)}, o.State)
	if o.Day == 0 && o.To == "" && endless {
		return notUnderstood("These may be the letters of years. " +
			"Choose a day, the id of a person, or a state other than sent and withdrawn.")
	}
	return nil
}

// address returns the address of the same list, starting below the letter before; 0 starts at the newest.
func (o *outbox) address(before int64) string {
	q := url.Values{"day": {o.Day.String()}}
	for name, value := range map[string]string{"state": o.State, "letter": o.Letter, "to": o.To} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if before != 0 {
		q.Set("before", strconv.FormatInt(before, 10))
	}
	return "/letters?" + q.Encode()
}
