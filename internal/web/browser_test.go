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
func eventful() (*Pages, *fakeFacts) {
	facts := &fakeFacts{letters: inEveryState(), heldRuns: held(), stopped: true, due: manyDue, oldest: monday.Add(-3 * time.Hour), held: 2, failed: 3, lastTick: monday.Add(-time.Hour),
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

// TestPagesInABrowser starts one browser for all its subtests, because a start takes seconds.
func TestPagesInABrowser(t *testing.T) {
	axe, b := browsertest.LoadAxe(t), browsertest.Start(t)
	t.Run("everybody can use the pages", func(t *testing.T) { checkEveryPage(t, axe, b.For(t)) })
	t.Run("axe finds what is wrong", func(t *testing.T) { checkAxeFinds(t, axe, b.For(t)) })
	t.Run("the keyboard is enough", func(t *testing.T) { checkKeyboard(t, b.For(t)) })
}

// checkEveryPage checks every page, wide and light, and narrow and dark. Each page is loaded once: the browser lays it
// out again for each view.
func checkEveryPage(t *testing.T, axe browsertest.Axe, b *browsertest.Browser) {
	p, _ := eventful()
	full, quiet := serve(t, p), serve(t, pages(&fakeFacts{}))
	// The browser reports the status of these pages as a problem, and it should.
	refused := map[string]bool{full + "/letters?state=lost": true, full + "/nowhere": true}
	for _, page := range []string{full + "/", full + "/letters", full + "/letters?state=failed&day=&before=9",
		full + "/letters?state=lost", full + "/letters/6", full + "/letters/7?done=retry",
		full + "/letters/5/retry", full + "/letters/6/withdraw", full + "/runs/digests/2024-03-04/release",
		full + "/switch/start", full + "/switch/stop", full + "/nowhere",
		full + "/inbox", full + "/inbox/1", full + "/inbox/1?width=phone", quiet + "/", quiet + "/letters"} {
		b.Open(page)
		axe.Load(b)
		b.Eval(`document.querySelectorAll("details").forEach(d => d.open = true)`, nil)
		for width, dark := range map[int]bool{1200: false, 360: true} {
			b.SetView(width, dark)
			where := fmt.Sprintf("%s, %d wide, dark %t", page, width, dark)
			for _, fault := range axe.Check(b) {
				t.Errorf("%s: %s", where, fault)
			}
			var scroll int
			if b.Eval(`document.documentElement.scrollWidth`, &scroll); scroll > width {
				t.Errorf("%s: scrolls to %d", where, scroll)
			}
		}
		if problems := b.Problems(); len(problems) > 0 && !refused[page] {
			t.Errorf("%s: the browser reports %v", page, problems)
		}
	}
}

// checkAxeFinds shows that the checks can fail, also in the dark after a page was opened in the light.
func checkAxeFinds(t *testing.T, axe browsertest.Axe, b *browsertest.Browser) {
	b.SetView(360, false)
	b.Open(serve(t, pages(&fakeFacts{})) + "/letters")
	axe.Load(b)
	faults := func() map[string]bool {
		found := map[string]bool{}
		for _, fault := range axe.Check(b) {
			found[fault.ID] = true
		}
		return found
	}
	b.Eval(`document.querySelector("h1").style.color = "#222"`, nil)
	if found := faults(); len(found) > 0 {
		t.Errorf("dark text on light paper: %v", found)
	}
	b.SetView(360, true)
	if found := faults(); !found["color-contrast"] {
		t.Errorf("dark text on dark paper was not found: %v", found)
	}
	b.SetView(360, false)
	b.Eval(`document.querySelector("label").replaceWith(document.querySelector("#day"))`, nil)
	b.Eval(`document.querySelector("h1").style.color = "#ddd"`, nil)
	if found := faults(); !found["label"] || !found["color-contrast"] {
		t.Errorf("a field without a label and pale text were not found: %v", found)
	}
}

// checkKeyboard goes through the status page with Tab, and stops all letters with Enter.
func checkKeyboard(t *testing.T, b *browsertest.Browser) {
	facts := &fakeFacts{letters: inEveryState()}
	b.SetView(360, false)
	b.Open(serve(t, pages(facts)) + "/")
	type place struct {
		Text            string
		Outline, InView bool
	}
	for step := range 200 {
		b.Press("Tab")
		var at place
		b.Eval(`(() => { const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
			return {text: e.textContent.trim(), outline: s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2,
				inView: r.width > 0 && r.left >= 0 && r.bottom > 0 && r.top < innerHeight} })()`, &at)
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
	b.Eval(`document.querySelector("[role=status]").textContent`, &status)
	if len(facts.decided) != 1 || facts.decided[0] != "stopped true" || status != doneText("stop") {
		t.Errorf("decided %v, said %q", facts.decided, status)
	}
}
