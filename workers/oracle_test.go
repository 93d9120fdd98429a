package workers

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"vireilla/internal/notice"
	"vireilla/internal/test/leaks"
	"vireilla/internal/test/outboxcheck"
	"vireilla/internal/test/smtptest"
)

// outboxByID gives the outbox by Message-ID.
func (h *house) outboxByID() map[string]notice.Entry {
	h.t.Helper()
	entries, err := h.Letters(context.Background(), notice.Filter{}) // also when the test is over
	h.well(err)
	byID := map[string]notice.Entry{}
	for _, e := range entries {
		byID[MessageID(e.Key, sender)] = e
	}
	return byID
}

// arrived expects the letters that the mail server took since the last look, by their keys.
func (h *house) arrived(want ...string) {
	h.t.Helper()
	byID := h.outboxByID()
	got := []string{}
	for _, m := range h.news() {
		got = append(got, byID[m.MessageID].Key)
	}
	h.same("the letters that arrived", got, want)
}

// arrivedWith expects the letters that the server took since the last look: by its key, what each says; and what none
// says.
func (h *house) arrivedWith(want map[string]string, never string) {
	h.t.Helper()
	byID := h.outboxByID()
	got := []string{}
	for _, m := range h.news() {
		key, text := byID[m.MessageID].Key, outboxcheck.Readable(m)
		got = append(got, key)
		if !strings.Contains(text, want[key]) || strings.Contains(text, never) {
			h.t.Errorf("%s says %q or not %q:\n%s", key, never, want[key], text)
		}
	}
	h.same("the letters that arrived", got, slices.Collect(maps.Keys(want)))
}

// news gives the messages that were accepted since the last look.
func (h *house) news() []smtptest.Message {
	accepted := h.mail.Accepted()
	fresh := accepted[h.seen:]
	h.seen = len(accepted)
	return fresh
}

// outbox expects the whole outbox: state, key, and what else is known of a letter that is not out.
func (h *house) outbox(want ...string) {
	h.t.Helper()
	got := []string{}
	for _, e := range h.outboxByID() {
		line := string(e.State) + " " + e.Key
		if e.State != notice.Sent {
			line = strings.Join(strings.Fields(line+" "+e.Code+" "+e.Why), " ")
		}
		got = append(got, line)
	}
	h.same("the outbox", got, want)
}

func (h *house) same(what string, got, want []string) {
	h.t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		h.t.Fatalf("at %s %s:\n got %s\nwant %s", h.clock().Format("2006-01-02 15:04"), what, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

// check lets the story come to its end, and holds what the server accepted against the outbox and the runs. Nothing
// that was logged names anybody.
func (h *house) check() {
	h.t.Helper()
	over := h.end()
	runs, err := h.Runs(context.Background(), 1000) // also when the test is over
	h.well(err)
	world := outboxcheck.World{Accepted: h.mail.Accepted(), Outbox: slices.Collect(maps.Values(h.outboxByID())), Owner: h.owns, Open: !over, Runs: runs, Days: h.days,
		MessageID: func(key string) string { return MessageID(key, sender) }, Said: []string{h.log.String()}}
	for _, fault := range world.Faults() {
		h.t.Error(fault)
	}
}

// end is what comes after a story: another process, a relay that takes every letter, and time enough. It tells whether
// letters may go out at all: not while the database is behind.
func (h *house) end() bool {
	h.t.Helper()
	ctx := context.Background()
	h.well(h.SetKillSwitch(ctx, false))
	h.mail.Mend()
	set, err := letters()
	h.well(err)
	deliver := h.newWorkers(ctx, set).Deliver
	for range 100 {
		behind, err := h.StaleBy(ctx)
		h.well(err)
		if len(behind) > 0 {
			return false
		}
		waiting := 0
		for _, e := range h.outboxByID() {
			if slices.Contains([]notice.State{notice.Pending, notice.Sending, notice.Deferred, notice.Unsure}, e.State) {
				waiting++
			}
		}
		if waiting == 0 {
			break
		}
		due, err := h.NextDue(ctx)
		h.well(err)
		if next := h.clock().Add(time.Minute); due.Before(next) {
			due = next
		}
		h.turn(due)
		_, err = h.FreeStuck(ctx, due, nil)
		h.well(err)
		h.well(deliver.Run(ctx, nil))
	}
	return true
}

// nobodyIn looks for names and addresses where there must be none.
func (h *house) nobodyIn(what, text string) {
	h.t.Helper()
	leaks.Nobody(h.t, what, text)
}
