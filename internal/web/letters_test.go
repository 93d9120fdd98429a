package web

import (
	"html"
	"net/http"
	"strings"
	"testing"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
)

func TestLettersAreThoseOfTodayUnlessAskedOtherwise(t *testing.T) {
	for target, want := range map[string]notice.Filter{
		"/letters":                                               {Day: calendar.Date(2024, 3, 4)},
		"/letters?state=failed&day=":                             {State: "failed"},
		"/letters?to=S-7":                                        {To: "S-7"},
		"/letters?to=S-7&day=2024-02-29":                         {To: "S-7", Day: calendar.Date(2024, 2, 29)},
		"/letters?day=2024-02-29&letter=&state=":                 {Day: calendar.Date(2024, 2, 29)},
		"/letters?state=held&letter=coach_digest&day=&before=77": {State: "held", Letter: "coach_digest", Before: 77},
	} {
		want.Newest, want.Limit = true, pageSize+1
		facts := &fakeFacts{}
		expect(t, get(t, pages(facts), target), "No letter is like that")
		if facts.asked != want {
			t.Errorf("%s asks for %+v, want %+v", target, facts.asked, want)
		}
	}
}

func TestWhatTheFormCannotMeanIsRefused(t *testing.T) {
	for _, target := range []string{"/letters?state=lost", "/letters?letter=bill", "/letters?day=2024-02-30", "/letters?day=today", "/letters?day=",
		"/letters?day=&state=sent", "/letters?day=&letter=coach_digest", "/letters?before=x", "/letters?before=-1"} {
		facts := &fakeFacts{}
		if answer := ask(t, pages(facts), http.MethodGet, target); answer.Code != http.StatusBadRequest || facts.asked != (notice.Filter{}) {
			t.Errorf("%s: %d", target, answer.Code)
		}
	}
}

func TestALetterIsListedWithIdsStateAndCode(t *testing.T) {
	facts := &fakeFacts{letters: []notice.Entry{
		{ID: 7, Key: "appointment_reminder/A-812/2024-03-07T09:00/24h", To: "S-00012", Role: "seeker", State: notice.Deferred, Tries: 2,
			NextTry: "2024-03-04T05:45:00Z", Code: "451", Why: "busy"},
		{ID: 8, Key: "coach_digest/C-07/2024-03-04", To: "C-07", Role: "coach", State: notice.Sent, Tries: 1, Code: "250"},
	}}
	body := get(t, pages(facts), "/letters?state=sent")
	expect(t, body, `<a href="/letters/7" aria-label="Letter 7">7</a>`, "S-00012", `<span class="state deferred">deferred</span>`, ">Mon 2024-03-04 at 7:45</time>",
		`asks to try again later <span class="aside">(SMTP 451)</span>`, "<option selected>sent</option>", `value="2024-03-04"`, "sent, planned on 2024-03-04; newest first")
	refuse(t, body, "Older", "Newest")
}

func TestALongListGoesOnOnTheNextPage(t *testing.T) {
	facts := &fakeFacts{}
	for i := range int64(2*pageSize + 1) {
		facts.letters = append(facts.letters, notice.Entry{ID: 500 - i, State: notice.Failed})
	}
	p := pages(facts)
	seen, pages := 0, 0
	for target := "/letters?state=failed&day="; target != ""; pages++ {
		body := get(t, p, target)
		seen += strings.Count(body, `<a href="/letters/`)
		if (pages > 0) != strings.Contains(body, ">Newest</a>") {
			t.Errorf("page %d leads to the newest: %t", pages, pages == 0)
		}
		_, rest, more := strings.Cut(body, `<a href="/letters?before=`)
		if target = ""; more {
			rest, _, _ = strings.Cut(rest, `"`)
			target = "/letters?before=" + html.UnescapeString(rest)
		}
	}
	if seen != len(facts.letters) || pages != 3 {
		t.Errorf("%d letters on %d pages, want %d on 3", seen, pages, len(facts.letters))
	}
}

func TestHostileLettersAreOnlyText(t *testing.T) {
	evil := `"><script>alert(1)</script>`
	facts := &fakeFacts{
		letters:  []notice.Entry{{ID: 1, Key: evil, Letter: evil, Run: evil, Policy: evil, To: evil, Role: evil, State: notice.State(evil), NextTry: evil, Code: evil, Why: evil}},
		runs:     []notice.RunRow{{Kind: evil, State: evil}},
		heldRuns: []notice.HeldRun{{RunRow: notice.RunRow{Kind: evil}, Left: 1}},
		reasons:  []notice.Reason{{State: notice.State(evil), Why: evil, N: 1}},
		skipped:  map[string]int{evil: 1},
		tally:    map[string]map[notice.State]int{evil: {notice.Sent: 1}},
	}
	for _, target := range []string{"/", "/letters", "/letters/1", "/letters?to=%22%3E%3Cscript%3E&state=failed"} {
		refuse(t, get(t, pages(facts), target), "<script")
	}
	refuse(t, ask(t, pages(facts), http.MethodGet, "/letters?day=%22%3E%3Cscript%3E").Body.String(), "<script")
}
