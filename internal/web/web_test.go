package web

import (
	"bytes"
	"context"
	"errors"
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

// told are facts made up for a test. A fault is what every question is answered with.
type told struct {
	tally            map[string]map[notice.State]int
	runs             []notice.RunRow
	letters          []notice.Entry
	due              int
	stopped          bool
	seekers, coaches int
	fault            error

	asked notice.Filter
	day   calendar.Day
}

func (f *told) Tally(_ context.Context, day calendar.Day) (map[string]map[notice.State]int, error) {
	f.day = day
	return f.tally, f.fault
}

func (f *told) Runs(_ context.Context, limit int) ([]notice.RunRow, error) {
	return f.runs[:min(limit, len(f.runs))], f.fault
}

func (f *told) Letters(_ context.Context, asked notice.Filter) ([]notice.Entry, error) {
	f.asked = asked
	return f.letters[:min(asked.Limit, len(f.letters))], f.fault
}

func (f *told) Due(context.Context, time.Time) (int, error) { return f.due, f.fault }
func (f *told) Stopped(context.Context) (bool, error)       { return f.stopped, f.fault }
func (f *told) Counts(context.Context) (int, int, error)    { return f.seekers, f.coaches, f.fault }

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

func pages(facts *told, mails ...Mail) *Pages {
	p := &Pages{Facts: facts, Clock: func() time.Time { return monday }, Policy: policy.Default(), Queues: true}
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
	p := pages(&told{}, Mail{Subject: "s", HTML: "<p>h", Calendar: []byte("c")})
	for _, target := range []string{"/", "/letters", "/letters?state=lost", "/inbox", "/inbox/1", "/inbox/1/html", "/inbox/1/invite.ics", "/style.css",
		"/icon.svg", "/healthz", "/nowhere"} {
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

func TestPagesOnlyAnswerGetAndHead(t *testing.T) {
	p := pages(&told{}, Mail{Subject: "s", HTML: "<p>h", Calendar: []byte("c")})
	for _, target := range []string{"/", "/letters", "/inbox", "/inbox/1", "/inbox/1/html", "/inbox/1/invite.ics", "/healthz", "/nowhere"} {
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
	with, without := pages(&told{}, Mail{Subject: "s", Text: "t"}), pages(&told{})
	for _, c := range []struct {
		p      *Pages
		target string
	}{
		{with, "/nowhere"}, {with, "/letters/"}, {with, "/style"}, {with, "/pages/layout.html"}, {with, "/inbox/0"}, {with, "/inbox/2"}, {with, "/inbox/x"},
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
	p := pages(&told{fault: errors.New("the disk is full")})
	p.Log = slog.New(slog.NewTextHandler(&log, nil))
	for _, target := range []string{"/", "/letters"} {
		answer := ask(t, p, http.MethodGet, target)
		if answer.Code != http.StatusInternalServerError {
			t.Errorf("%s: %d", target, answer.Code)
		}
		refuse(t, answer.Body.String(), "disk")
	}
	if n := strings.Count(log.String(), "the disk is full"); n != 2 {
		t.Errorf("logged %d times", n)
	}
	p.Log = nil
	if answer := ask(t, p, http.MethodGet, "/"); answer.Code != http.StatusInternalServerError {
		t.Errorf("without a log: %d", answer.Code)
	}
}

func TestHealthIsText(t *testing.T) {
	answer := ask(t, pages(&told{fault: errors.New("down")}), http.MethodGet, "/healthz")
	if answer.Code != http.StatusOK || answer.Body.String() != "ok\n" || answer.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("%d %q %s", answer.Code, answer.Body, answer.Header())
	}
}

func TestNavigationLeadsOnlyToWhatIsThere(t *testing.T) {
	demo, served := pages(&told{}, Mail{Subject: "s"}), pages(&told{})
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
