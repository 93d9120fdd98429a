package main

import (
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vireilla/internal/notice"
	"vireilla/internal/queue"
	"vireilla/internal/store/storetest"
	"vireilla/internal/test/smtptest"
	"vireilla/internal/test/syncbuf"
	"vireilla/internal/web"
)

// The relay's certificate is signed by nobody whom this machine knows.
func TestARelayThatCannotProveWhoItIsIsToldEverywhereAndGetsNothing(t *testing.T) {
	t.Parallel()
	relay := smtptest.Start(t, smtptest.WithSTARTTLS(), smtptest.WithLogin("user", "canary"))
	redis, closeQueue, err := queue.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	defer closeQueue()
	var log syncbuf.Buffer
	data := t.TempDir()
	env := &environment{ctx: t.Context(), out: &log, err: &log, commands: &commands{Data: data, LogLevel: "debug"}}
	clock := func() time.Time { return noon }
	a, err := env.build(options{database: "sqlite:" + filepath.Join(data, "v.db"), smtp: relay.URL(), from: "no-reply@example.org", redis: redis, ticks: "t", letters: "l", clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	feed := storetest.Small()
	feed["appointments.csv"] = storetest.Rows{{"appointment_id": "A-1", "seeker_id": "S-1", "coach_id": "C-1", "kind": "job_search_discussion", "minutes": int64(45), "mode": "office",
		"state": "booked", "starts_at": noon.AddDate(0, 0, 14).UnixMilli(), "booked_at": noon.Add(-time.Hour).UnixMilli()}}
	if _, err := storetest.Import(t, a.Store, feed, true, true); err != nil {
		t.Fatal(err)
	}
	if err := a.Workers.Scan.Run(t.Context(), "appointments", noon); err != nil {
		t.Fatal(err)
	}
	if err := a.Workers.Deliver.Run(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	letters, err := a.Store.Letters(t.Context(), notice.Filter{})
	if err != nil || len(letters) != 1 || letters[0].State != notice.Deferred || letters[0].Why != "tls" || letters[0].Tries != 1 {
		t.Fatalf("%+v, %v", letters, err)
	}
	if seen := relay.Seen(); seen["STARTTLS"] != 1 || seen["AUTH"]+seen["MAIL"] != 0 {
		t.Errorf("the relay heard %v", seen)
	}
	if text := log.String(); !strings.Contains(text, `"deferred tls":1`) || strings.Contains(text, "canary") {
		t.Errorf("log: %s", text)
	}
	expectMetric(t, a, `vireilla_relay_answers_total{class="tls"} 1`, `vireilla_letters_total{letter="appointment_booked",state="deferred"} 1`)
	page := httptest.NewRecorder()
	(&web.Pages{Facts: a.Store, Actions: a.Store, Clock: clock, Policy: a.Policy, Log: a.Log}).Handler().ServeHTTP(page, httptest.NewRequest("GET", "/", nil))
	if body := page.Body.String(); !strings.Contains(body, "The relay takes no letters") || !strings.Contains(body, "1 letter of today could not go out") {
		t.Errorf("the status page says\n%s", body)
	}
}

func expectMetric(t *testing.T, a *app, lines ...string) {
	t.Helper()
	probes, err := a.probes()
	if err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	probes.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	for _, line := range lines {
		if !strings.Contains(answer.Body.String(), line+"\n") {
			t.Errorf("no metric %s", line)
		}
	}
}
