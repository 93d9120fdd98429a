// Package web serves the pages for operators: what is wrong, what the program did today, what it will do next, the
// letters of the outbox and, in the demo, the letters as their readers see them. It also serves the metrics.
//
// The pages are rendered on the server. They show ids and codes but no names or addresses, except in the demo's inbox,
// whose people are made up. They need no script and load nothing from other sites. Only a POST changes anything. Guard
// decides who may see the pages, and rejects requests that a page of another site sends.
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

// Outbox answers the pages' questions about letters.
type Outbox interface {
	// Letters lists the letters that match a filter.
	Letters(ctx context.Context, f notice.Filter) ([]notice.Entry, error)
	// Due counts the letters whose next try is due; it may stop counting at manyDue.
	Due(ctx context.Context, now time.Time) (int, error)
	// OldestDue returns the time at which the letter that has waited longest was first due, tried or not; the zero time
	// when no letter is due.
	OldestDue(ctx context.Context, now time.Time) (time.Time, error)
	// KillSwitch reports whether the kill switch is on.
	KillSwitch(ctx context.Context) (bool, error)
	// StaleBy names the send journals that hold letters unknown to the database. While there is one, no letter is sent.
	StaleBy(ctx context.Context) ([]string, error)
}

// manyDue is where the store may stop counting: above it the exact number does not matter.
const manyDue = 1000

// Tallies counts letters for the pages.
type Tallies interface {
	// Tally counts the letters planned on a local day, by letter and state.
	Tally(ctx context.Context, day calendar.Day) (map[string]map[notice.State]int, error)
	// Reasons counts those of them that have a reason, by state and reason, the most frequent first.
	Reasons(ctx context.Context, day calendar.Day) ([]notice.Reason, error)
	// Skipped counts the letters that were not written, by reason.
	Skipped(ctx context.Context, from, before time.Time) (map[string]int, error)
	// Waiting counts the letters that have not expired and need a person's decision; it may stop counting at manyDue each.
	Waiting(ctx context.Context, now time.Time) (held, failed int, err error)
	// History counts the letters planned on each day of a span, both ends included.
	History(ctx context.Context, from, to calendar.Day) ([]notice.DayTally, error)
}

// Ledger answers the pages' questions about runs and the timetable.
type Ledger interface {
	// Runs lists runs, the newest first, at most limit.
	Runs(ctx context.Context, limit int) ([]notice.RunRow, error)
	// HeldRuns lists the runs that the blast guard has put on hold.
	HeldRuns(ctx context.Context, now time.Time) ([]notice.HeldRun, error)
	// LastTicks returns the instant up to which the ticks of each entry are recorded; entries without one are missing.
	LastTicks(ctx context.Context) (map[string]time.Time, error)
}

// Facts is everything that the pages read; the store implements it.
type Facts interface {
	Outbox
	Tallies
	Ledger
}

// Worker is a process that takes tasks.
type Worker struct {
	Host         string
	Process      int // its process id on the host
	Started      time.Time
	Busy, Places int // the tasks in progress, and how many there may be at once
}

// Pages is the web site of one running program. Facts, Clock and Policy must be set.
type Pages struct {
	Facts   Facts
	Clock   func() time.Time
	Policy  *policy.Policy
	Actions Actions                                 // nil: the pages only show
	Who     func(*http.Request) string              // the id to log for who decides; nil when there are no users
	Workers func(context.Context) ([]Worker, error) // the running workers; nil when that is not known
	Queue   Queue                                   // nil when that is not known
	Inbox   Inbox                                   // nil outside the demo: then there are no inbox pages
	Queues  bool                                    // a queue monitor is served at /queues/, beside these pages
	Log     *slog.Logger                            // logs why a page could not be shown; nil to log nothing
}

// Handler serves the pages. Addresses that change nothing accept only GET and HEAD. Every response forbids the browser
// what the page does not need, and is not cached.
func (p *Pages) Handler() http.Handler {
	templates := p.parse()
	mux := http.NewServeMux()
	show := func(pattern string, find func(*http.Request) (page, error)) {
		mux.HandleFunc("GET "+pattern, func(w http.ResponseWriter, r *http.Request) { p.show(templates, w, r, find) })
	}
	show("/{$}", p.status)
	show("/letters", p.letters)
	show("/letters/{id}", p.letter)
	if p.Actions != nil {
		p.actions(mux, templates)
	}
	show("/", notFound)
	if p.Inbox != nil {
		show("/inbox", p.inbox)
		show("/inbox/{n}", p.mail)
		mux.HandleFunc("GET /inbox/{n}/html", p.mailHTML)
		mux.HandleFunc("GET /inbox/{n}/invite.ics", p.invite)
	}
	for _, name := range []string{"style.css", "icon.svg"} {
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) {
			http.ServeFileFS(w, r, files, "pages/"+name)
		})
	}
	return withHeaders(mux)
}

// pagePolicy allows a page its own style sheet, icon, form and frame, and nothing else.
const pagePolicy = "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'"

// withHeaders sets the headers of every response; a handler may replace them.
func withHeaders(next http.Handler) http.Handler {
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

// page is a page to show: its template, its title, and the data of the template.
type page struct {
	Name, Title string
	Data        any
}

// refusal is shown instead of a page: an HTTP status and a sentence for the reader.
type refusal struct {
	Status int
	Title  string
	Say    string
}

func (r refusal) Error() string { return r.Say }

var noPage = refusal{http.StatusNotFound, "Page not found", "There is no page at this address."}

func notFound(*http.Request) (page, error) { return page{}, noPage }

// show writes a page, or the refusal that find returned. It renders the whole page first, so that an error in the
// template does not send half a page.
func (p *Pages) show(all templates, w http.ResponseWriter, r *http.Request, find func(*http.Request) (page, error)) {
	found, err := find(r)
	status := http.StatusOK
	if err != nil {
		var no refusal
		if !errors.As(err, &no) {
			p.logError(r, err)
			no = refusal{http.StatusInternalServerError, "Not available",
				"This page could not be loaded just now. The log says why."}
		}
		status, found = no.Status, page{"refusal.html", no.Title, no}
	}
	var body bytes.Buffer
	if err := all[found.Name].ExecuteTemplate(&body, "layout.html", p.layout(r, found)); err != nil {
		p.logError(r, err)
		http.Error(w, "This page could not be written.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // fails only when the client has closed the connection
}

func (p *Pages) logError(r *http.Request, err error) {
	if p.Log != nil && r.Context().Err() == nil {
		p.Log.Error("page not shown", "page", r.Pattern, "err", err) // not the path, which the client chose
	}
}
