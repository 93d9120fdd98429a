package web

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"vireilla/internal/notice"
)

// oneLetter is the page with one letter of the outbox.
type oneLetter struct {
	entry
	Steps          []step
	Over           bool // it has expired
	Retry, Confirm bool // it may be tried again; the page asks for confirmation first
	Withdraw       bool
}

// step is an event in the history of a letter.
type step struct {
	At   time.Time
	What string
}

var noLetter = refusal{http.StatusNotFound, "No such letter", "There is no letter with that number in the outbox."}

// findLetter reads the letter that an address names.
func (p *Pages) findLetter(r *http.Request) (notice.Entry, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id <= 0 {
		return notice.Entry{}, noLetter
	}
	found, err := p.Facts.Letters(r.Context(), notice.Filter{ID: id, Limit: 1})
	if err != nil {
		return notice.Entry{}, fmt.Errorf("read letter %d: %w", id, err)
	}
	if len(found) == 0 {
		return notice.Entry{}, noLetter
	}
	return found[0], nil
}

func (p *Pages) letter(r *http.Request) (page, error) {
	e, err := p.findLetter(r)
	if err != nil {
		return page{}, err
	}
	l := oneLetter{entry: entryOf(e), Over: !p.Clock().Before(e.Expires)}
	l.Steps = l.history()
	if p.Actions != nil {
		l.Retry, l.Confirm = e.State.MayRetry() && !l.Over, e.Unsure > 0
		l.Withdraw = e.State.MayWithdraw()
	}
	return page{"letter.html", fmt.Sprintf("Letter %d", e.ID), l}, nil
}

// Siblings is the address of the list of all letters in the same state; "" when that would be the letters of years.
func (l oneLetter) Siblings() string {
	if l.State == notice.Sent || l.State == notice.Withdrawn {
		return ""
	}
	return "/letters?day=&state=" + string(l.State)
}

// history lists the known events. The outbox keeps the first try and the last change; the log has the ones between.
func (l *oneLetter) history() []step {
	steps := []step{{l.Planned, "Planned by the run " + l.Run + " under policy " + l.Policy},
		{l.SendAt, "To be sent from then on"}}
	if !l.Dated.IsZero() {
		steps = append(steps, step{l.Dated, "First tried"})
	}
	last := step{l.Changed, "Became " + string(l.State)}
	if l.Why != "" {
		last.What += ": " + Because(l.Why)
	}
	if !l.Changed.Equal(l.Planned) || l.State != notice.Pending {
		steps = append(steps, last)
	}
	if !l.Next.IsZero() {
		steps = append(steps, step{l.Next, "Next try"})
	}
	return append(steps, step{l.Expires, "Of no use after this"})
}
