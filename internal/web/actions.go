package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
)

// Desk is what operators decide. What is in no state for it is refused with notice.ErrState.
type Actions interface {
	// Retry lets a letter be tried at once.
	Retry(ctx context.Context, now time.Time, id int64) error
	// Withdraw takes a letter back for good.
	Withdraw(ctx context.Context, now time.Time, id int64) error
	// Release lets a run go out that the guard holds; it gives how many letters.
	Release(ctx context.Context, now time.Time, kind string, day calendar.Day) (int, error)
	// SetStopped turns the kill switch.
	SetKillSwitch(ctx context.Context, stopped bool) error
}

// deed is something to decide: the question, and what a yes does.
type action struct {
	Title, Button string
	Say           []string
	Path, Back    string
	word          string // in the log, and for the sentence that is shown afterwards
	ids           []any  // for the log
	do            func(ctx context.Context) error
}

// deeds serves each deed at an address of its own: GET asks, POST does.
func (p *Pages) actions(mux *http.ServeMux, sheets sheets) {
	for path, find := range map[string]func(*http.Request) (action, error){
		"/letters/{id}/retry":        p.retry,
		"/letters/{id}/withdraw":     p.withdraw,
		"/runs/{kind}/{day}/release": p.release,
		"/switch/{position}":         p.turn,
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			p.show(sheets, w, r, func(r *http.Request) (page, error) {
				d, err := find(r)
				d.Path = r.URL.Path
				return page{"confirm.html", d.Title, d}, err
			})
		})
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			d, err := find(r)
			if err == nil {
				err = p.carry(r, d)
			}
			if err != nil {
				p.show(sheets, w, r, func(*http.Request) (page, error) { return page{}, err })
				return
			}
			http.Redirect(w, r, d.Back+"?done="+d.word, http.StatusSeeOther) // so that a reload does not do it again
		})
	}
}

// carry does what was decided, and says in the log who did.
func (p *Pages) carry(r *http.Request, d action) error {
	err := d.do(r.Context())
	if errors.Is(err, notice.ErrState) {
		return tooLate
	}
	if err != nil {
		return fmt.Errorf("%s: %w", d.word, err)
	}
	if p.Log != nil {
		who := "unnamed"
		if p.Who != nil {
			who = p.Who(r)
		}
		p.Log.Warn("decided by hand", append([]any{"what", d.word, "who", who}, d.ids...)...)
	}
	return nil
}

var tooLate = refusal{http.StatusConflict, "Nothing was done", "It is in another state by now: somebody, or the program, was quicker. Go back and look again."}

// doneWords is the sentence after a deed; "" for words that are none.
func doneWords(word string) string {
	return map[string]string{
		"retry": "The letter is tried again within a minute.", "withdraw": "The letter is withdrawn.",
		"release": "The run is released: its letters go out within minutes.",
		"stop":    "Letters are stopped. What was handed to the relay a moment ago is still out.", "start": "Letters go out again.",
	}[word]
}

func (p *Pages) retry(r *http.Request) (action, error) {
	e, err := p.found(r)
	if err == nil && (!e.State.MayRetry() || !p.Clock().Before(e.Expires)) {
		err = tooLate
	}
	d := letterAction(e, "retry", "Try letter %d again?", "Try again")
	d.do = func(ctx context.Context) error { return p.Actions.Retry(ctx, p.Clock(), e.ID) }
	if e.Unsure > 0 {
		d.Say = append(d.Say, "It may have arrived already: then its reader gets it twice.")
	}
	return d, err
}

func (p *Pages) withdraw(r *http.Request) (action, error) {
	e, err := p.found(r)
	if err == nil && !e.State.MayWithdraw() {
		err = tooLate
	}
	d := letterAction(e, "withdraw", "Withdraw letter %d?", "Withdraw for good")
	d.do = func(ctx context.Context) error { return p.Actions.Withdraw(ctx, p.Clock(), e.ID) }
	d.Say = append(d.Say, "It is never sent, and not planned again. This cannot be undone.")
	return d, err
}

func letterAction(e notice.Entry, word, title, button string) action {
	return action{Title: fmt.Sprintf(title, e.ID), Button: button, word: word, ids: []any{"letter", e.ID}, Back: fmt.Sprintf("/letters/%d", e.ID),
		Say: []string{fmt.Sprintf("It is a letter of the kind %s, to the %s %s, and is %s.", words(e.Letter), e.Role, e.To, e.State)}}
}

func (p *Pages) release(r *http.Request) (action, error) {
	kind := r.PathValue("kind")
	day, err := calendar.ParseDay(r.PathValue("day"))
	if err != nil {
		return action{}, nowhereToGo
	}
	runs, err := p.Facts.HeldRuns(r.Context(), p.Clock())
	if err != nil {
		return action{}, fmt.Errorf("list the held runs: %w", err)
	}
	for _, run := range runs {
		if run.Kind != kind || run.Day != day {
			continue
		}
		return action{Title: fmt.Sprintf("Release %s of %s?", words(kind), day), Button: fmt.Sprintf("Release %s", count(run.Left, "letter")), Back: "/", word: "release",
			Say: []string{fmt.Sprintf("%s would still be of use, and go out within minutes. The others are withdrawn.", count(run.Left, "letter")),
				"They cannot be called back. Have you looked at some of them?"},
			ids: []any{"run", kind + "/" + day.String()},
			do: func(ctx context.Context) error {
				_, err := p.Actions.Release(ctx, p.Clock(), kind, day)
				return err
			}}, nil
	}
	return action{}, tooLate
}

// turn turns the kill switch.
func (p *Pages) turn(r *http.Request) (action, error) {
	position := r.PathValue("position")
	if position != "stop" && position != "start" {
		return action{}, nowhereToGo
	}
	d := action{Title: "Stop all letters?", Button: "Stop all letters", Back: "/", word: position,
		Say: []string{"No further letter goes out until somebody lets them go again. What is due waits; nothing is lost."},
		do:  func(ctx context.Context) error { return p.Actions.SetKillSwitch(ctx, position == "stop") }}
	if position == "stop" {
		return d, nil
	}
	due, err := p.Facts.Due(r.Context(), p.Clock())
	d.Title, d.Button = "Let letters go out again?", "Let them go out"
	d.Say = []string{waiting(due) + " What is still true goes out within minutes, and cannot be called back."}
	return d, err
}
