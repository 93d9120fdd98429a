package workers

import (
	"context"
	"errors"
	"slices"
	"testing"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
	"vireilla/internal/test/smtptest"
)

func TestTheWatchmanHearsHowTheDigestsGo(t *testing.T) {
	h := newHouse(t)
	var heard []string
	away := false
	p := &Ping{Policy: h.scan.Policy, Outbox: h.DB, Log: h.scan.Log, Call: func(_ context.Context, what string) error {
		if away {
			return errors.New("no route")
		}
		heard = append(heard, what)
		return nil
	}}
	look := func(at string, want ...string) {
		t.Helper()
		h.set(at)
		for range 2 { // the second has nothing new to say
			h.well(p.Check(t.Context(), h.clock()))
		}
		if !slices.Equal(heard, want) {
			t.Errorf("%s: heard %q, want %q", at, heard, want)
		}
		heard = nil
	}
	h.put("seekers.csv", seeker("S-1"))
	look("2024-03-05 07:29")
	h.plan("2024-03-05 07:30")
	look("2024-03-05 07:31", "/start")
	h.send()
	away = true
	look("2024-03-05 07:32")
	away = false
	look("2024-03-05 07:33", "")

	h.put("seekers.csv", seeker("S-2"))
	h.mail.Set(smtptest.Rcpt, smtptest.Reply("450 4.2.1 later"))
	h.plan("2024-03-06 07:30")
	h.send()
	look("2024-03-06 07:40", "/start")
	look("2024-03-06 09:31", "/fail") // two hours, and a letter still waits
	h.mail.Set(smtptest.Rcpt)
	h.at("2024-03-06 12:00")
	look("2024-03-06 12:01", "")

	h.put("seekers.csv", seeker("S-3"))
	h.plan("2024-03-07 07:30")
	waiting, err := h.Letters(t.Context(), notice.Filter{State: "pending"})
	h.well(err)
	h.well(h.Withdraw(t.Context(), h.clock(), waiting[0].ID))
	look("2024-03-07 07:31", "") // withdrawn is an end too
	if became, _, err := h.RunCounts(t.Context(), "digests", calendar.Date(2024, 3, 7)); err != nil || became["withdrawn"] != 1 {
		t.Errorf("became %v, %v", became, err)
	}
}
