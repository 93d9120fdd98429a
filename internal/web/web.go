// Package web is what operators see and decide: what is wrong, what the program did today, what it will do next, the letters of the outbox, and in the demo the
// letters as their readers see them. The pages are made on the server from what the store tells, carry ids and codes but no names or addresses (the demo's inbox
// excepted, whose people are made up), need no script, and load nothing from elsewhere. What changes something is a POST; Guard, which stands before the pages,
// knows who may see them, and refuses what another site's page sends.
package web

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
)

//go:embed pages
var files embed.FS

// Outbox is what the pages ask about letters.
type Outbox interface {
	// Letters lists letters.
	Letters(ctx context.Context, f notice.Filter) ([]notice.Entry, error)
	// Due counts the letters that are to be tried by now; it may stop counting at manyDue.
	Due(ctx context.Context, now time.Time) (int, error)
	// OldestDue gives the time since when the letter that has waited longest should have gone, tried or not; the zero time when none is late.
	OldestDue(ctx context.Context, now time.Time) (time.Time, error)
	// Stopped tells whether the kill switch is on.
	KillSwitch(ctx context.Context) (bool, error)
	// BehindOf names the send journals that know more than the database, because of which no letter goes out.
	StaleBy(ctx context.Context) ([]string, error)
}

// manyDue is where exact numbers stop mattering.
const manyDue = 1000

// Tallies are the numbers of the pages.
type Tallies interface {
	// Tally counts the letters planned on a local day, by letter and state.
	Tally(ctx context.Context, day calendar.Day) (map[string]map[notice.State]int, error)
	// Reasons counts those of them that did not just go out, by state and reason, most first.
	Reasons(ctx context.Context, day calendar.Day) ([]notice.Reason, error)
	// Skipped counts the letters that were not written, by reason.
	Skipped(ctx context.Context, from, before time.Time) (map[string]int, error)
	// Waiting counts the letters of use that only a person can move; it may stop counting at manyDue each.
	Waiting(ctx context.Context, now time.Time) (held, failed int, err error)
	// History counts the letters planned on each day of a span, both ends included.
	History(ctx context.Context, from, to calendar.Day) ([]notice.DayTally, error)
}

// Ledger is what the pages ask about runs and the timetable.
type Ledger interface {
	// Runs lists runs, the newest first, at most limit.
	Runs(ctx context.Context, limit int) ([]notice.RunRow, error)
	// HeldRuns lists the runs that the guard holds.
	HeldRuns(ctx context.Context, now time.Time) ([]notice.HeldRun, error)
	// LastTicks gives for each entry the instant up to which its ticks are recorded; an entry that was never looked at is not there.
	LastTicks(ctx context.Context) (map[string]time.Time, error)
}

// Facts is all that the pages ask; the store answers it.
type Facts interface {
	Outbox
	Tallies
	Ledger
}

// Worker is a process that takes tasks.
type Worker struct {
	Host         string
	Process      int // its number on the host
	Started      time.Time
	Busy, Places int // tasks under way, and how many there may be
}

// Pages is the web site of one running program. Facts, Clock and Policy must be set.
type Pages struct {
	Facts   Facts
	Clock   func() time.Time
	Policy  *policy.Policy
	Actions Actions                                 // nil: the pages only show
	Who     func(*http.Request) string              // the id, for the log, of who decides; nil when nobody is asked
	Workers func(context.Context) ([]Worker, error) // the workers at work; nil when that is not known
	Queue   Queue                                   // nil when that is not known
	Inbox   Inbox                                   // nil outside the demo: then there are no inbox pages
	Queues  bool                                    // a queue monitor is served at /queues/, beside these pages
	Log     *slog.Logger                            // told what a page could not find out; nil for silence
}

// Handler serves the pages. Where nothing is decided, other methods than GET and HEAD are refused; every answer forbids the browser what the page does not
// need, and none is kept in a cache.
func (p *Pages) Handler() http.Handler {
	sheets := p.parse()
	mux := http.NewServeMux()
	show := func(pattern string, find func(*http.Request) (page, error)) {
		mux.HandleFunc("GET "+pattern, func(w http.ResponseWriter, r *http.Request) { p.show(sheets, w, r, find) })
	}
	show("/{$}", p.status)
	show("/letters", p.letters)
	show("/letters/{id}", p.letter)
	if p.Actions != nil {
		p.actions(mux, sheets)
	}
	show("/", nowhere)
	if p.Inbox != nil {
		show("/inbox", p.inbox)
		show("/inbox/{n}", p.mail)
		mux.HandleFunc("GET /inbox/{n}/html", p.mailHTML)
		mux.HandleFunc("GET /inbox/{n}/invite.ics", p.invite)
	}
	for _, name := range []string{"style.css", "icon.svg"} {
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, files, "pages/"+name) })
	}
	return guarded(mux)
}

// pagePolicy lets a page have its own style sheet, icon, form and frame, and nothing else.
const pagePolicy = "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guarded sets the headers of every answer; a handler may replace them.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// page is what was found to show: the template, the title, and what the template needs.
type page struct {
	Name, Title string
	Data        any
}

// refusal is an answer other than a page: the HTTP status and a sentence for the reader.
type refusal struct {
	Status int
	Title  string
	Say    string
}

func (r refusal) Error() string { return r.Say }

var nowhereToGo = refusal{http.StatusNotFound, "Page not found", "There is no page at this address."}

func nowhere(*http.Request) (page, error) { return page{}, nowhereToGo }

// show writes a page, or why there is none. It is rendered whole first, so that a fault in the middle is not sent as half a page.
func (p *Pages) show(sheets sheets, w http.ResponseWriter, r *http.Request, find func(*http.Request) (page, error)) {
	found, err := find(r)
	status := http.StatusOK
	if err != nil {
		var no refusal
		if !errors.As(err, &no) {
			p.complain(r, err)
			no = refusal{http.StatusInternalServerError, "Not available", "This could not be found out just now. The log says why."}
		}
		status, found = no.Status, page{"refusal.html", no.Title, no}
	}
	var body bytes.Buffer
	if err := sheets[found.Name].ExecuteTemplate(&body, "layout.html", p.frame(r, found)); err != nil {
		p.complain(r, err)
		http.Error(w, "This page could not be written.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // the reader may have gone
}

func (p *Pages) complain(r *http.Request, err error) {
	if p.Log != nil && r.Context().Err() == nil {
		p.Log.Error("page not shown", "page", r.Pattern, "err", err) // the path is what the reader wrote
	}
}
