package web

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
)

// inEveryState are letters of use, each in another state; the first has the id 1.
func inEveryState() (letters []notice.Entry) {
	for i, state := range notice.States() {
		letters = append(letters, notice.Entry{ID: int64(i + 1), Key: "k", Letter: notice.CoachDigest, To: "C-07", Role: "coach", State: state, Run: "digests/2024-03-04", Policy: "p",
			Planned: monday.Add(-time.Hour), SendAt: monday.Add(-time.Hour), Changed: monday.Add(-time.Minute), Expires: monday.Add(time.Hour)})
	}
	return letters
}

func held() []notice.HeldRun {
	return []notice.HeldRun{{RunRow: notice.RunRow{Kind: "digests", State: "held", Day: calendar.Date(2024, 3, 4), Planned: 4100}, Left: 4000}}
}

func TestAnActionIsDoneOnceAndLeadsBack(t *testing.T) {
	for target, want := range map[string][3]string{
		"/letters/7/retry":                 {"retry 7", "/letters/7?done=retry", "letter=7"},
		"/letters/6/withdraw":              {"withdraw 6", "/letters/6?done=withdraw", "letter=6"},
		"/runs/digests/2024-03-04/release": {"release digests/2024-03-04", "/?done=release", "run=digests/2024-03-04"},
		"/switch/stop":                     {"stopped true", "/?done=stop", "what=stop"},
		"/switch/start":                    {"stopped false", "/?done=start", "what=start"},
	} {
		var log bytes.Buffer
		facts := &fakeFacts{letters: inEveryState(), heldRuns: held()}
		p := pages(facts)
		p.Log, p.Who = slog.New(slog.NewTextHandler(&log, nil)), func(*http.Request) string { return "op-17" }
		expect(t, get(t, p, target), `<form class="acts" method="post" action="`+target+`">`)
		if len(facts.decided) != 0 {
			t.Errorf("GET %s did %v", target, facts.decided)
		}
		answer := ask(t, p, http.MethodPost, target)
		if answer.Code != http.StatusSeeOther || answer.Header().Get("Location") != want[1] || !slices.Equal(facts.decided, []string{want[0]}) {
			t.Errorf("POST %s: %d to %s, did %v", target, answer.Code, answer.Header().Get("Location"), facts.decided)
		}
		if said := log.String(); !strings.Contains(said, "who=op-17") || !strings.Contains(said, want[2]) {
			t.Errorf("%s is logged as %s", target, said)
		}
		expect(t, get(t, p, want[1]), `<p class="notice good" role="status">`)
	}
	refuse(t, get(t, pages(&fakeFacts{}), "/?done=nonsense"), `role="status"`)
}

func TestActionsAreOfferedWhereTheyMakeSense(t *testing.T) {
	for _, over := range []bool{false, true} {
		for i, e := range inEveryState() {
			facts := &fakeFacts{letters: inEveryState()}
			if over {
				facts.letters[i].Expires = monday
			}
			p := pages(facts)
			at := fmt.Sprintf("/letters/%d", e.ID)
			body := get(t, p, at)
			for path, may := range map[string]bool{at + "/retry": e.State.MayRetry() && !over, at + "/withdraw": e.State.MayWithdraw()} {
				if offered := strings.Contains(body, `"`+path+`"`); offered != may {
					t.Errorf("%s, %s, time passed %t: offered %t", e.State, path, over, offered)
				}
				for _, method := range []string{http.MethodGet, http.MethodPost} {
					if code := ask(t, p, method, path).Code; (code < 400) != may || code >= 400 && code != http.StatusConflict {
						t.Errorf("%s, %s %s, time passed %t: %d", e.State, method, path, over, code)
					}
				}
			}
		}
	}
	for _, target := range []string{"/runs/digests/2024-03-05/release", "/runs/leads/2024-03-04/release"} {
		if answer := ask(t, pages(&fakeFacts{heldRuns: held()}), http.MethodPost, target); answer.Code != http.StatusConflict {
			t.Errorf("%s: %d", target, answer.Code)
		}
	}
}

func TestWhereManyAreWrittenToTheNumberIsAskedAbout(t *testing.T) {
	facts := &fakeFacts{heldRuns: held(), due: 321}
	p := pages(facts)
	expect(t, get(t, p, "/runs/digests/2024-03-04/release"), "<h1>Release digests of 2024-03-04?</h1>", "4,000 letters would still be of use", "Release 4,000 letters</button>")
	expect(t, get(t, p, "/switch/start"), "321 letters are due")
	facts.stopped = true
	refuse(t, get(t, p, "/"), `action="/runs`, `action="/switch`) // only links to the question
}

func TestALetterThatPerhapsArrivedIsTriedAgainOnlyAfterAQuestion(t *testing.T) {
	facts := &fakeFacts{letters: inEveryState()}
	facts.letters[4].Unsure = 1
	p := pages(facts)
	refuse(t, get(t, p, "/letters/5"), `action="/letters/5/retry"`)
	expect(t, get(t, p, "/letters/5"), `href="/letters/5/retry"`)
	expect(t, get(t, p, "/letters/5/retry"), "may have arrived already")
	expect(t, get(t, p, "/letters/7"), `action="/letters/7/retry"`)
}

func TestWhatCannotBeDoneIsSaid(t *testing.T) {
	for fault, want := range map[error]int{fmt.Errorf("letter 7: %w", notice.ErrState): http.StatusConflict, errors.New("disk full"): http.StatusInternalServerError} {
		facts := &fakeFacts{letters: inEveryState()}
		p := pages(facts)
		p.Actions = &fakeFacts{fault: fault}
		answer := ask(t, p, http.MethodPost, "/letters/7/retry")
		if answer.Code != want {
			t.Errorf("%v: %d", fault, answer.Code)
		}
		refuse(t, answer.Body.String(), "disk")
	}
}

func TestWithoutADeskThePagesOnlyShow(t *testing.T) {
	p := pages(&fakeFacts{letters: inEveryState(), heldRuns: held(), stopped: true})
	p.Actions = nil
	for _, target := range []string{"/letters/7/retry", "/runs/digests/2024-03-04/release", "/switch/start"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if answer := ask(t, p, method, target); answer.Code < 400 {
				t.Errorf("%s %s: %d", method, target, answer.Code)
			}
		}
	}
	refuse(t, get(t, p, "/letters/7"), "<form", `class="button`)
}

func TestALettersLifeIsTold(t *testing.T) {
	facts := &fakeFacts{letters: []notice.Entry{{ID: 12, Key: "appointment_booked/A-9/x", Letter: notice.AppointmentBooked, To: "S-3", Role: "seeker", State: notice.Deferred, Tries: 3, Unsure: 1,
		Why: "unreachable", Code: "421", Run: "appointments/2024-03-04", Policy: "2024/abc", NextTry: "2024-03-04T06:00:00Z",
		Planned: monday.Add(-3 * time.Hour), SendAt: monday.Add(-2 * time.Hour), Dated: monday.Add(-time.Hour), Changed: monday.Add(-time.Minute), Expires: monday.Add(48 * time.Hour)}}}
	body := get(t, pages(facts), "/letters/12")
	at := 0
	for _, want := range []string{"<h1>Letter 12: appointment booked</h1>", "S-3, seeker", "3, 1 of them without an answer", "<code>appointment_booked/A-9/x</code>",
		"at 4:31</time></span> Planned by the run appointments/2024-03-04 under policy 2024/abc", "at 5:31</time></span> To be sent from then on", "at 6:31</time></span> First tried",
		"at 7:30</time></span> Became deferred: the relay could not be reached", "at 8:00</time></span> Next try", "Wed 2024-03-06 at 7:31</time></span> Of no use after this"} {
		i := strings.Index(body[at:], want)
		if i < 0 {
			t.Fatalf("no %q, or not in its place", want)
		}
		at += i
	}
}
