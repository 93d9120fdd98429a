package web

import (
	"context"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
	"vireilla/internal/test/browsertest"
)

// eventful is a program with something of everything on its pages.
func eventful() (*Pages, *told) {
	facts := &told{letters: inEveryState(), heldRuns: held(), stopped: true, due: manyDue, oldest: monday.Add(-3 * time.Hour), held: 2, failed: 3, lastTick: monday.Add(-time.Hour),
		tally:   map[string]map[notice.State]int{notice.AppointmentReminder: {}, notice.CoachDigest: {notice.Sent: 12500, notice.Failed: 3}},
		reasons: []notice.Reason{{State: notice.Deferred, Why: "unreachable", N: 40}, {State: notice.Withdrawn, Why: "superseded", N: 2}, {State: notice.Failed, Why: "rejected", N: 3}},
		skipped: map[string]int{"protected": 7, "no_address": 12},
		runs:    []notice.RunRow{{Kind: "digests", State: "open", Day: calendar.Date(2024, 3, 4), Planned: 1250}},
		days:    map[calendar.Day]map[notice.State]int{calendar.Date(2024, 3, 1): {notice.Sent: 800, notice.Failed: 2}}}
	for i, state := range notice.States() {
		facts.tally[notice.AppointmentReminder][state] = 1000 * i
		facts.letters[i].Why, facts.letters[i].Code, facts.letters[i].NextTry = "rejected", "550", "2024-03-04T06:00:00Z"
		facts.letters[i].Key = "appointment_reminder/A-2024-000812/2024-03-07T09:00/24h"
	}
	mails := threeMails()
	mails[0].Headers = [][2]string{{"Message-ID", "<0123456789abcdef0123456789abcdef0123456789abcdef@lahti.example.org>"}}
	p := pages(facts, mails...)
	p.Workers = func(context.Context) ([]Worker, error) {
		return []Worker{{Host: "worker-with-a-long-name-01.example.org", Process: 4711, Started: monday, Busy: 3, Places: 10}}, nil
	}
	return p, facts
}

func serve(t *testing.T, p *Pages) string {
	t.Helper()
	server := httptest.NewServer(Guard{}.Wrap(p.Handler()))
	t.Cleanup(server.Close)
	return server.URL
}

// TestEverybodyCanUseThePages looks at every page, wide and narrow, in the light and in the dark.
func TestEverybodyCanUseThePages(t *testing.T) {
	axe, b := browsertest.LoadAxe(t), browsertest.Start(t)
	p, _ := eventful()
	quiet := pages(&told{})
	loud, calm := serve(t, p), serve(t, quiet)
	for _, page := range []string{loud + "/", loud + "/?done=release", loud + "/letters", loud + "/letters?state=failed&day=&before=9", loud + "/letters?state=lost", loud + "/letters/6", loud + "/letters/7",
		loud + "/letters/5/retry", loud + "/letters/6/withdraw", loud + "/runs/digests/2024-03-04/release", loud + "/switch/start", loud + "/switch/stop", loud + "/nowhere",
		loud + "/inbox", loud + "/inbox/1", loud + "/inbox/1?width=phone", calm + "/", calm + "/letters"} {
		for _, width := range []int{1200, 360} {
			for _, dark := range []bool{false, true} {
				b.Look(width, dark)
				b.Open(page)
				where := fmt.Sprintf("%s, %d wide, dark %t", page, width, dark)
				b.Ask(`document.querySelectorAll("details").forEach(d => d.open = true)`, nil)
				for _, fault := range axe.Check(b) {
					t.Errorf("%s: %s", where, fault)
				}
				var wide int
				if b.Ask(`document.documentElement.scrollWidth`, &wide); wide > width {
					t.Errorf("%s: scrolls to %d", where, wide)
				}
				for _, said := range b.Told() {
					if page != loud+"/letters?state=lost" && page != loud+"/nowhere" { // there the status is told
						t.Errorf("%s: the browser says %s", where, said)
					}
				}
			}
		}
	}
}

// TestAxeFindsWhatIsWrong shows that the check can fail.
func TestAxeFindsWhatIsWrong(t *testing.T) {
	axe, b := browsertest.LoadAxe(t), browsertest.Start(t)
	b.Look(360, false)
	b.Open(serve(t, pages(&told{})) + "/letters")
	b.Ask(`document.querySelector("label").replaceWith(document.querySelector("#day"))`, nil)
	b.Ask(`document.querySelector("h1").style.color = "#ddd"`, nil)
	found := map[string]bool{}
	for _, fault := range axe.Check(b) {
		found[fault.ID] = true
	}
	if !found["label"] || !found["color-contrast"] {
		t.Errorf("a field without a label and pale text were not found: %v", found)
	}
}

// TestTheKeyboardIsEnough goes through the status page with Tab, and stops all letters with Enter.
func TestTheKeyboardIsEnough(t *testing.T) {
	b := browsertest.Start(t)
	facts := &told{letters: inEveryState()}
	b.Look(360, false)
	b.Open(serve(t, pages(facts)) + "/")
	type place struct {
		Text            string
		Outline, InView bool
	}
	for step := range 200 {
		b.Press("Tab")
		var at place
		b.Ask(`(() => { const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
			return {text: e.textContent.trim(), outline: s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2, inView: r.width > 0 && r.left >= 0 && r.bottom > 0 && r.top < innerHeight} })()`, &at)
		if !at.Outline || !at.InView {
			t.Errorf("the focus is not seen on step %d, %q", step, at.Text)
		}
		if step == 0 && at.Text != "Skip to the content" {
			t.Errorf("Tab leads first to %q", at.Text)
		}
		if at.Text == "Stop all letters" {
			break
		}
	}
	b.Follow(func() { b.Press("Enter") })
	var status string
	b.Ask(`document.querySelector("[role=status]").textContent`, &status)
	if len(facts.decided) != 1 || facts.decided[0] != "stopped true" || status != doneWords("stop") {
		t.Errorf("decided %v, said %q", facts.decided, status)
	}
}
