package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
)

// fakeFacts answers the questions of the pages and records what was decided. Where fault is set, every call returns it.
type fakeFacts struct {
	tally        map[string]map[notice.State]int
	reasons      []notice.Reason
	skipped      map[string]int
	held, failed int
	runs         []notice.RunRow
	heldRuns     []notice.HeldRun
	days         map[calendar.Day]map[notice.State]int
	lastTick     time.Time
	letters      []notice.Entry
	due          int
	oldest       time.Time
	stopped      bool
	behind       []string
	fault        error

	asked   notice.Filter
	day     calendar.Day
	decided []string
}

func (f *fakeFacts) Tally(_ context.Context, day calendar.Day) (map[string]map[notice.State]int, error) {
	f.day = day
	return f.tally, f.fault
}

func (f *fakeFacts) Reasons(context.Context, calendar.Day) ([]notice.Reason, error) {
	return f.reasons, f.fault
}

func (f *fakeFacts) Skipped(_ context.Context, from, before time.Time) (map[string]int, error) {
	if before.Sub(from) > 25*time.Hour || before.Sub(from) < 23*time.Hour {
		return nil, errors.New("that is no day")
	}
	return f.skipped, f.fault
}

func (f *fakeFacts) Waiting(context.Context, time.Time) (int, int, error) {
	return f.held, f.failed, f.fault
}

func (f *fakeFacts) History(_ context.Context, from, to calendar.Day) (days []notice.DayTally, err error) {
	for d := from; d <= to; d++ {
		days = append(days, notice.DayTally{Day: d, States: f.days[d]})
	}
	return days, f.fault
}

func (f *fakeFacts) Runs(_ context.Context, limit int) ([]notice.RunRow, error) {
	return f.runs[:min(limit, len(f.runs))], f.fault
}

func (f *fakeFacts) HeldRuns(context.Context, time.Time) ([]notice.HeldRun, error) {
	return f.heldRuns, f.fault
}
func (f *fakeFacts) LastTicks(context.Context) (map[string]time.Time, error) {
	last := map[string]time.Time{}
	for _, e := range policy.Default().Timetable {
		last[e.Name] = f.lastTick
	}
	return last, f.fault
}

func (f *fakeFacts) Letters(_ context.Context, asked notice.Filter) ([]notice.Entry, error) {
	f.asked = asked
	var found []notice.Entry
	for _, e := range f.letters {
		if (asked.ID == 0 || e.ID == asked.ID) && (asked.Before == 0 || e.ID < asked.Before) && len(found) < asked.Limit {
			found = append(found, e)
		}
	}
	return found, f.fault
}

func (f *fakeFacts) Due(context.Context, time.Time) (int, error) { return f.due, f.fault }
func (f *fakeFacts) OldestDue(context.Context, time.Time) (time.Time, error) {
	return f.oldest, f.fault
}
func (f *fakeFacts) KillSwitch(context.Context) (bool, error)  { return f.stopped, f.fault }
func (f *fakeFacts) StaleBy(context.Context) ([]string, error) { return f.behind, f.fault }
func (f *fakeFacts) decide(format string, args ...any) error {
	f.decided = append(f.decided, fmt.Sprintf(format, args...))
	return f.fault
}

func (f *fakeFacts) Retry(_ context.Context, _ time.Time, id int64) error {
	return f.decide("retry %d", id)
}
func (f *fakeFacts) Withdraw(_ context.Context, _ time.Time, id int64) error {
	return f.decide("withdraw %d", id)
}

func (f *fakeFacts) Release(_ context.Context, _ time.Time, kind string, day calendar.Day) (int, error) {
	return 0, f.decide("release %s/%s", kind, day)
}

func (f *fakeFacts) SetKillSwitch(_ context.Context, stopped bool) error {
	return f.decide("stopped %t", stopped)
}

// post is an inbox of the letters in it, the first that came first.
type post []Mail

func (p post) Mails() []Mail {
	var list []Mail
	for i := len(p); i > 0; i-- {
		m, _ := p.Mail(i)
		m.Text, m.HTML, m.Calendar = "", "", nil
		list = append(list, m)
	}
	return list
}

func (p post) Mail(n int) (Mail, bool) {
	if n < 1 || n > len(p) {
		return Mail{}, false
	}
	m := p[n-1]
	m.Number = n
	return m, true
}

// monday is Monday 4 March 2024 at 7:31 in Helsinki.
var monday = time.Date(2024, time.March, 4, 5, 31, 0, 0, time.UTC)

func pages(facts *fakeFacts, mails ...Mail) *Pages {
	p := &Pages{Facts: facts, Actions: facts, Clock: func() time.Time { return monday }, Policy: policy.Default(), Queues: true}
	if mails != nil {
		p.Inbox = post(mails)
	}
	return p
}

func ask(t *testing.T, p *Pages, method, target string) *httptest.ResponseRecorder {
	t.Helper()
	answer := httptest.NewRecorder()
	p.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), method, target, nil))
	return answer
}

func get(t *testing.T, p *Pages, target string) string {
	t.Helper()
	answer := ask(t, p, http.MethodGet, target)
	if answer.Code != http.StatusOK {
		t.Fatalf("GET %s: %d", target, answer.Code)
	}
	return answer.Body.String()
}

func expect(t *testing.T, body string, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !strings.Contains(body, want) {
			t.Errorf("no %q on the page", want)
		}
	}
}

func refuse(t *testing.T, body string, unwanted ...string) {
	t.Helper()
	for _, no := range unwanted {
		if strings.Contains(body, no) {
			t.Errorf("%q is on the page", no)
		}
	}
}

func TestEveryAnswerForbidsWhatItDoesNotNeed(t *testing.T) {
	p := pages(&fakeFacts{}, Mail{Subject: "s", HTML: "<p>h", Calendar: []byte("c")})
	for _, target := range []string{"/", "/letters", "/letters?state=lost", "/letters/9", "/switch/start", "/inbox", "/inbox/1", "/inbox/1/html", "/inbox/1/invite.ics", "/style.css",
		"/icon.svg", "/nowhere"} {
		h := ask(t, p, http.MethodGet, target).Header()
		csp := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'; ") || !strings.Contains(csp, "frame-ancestors") || strings.Contains(csp, "script") {
			t.Errorf("%s: Content-Security-Policy: %s", target, csp)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s: %q, want %q", target, name, got, want)
			}
		}
		if h.Get("Content-Type") == "" {
			t.Errorf("%s: no content type", target)
		}
	}
}

func TestPagesThatDecideNothingOnlyAnswerGetAndHead(t *testing.T) {
	p := pages(&fakeFacts{}, Mail{Subject: "s", HTML: "<p>h", Calendar: []byte("c")})
	for _, target := range []string{"/", "/letters", "/letters/1", "/inbox", "/inbox/1", "/inbox/1/html", "/inbox/1/invite.ics", "/nowhere"} {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, "BREW"} {
			answer := ask(t, p, method, target)
			if answer.Code != http.StatusMethodNotAllowed || answer.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %d, Allow: %s", method, target, answer.Code, answer.Header().Get("Allow"))
			}
		}
		if answer := ask(t, p, http.MethodHead, target); answer.Code == http.StatusMethodNotAllowed {
			t.Errorf("HEAD %s is refused", target)
		}
	}
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	with, without := pages(&fakeFacts{}, Mail{Subject: "s", Text: "t"}), pages(&fakeFacts{})
	for _, c := range []struct {
		p      *Pages
		target string
	}{
		{with, "/nowhere"}, {with, "/letters/"}, {with, "/letters/9"}, {with, "/letters/x"}, {with, "/letters/-1"}, {with, "/letters/1/eat"}, {with, "/switch/off"}, {with, "/runs/digests/monday/release"}, {with, "/style"}, {with, "/pages/layout.html"}, {with, "/inbox/0"}, {with, "/inbox/2"}, {with, "/inbox/x"},
		{with, "/inbox/1/html"}, {with, "/inbox/1/invite.ics"}, {with, "/inbox/2/html"}, {with, "/inbox/1/other"},
		{without, "/inbox"}, {without, "/inbox/1"}, {without, "/inbox/1/html"},
	} {
		if answer := ask(t, c.p, http.MethodGet, c.target); answer.Code != http.StatusNotFound {
			t.Errorf("%s: %d", c.target, answer.Code)
		}
	}
	expect(t, ask(t, with, http.MethodGet, "/nowhere").Body.String(), "<h1>Page not found</h1>", `<a href="/">To the status page</a>`)
}

func TestWhatCannotBeFoundOutIsSaidAndLogged(t *testing.T) {
	var log bytes.Buffer
	p := pages(&fakeFacts{fault: errors.New("the disk is full")})
	p.Log = slog.New(slog.NewTextHandler(&log, nil))
	for _, target := range []string{"/", "/letters", "/letters/1"} {
		answer := ask(t, p, http.MethodGet, target)
		if answer.Code != http.StatusInternalServerError {
			t.Errorf("%s: %d", target, answer.Code)
		}
		refuse(t, answer.Body.String(), "disk")
	}
	if n := strings.Count(log.String(), "the disk is full"); n != 3 {
		t.Errorf("logged %d times", n)
	}
	p.Log = nil
	if answer := ask(t, p, http.MethodGet, "/"); answer.Code != http.StatusInternalServerError {
		t.Errorf("without a log: %d", answer.Code)
	}
}

func TestNavigationLeadsOnlyToWhatIsThere(t *testing.T) {
	demo, served := pages(&fakeFacts{}, Mail{Subject: "s"}), pages(&fakeFacts{})
	served.Queues = false
	expect(t, get(t, demo, "/inbox/1"), `<a href="/queues/">`, `<a href="/inbox" aria-current="page">`, `<a href="/">Status`)
	body := get(t, served, "/")
	expect(t, body, `<a href="/" aria-current="page">`, `<a class="skip" href="#main">`, `<main id="main"`)
	refuse(t, body, `href="/queues/"`, `href="/inbox"`)
}

func TestNumbersAreGrouped(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 11500: "11,500", 1234567: "1,234,567", -100: "-100", -1234: "-1,234"} {
		if got := number(n); got != want {
			t.Errorf("%d is written %s, want %s", n, got, want)
		}
	}
}
