package web

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
)

func TestWhatIsWrongStandsFirstAndSaysWhatToDo(t *testing.T) {
	held := notice.HeldRun{RunRow: notice.RunRow{Kind: "digests", State: "held", Day: calendar.Date(2024, 3, 4), Planned: 4100}, Left: 4000}
	at := func(d time.Duration) time.Time { return monday.Add(-d) }
	nobody := func(context.Context) ([]Worker, error) { return nil, nil }
	gone := func(context.Context) ([]Worker, error) { return nil, errors.New("no route to redis") }
	for _, v := range []struct {
		name    string
		facts   fakeFacts
		workers func(context.Context) ([]Worker, error)
		bad     bool
		want    []string
	}{
		{"kill switch", fakeFacts{stopped: true, due: 12}, nil, true,
			[]string{"Letters are stopped", "12 letters are due", `href="/switch/start" class="button"`, "vireilla outbox start --yes", "<dd>on: stopped</dd>"}},
		{"restored", fakeFacts{behind: []string{"abc"}, due: 3, oldest: at(3 * time.Hour)}, nil, true,
			[]string{"The database is older than the send journal", "vireilla journal accept --yes", "import the newest feed"}},
		{"no worker", fakeFacts{}, nobody, true, []string{"No worker is running", "vireilla serve", "<dt>Workers alive</dt><dd>0</dd>"}},
		{"no queue", fakeFacts{}, gone, true, []string{"The queue cannot be used", "REDIS_URL", "<dt>Workers alive</dt><dd>not known</dd>"}},
		{"late letters", fakeFacts{due: manyDue, oldest: at(3*time.Hour + 12*time.Minute)}, nil, true,
			[]string{"Letters are late", "has been due for 3 hours 12 minutes", "1,000 or more letters are due", "<dd>for 3 hours 12 minutes</dd>"}},
		{"late letters between two tries", fakeFacts{oldest: at(10 * time.Hour)}, nil, true, []string{"Letters are late", "has been due for 10 hours. It waits for its next try."}},
		{"timetable", fakeFacts{lastTick: at(2 * time.Hour)}, nil, true, []string{"The timetable does not run", "was due to begin"}},
		{"relay", fakeFacts{reasons: []notice.Reason{{State: notice.Deferred, Why: "tls", N: 3}, {State: notice.Deferred, Why: "unreachable", N: 4}, {State: notice.Deferred, Why: "busy", N: 100}}},
			nil, true, []string{"The relay takes no letters", "7 letters of today could not go out", "SMTP_URL"}},
		{"held run", fakeFacts{heldRuns: []notice.HeldRun{held}}, nil, false, []string{"A run is held by the guard: digests, 2024-03-04", "4,100 letters", "4,000 would still be of use",
			`href="/letters?state=held&amp;day=2024-03-04"`, `href="/runs/digests/2024-03-04/release" class="button"`, "vireilla outbox release digests/2024-03-04 --yes", "holds 1 run"}},
		{"held letters", fakeFacts{held: 1}, nil, false, []string{"1 letter held for a person", `href="/letters?state=held&amp;day="`}},
		{"failed letters", fakeFacts{failed: 2}, nil, false, []string{"2 letters failed", `href="/letters?state=failed&amp;day="`}},
	} {
		t.Run(v.name, func(t *testing.T) {
			p := pages(&v.facts)
			p.Workers = v.workers
			body := get(t, p, "/")
			expect(t, body, v.want...)
			refuse(t, body, "All is well")
			class := map[bool]string{true: `class="notice bad"`, false: `class="notice warn"`}
			expect(t, body, class[v.bad])
			refuse(t, body, class[!v.bad])
			if problem, figures := strings.Index(body, class[v.bad]), strings.Index(body, "figures"); problem > figures {
				t.Error("the problem does not stand first")
			}
			p.Actions = nil
			refuse(t, get(t, p, "/"), `class="button"`, "<form")
		})
	}
}

func TestTheWorstComesFirst(t *testing.T) {
	body := get(t, pages(&fakeFacts{held: 1, failed: 1, stopped: true}), "/")
	if strings.Index(body, "notice bad") > strings.Index(body, "notice warn") {
		t.Error("a warning stands above what is bad")
	}
}

func TestWhatIsAsItShouldBeIsNoProblem(t *testing.T) {
	old := notice.HeldRun{RunRow: notice.RunRow{Kind: "digests", State: "held", Day: calendar.Date(2024, 2, 1), Planned: 4100}}
	for name, facts := range map[string]*fakeFacts{
		"letters go out at this moment": {due: 400, oldest: monday.Add(-late)},
		"a minute's tick is under way":  {lastTick: monday.Add(-late)},
		"nothing of a held run is left": {heldRuns: []notice.HeldRun{old}},
	} {
		p := pages(facts)
		p.Workers = func(context.Context) ([]Worker, error) {
			return []Worker{{Host: "w1", Process: 7, Busy: 2, Places: 10}}, nil
		}
		body := get(t, p, "/")
		if !strings.Contains(body, "All is well") {
			t.Errorf("%s: shown as a problem", name)
		}
		expect(t, body, `<th scope="row">w1</th><td class="n">7</td><td class="n">2 of 10</td>`)
	}
}

func TestTheLastDaysAreDrawnAndWritten(t *testing.T) {
	today := calendar.Date(2024, 3, 4)
	facts := &fakeFacts{days: map[calendar.Day]map[notice.State]int{
		today - 29: {notice.Sent: 1000, notice.Failed: 2, notice.Held: 1}, today - 3: {notice.Sent: 500}, today: {notice.Sent: 1, notice.Unsure: 1, notice.Withdrawn: 9}}}
	body := get(t, pages(facts), "/")
	expect(t, body, "Sent: 1,501 in all, at most 1,000 a day", "Not sent: failed, held, unsure or deferred: 4 in all, at most 3 a day", "<span>2024-02-04</span><span>2024-03-04</span>",
		`<rect x="0" y="0" width="8" height="100"><title>2024-02-04: 1,000</title></rect>`, `<rect x="260" y="50" width="8" height="50">`,
		`<rect x="290" y="97" width="8" height="3"><title>2024-03-04: 1</title></rect>`, `<rect x="290" y="67" width="8" height="33">`,
		`<tr><th scope="row"><a href="/letters?day=2024-02-04">2024-02-04</a></th><td class="n">1,000</td><td class="n">3</td></tr>`,
		`2024-02-05</a></th><td class="n">0</td><td class="n">0</td></tr>`)
	if n := strings.Count(body, "<rect"); n != 5 {
		t.Errorf("%d bars", n)
	}
}
