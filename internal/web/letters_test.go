package web

import (
	"net/http"
	"testing"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
)

func TestLettersAreThoseOfTodayUnlessAskedOtherwise(t *testing.T) {
	for target, want := range map[string]notice.Filter{
		"/letters":                               {Day: calendar.Date(2024, 3, 4), Limit: longest + 1},
		"/letters?day=":                          {Limit: longest + 1},
		"/letters?day=2024-02-29&letter=&state=": {Day: calendar.Date(2024, 2, 29), Limit: longest + 1},
		"/letters?state=held&letter=coach_digest&day=": {State: "held", Letter: "coach_digest", Limit: longest + 1},
	} {
		facts := &told{}
		expect(t, get(t, pages(facts), target), "No letter is like that.")
		if facts.asked != want {
			t.Errorf("%s asks for %+v, want %+v", target, facts.asked, want)
		}
	}
}

func TestWhatTheFormCannotMeanIsRefused(t *testing.T) {
	for _, target := range []string{"/letters?state=lost", "/letters?letter=bill", "/letters?day=2024-02-30", "/letters?day=today"} {
		facts := &told{}
		if answer := ask(t, pages(facts), http.MethodGet, target); answer.Code != http.StatusBadRequest || facts.asked != (notice.Filter{}) {
			t.Errorf("%s: %d", target, answer.Code)
		}
	}
}

func TestALetterIsListedWithIdsStateAndCode(t *testing.T) {
	facts := &told{letters: []notice.Entry{
		{ID: 7, Key: "appointment_reminder/A-812/2024-03-07T09:00/24h", To: "S-00012", Role: "seeker", State: notice.Deferred, Tries: 2,
			NextTry: "2024-03-04T05:45:00Z", Code: "451", Why: "temporary_no"},
		{ID: 8, Key: "coach_digest/C-07/2024-03-04", To: "C-07", Role: "coach", State: notice.Sent, Tries: 1, Code: "250"},
	}}
	body := get(t, pages(facts), "/letters?state=sent")
	expect(t, body, "appointment_reminder/A-812/2024-03-07T09:00/24h", "S-00012", `<span class="state deferred">deferred</span>`,
		`>Mon 4 March 2024 at 7:45</time>`, `451 <span class="aside">temporary no</span>`, "2 letters, oldest first", "<option selected>sent</option>",
		`data-name="Next try"></td>`, `value="2024-03-04"`)
	refuse(t, body, "There are more")
}

func TestALongListEndsAndSaysSo(t *testing.T) {
	facts := &told{letters: make([]notice.Entry, longest)}
	refuse(t, get(t, pages(facts), "/letters"), "There are more")
	facts.letters = append(facts.letters, notice.Entry{Key: "one too many"})
	body := get(t, pages(facts), "/letters")
	expect(t, body, "There are more: these are the oldest 500", "500 letters")
	refuse(t, body, "one too many")
}

func TestHostileLettersAreOnlyText(t *testing.T) {
	evil := `"><script>alert(1)</script>`
	facts := &told{
		letters: []notice.Entry{{Key: evil, To: evil, Role: evil, State: notice.State(evil), NextTry: evil, Code: evil, Why: evil}},
		runs:    []notice.RunRow{{Kind: evil, State: "held"}, {Kind: evil, State: evil}},
		tally:   map[string]map[notice.State]int{evil: {notice.Sent: 1}},
	}
	for _, target := range []string{"/", "/letters"} {
		refuse(t, get(t, pages(facts), target), "<script")
	}
	refuse(t, ask(t, pages(facts), http.MethodGet, "/letters?day=%22%3E%3Cscript%3E").Body.String(), "<script")
}
