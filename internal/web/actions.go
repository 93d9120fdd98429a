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

// Actions are what operators can do. An action that the present state does not allow returns notice.ErrState.
type Actions interface {
	// Retry makes a letter due at once.
	Retry(ctx context.Context, now time.Time, id int64) error
	// Withdraw ends a letter for good.
	Withdraw(ctx context.Context, now time.Time, id int64) error
	// Release sends a run that the blast guard has put on hold, and returns its number of letters.
	Release(ctx context.Context, now time.Time, kind string, day calendar.Day) (int, error)
	// SetKillSwitch turns the kill switch on or off.
	SetKillSwitch(ctx context.Context, on bool) error
}

// action is something that an operator can do: the question, and what a yes does.
type action struct {
	Title, Button string
	Say           []string
	Path, Back    string
	name          string // for the log and for doneText
	ids           []any  // for the log
	do            func(ctx context.Context) error
}

// actions serves each action at its own address: GET asks for confirmation, POST does it.
func (p *Pages) actions(mux *http.ServeMux, all templates) {
	for path, find := range map[string]func(*http.Request) (action, error){
		"/letters/{id}/retry":        p.retry,
		"/letters/{id}/withdraw":     p.withdraw,
		"/runs/{kind}/{day}/release": p.release,
		"/switch/{position}":         p.killSwitch,
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			p.show(all, w, r, func(r *http.Request) (page, error) {
				a, err := find(r)
				a.Path = r.URL.Path
				return page{"confirm.html", a.Title, a}, err
			})
		})
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			a, err := find(r)
			if err == nil {
				err = p.execute(r, a)
			}
			if err != nil {
				p.show(all, w, r, func(*http.Request) (page, error) { return page{}, err })
				return
			}
			http.Redirect(w, r, a.Back+"?done="+a.name, http.StatusSeeOther) // so that a reload does not repeat it
		})
	}
}

// execute does an action and logs who did it.
func (p *Pages) execute(r *http.Request, a action) error {
	err := a.do(r.Context())
	if errors.Is(err, notice.ErrState) {
		return tooLate
	}
	if err != nil {
		return fmt.Errorf("%s: %w", a.name, err)
	}
	if p.Log != nil {
		who := "unnamed"
		if p.Who != nil {
			who = p.Who(r)
		}
		p.Log.Warn("decided by hand", append([]any{"what", a.name, "who", who}, a.ids...)...)
	}
	return nil
}

var tooLate = refusal{http.StatusConflict, "Nothing was done",
	"The state has changed meanwhile: another operator or the program changed it. Go back and look again."}

// doneText is the sentence that is shown after an action; "" for an unknown one.
func doneText(name string) string {
	return map[string]string{
		"retry":    "The letter is tried again within a minute.",
		"withdraw": "The letter is withdrawn.",
		"release":  "The run is released: its letters go out within minutes.",
		"stop":     "Letters are stopped. Letters that were already handed to the relay still arrive.",
		"start":    "Letters go out again.",
	}[name]
}

func (p *Pages) retry(r *http.Request) (action, error) {
	e, err := p.findLetter(r)
	if err == nil && (!e.State.MayRetry() || !p.Clock().Before(e.Expires)) {
		err = tooLate
	}
	a := letterAction(e, "retry", "Try letter %d again?", "Try again")
	a.do = func(ctx context.Context) error { return p.Actions.Retry(ctx, p.Clock(), e.ID) }
	if e.Unsure > 0 {
		a.Say = append(a.Say, "It may have arrived already: then its reader gets it twice.")
	}
	return a, err
}

func (p *Pages) withdraw(r *http.Request) (action, error) {
	e, err := p.findLetter(r)
	if err == nil && !e.State.MayWithdraw() {
		err = tooLate
	}
	a := letterAction(e, "withdraw", "Withdraw letter %d?", "Withdraw for good")
	a.do = func(ctx context.Context) error { return p.Actions.Withdraw(ctx, p.Clock(), e.ID) }
	a.Say = append(a.Say, "It is never sent, and not planned again. This cannot be undone.")
	return a, err
}

func letterAction(e notice.Entry, name, title, button string) action {
	return action{Title: fmt.Sprintf(title, e.ID), Button: button, name: name, ids: []any{"letter", e.ID},
		Back: fmt.Sprintf("/letters/%d", e.ID),
		Say: []string{fmt.Sprintf("It is a letter of the kind %s, to the %s %s, and is %s.",
			words(e.Letter), e.Role, e.To, e.State)}}
}

func (p *Pages) release(r *http.Request) (action, error) {
	kind := r.PathValue("kind")
	day, err := calendar.ParseDay(r.PathValue("day"))
	if err != nil {
		return action{}, noPage
	}
	runs, err := p.Facts.HeldRuns(r.Context(), p.Clock())
	if err != nil {
		return action{}, fmt.Errorf("list the held runs: %w", err)
	}
	for _, run := range runs {
		if run.Kind != kind || run.Day != day {
			continue
		}
		letters := count(run.Left, "letter")
		return action{Title: fmt.Sprintf("Release %s of %s?", words(kind), day), Button: "Release " + letters, Back: "/",
			name: "release",
			Say: []string{letters + " would still be of use, and go out within minutes. The others are withdrawn.",
				"They cannot be called back. Have you looked at some of them?"},
			ids: []any{"run", kind + "/" + day.String()},
			do: func(ctx context.Context) error {
				_, err := p.Actions.Release(ctx, p.Clock(), kind, day)
				return err
			}}, nil
	}
	return action{}, tooLate
}

func (p *Pages) killSwitch(r *http.Request) (action, error) {
	position := r.PathValue("position")
	if position != "stop" && position != "start" {
		return action{}, noPage
	}
	a := action{Title: "Stop all letters?", Button: "Stop all letters", Back: "/", name: position,
		Say: []string{"No further letter goes out until somebody turns the kill switch off. " +
			"Due letters wait; nothing is lost."},
		do: func(ctx context.Context) error { return p.Actions.SetKillSwitch(ctx, position == "stop") }}
	if position == "stop" {
		return a, nil
	}
	due, err := p.Facts.Due(r.Context(), p.Clock())
	a.Title, a.Button = "Let letters go out again?", "Let them go out"
	a.Say = []string{waiting(due) + " Those that are still true go out within minutes, and cannot be called back."}
	return a, err
}
