package notice

import (
	"errors"
	"slices"
	"time"

	"vireilla/internal/calendar"
)

// Entry is a letter of the outbox as operators see it: ids, state and codes.
type Entry struct {
	ID      int64  `json:"id"`
	Key     string `json:"key"`
	Letter  string `json:"letter"`
	To      string `json:"to"`
	Role    string `json:"role"`
	State   State  `json:"state"`
	Tries   int    `json:"tries"`
	NextTry string `json:"next_try"`
	Code    string `json:"code"`

	Why                                      string    `json:"-"`
	Run, Policy                              string    `json:"-"`
	Unsure                                   int       `json:"-"`
	SendAt, Expires, Planned, Changed, Dated time.Time `json:"-"`
	Items                                    int       `json:"-"`
}

// Filter selects letters; an empty field selects all.
type Filter struct {
	State, Letter, To string
	Day               calendar.Day // the local day of the run that planned it
	ID                int64
	Before            int64 // only smaller ids
	Newest            bool  // the newest first; otherwise the oldest
	Limit             int
}

// RunRow is a run as the database holds it.
type RunRow struct {
	Kind, State string
	Day         calendar.Day
	Planned     int
}

// HeldRun is a run that the guard put on hold. Left is how many of its letters could still go out.
type HeldRun struct {
	RunRow
	Left int
}

// Reason counts the letters that reached a state for a reason.
type Reason struct {
	State State
	Why   string
	N     int
}

// DayTally counts the letters planned on a local day, by state.
type DayTally struct {
	Day    calendar.Day
	States map[State]int
}

// ErrState means that a letter or run is not there, or is in a state that does not allow the action.
var ErrState = errors.New("not there, or in another state by now")

// MayRetry says whether a person may have a letter in this state tried at once.
func (s State) MayRetry() bool { return slices.Contains([]State{Failed, Held, Unsure, Deferred}, s) }

// MayWithdraw says whether a person may withdraw a letter in this state.
func (s State) MayWithdraw() bool { return s == Pending || s.MayRetry() }
