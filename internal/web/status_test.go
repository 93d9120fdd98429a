package web

import (
	"testing"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
)

func TestStatusTellsTheDay(t *testing.T) {
	facts := &fakeFacts{
		tally: map[string]map[notice.State]int{
			notice.AppointmentReminder: {notice.Sent: 118, notice.Failed: 3},
			notice.CoachDigest:         {notice.Sent: 1250},
		},
		runs: []notice.RunRow{{Kind: "digests", State: "open", Day: calendar.Date(2024, 3, 4), Planned: 1250}},
		due:  7,
	}
	body := get(t, pages(facts), "/")
	if facts.day != calendar.Date(2024, 3, 4) {
		t.Errorf("asked about %s", facts.day)
	}
	expect(t, body,
		`Letters planned on 2024-03-04`,
		`<th scope="col" class="n">sent</th><th scope="col" class="n">failed</th><th scope="col" class="n">all</th>`,
		`href="/letters?letter=appointment_reminder&amp;state=failed&amp;day=2024-03-04"`,
		`<tfoot><tr><th scope="row">all</th><td class="n">1,368</td><td class="n">3</td><td class="n">1,371</td></tr></tfoot>`,
		`<dt>Due now</dt><dd>7 letters</dd>`, `<dt>Kill switch</dt><dd>off</dd>`, `<dt>Blast guard</dt><dd>holds nothing</dd>`, `<span class="state open">let through</span>`,
	)
	refuse(t, body, "pending", "Letters are stopped", "held by the guard", "or more")
}

func TestTheTimetableIsInLocalTimeAlsoAcrossSummerTime(t *testing.T) {
	p := pages(&fakeFacts{})
	expect(t, get(t, p, "/"), `<time datetime="2024-03-05T07:30:00+02:00">Tue 2024-03-05 at 7:30</time>`)
	p.Clock = func() time.Time { return time.Date(2024, time.March, 30, 12, 0, 0, 0, time.UTC) }
	expect(t, get(t, p, "/"), `<time datetime="2024-03-31T07:30:00+03:00">Sun 2024-03-31 at 7:30</time>`)
}

func TestTheNightBelongsToTheLocalDay(t *testing.T) {
	facts := &fakeFacts{}
	p := pages(facts)
	// Half past midnight in Helsinki.
	p.Clock = func() time.Time { return time.Date(2024, time.March, 3, 22, 30, 0, 0, time.UTC) }
	get(t, p, "/")
	if facts.day != calendar.Date(2024, 3, 4) {
		t.Errorf("asked about %s", facts.day)
	}
}

func TestAnEmptyProgramHasAStatusToo(t *testing.T) {
	expect(t, get(t, pages(&fakeFacts{}), "/"), "No letter was planned on 2024-03-04", "There was no run yet", "All is well")
	refuse(t, get(t, pages(&fakeFacts{}), "/"), `class="notice bad"`, `class="notice warn"`)
}
