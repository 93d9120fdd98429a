package notice

import (
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

// Filter narrows a list of letters; empty fields do not.
type Filter struct {
	State, Letter, To string
	Day               calendar.Day // the local day of the run that planned it
	ID                int64
	Limit             int
}

// RunRow is a run of the ledger.
type RunRow struct {
	Kind, State string
	Day         calendar.Day
	Planned     int
}
