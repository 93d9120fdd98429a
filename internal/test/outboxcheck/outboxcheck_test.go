package outboxcheck

import (
	"slices"
	"strings"
	"testing"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
	"vireilla/internal/test/smtptest"
)

func letter(state notice.State, unsure int) notice.Entry {
	return notice.Entry{Key: "k", To: "S-1", State: state, Why: "why", Unsure: unsure, Run: "digests/2024-03-04"}
}

func messages(n int) (all []smtptest.Message) {
	for range n {
		all = append(all, smtptest.Message{MessageID: "id-k", To: []string{"kanaria.s1@example.org"},
			Data: []byte("Date: today\r\n\r\ntext\r\n")})
	}
	return all
}

func TestEveryFaultIsFound(t *testing.T) {
	other, late := messages(1), messages(2)
	other[0].To = []string{"kanaria.s2@example.org"}
	late[1].Data = []byte("Date: tomorrow\r\n\r\ntext\r\n")
	silent := letter(notice.Held, 0)
	silent.Why = ""
	gossip := messages(1)
	gossip[0].Data = []byte("Date: today\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nHei KanariaS1! Kana=\r\nriaS2\r\n")
	for name, c := range map[string]struct {
		outbox   []notice.Entry
		accepted []smtptest.Message
		want     string
	}{
		"well":                    {[]notice.Entry{letter(notice.Sent, 0)}, messages(1), ""},
		"once more when unsure":   {[]notice.Entry{letter(notice.Sent, 1)}, messages(2), ""},
		"held after two":          {[]notice.Entry{letter(notice.Held, 2)}, messages(2), ""},
		"lost":                    {[]notice.Entry{letter(notice.Sent, 0)}, nil, "arrived 0 times"},
		"not booked":              {nil, nil, "k is not in the outbox"},
		"twice":                   {[]notice.Entry{letter(notice.Sent, 0)}, messages(2), "arrived 2 times"},
		"three times":             {[]notice.Entry{letter(notice.Sent, 1)}, messages(3), "arrived 3 times"},
		"three, unsure twice":     {[]notice.Entry{letter(notice.Sent, 2)}, messages(3), "arrived 3 times"},
		"held after three":        {[]notice.Entry{letter(notice.Held, 3)}, messages(3), "arrived 3 times"},
		"a withdrawn one arrived": {[]notice.Entry{letter(notice.Withdrawn, 0)}, messages(1), "arrived 1 times"},
		"withdrawn when unsure":   {[]notice.Entry{letter(notice.Withdrawn, 1)}, messages(1), ""},
		"withdrawn, yet twice":    {[]notice.Entry{letter(notice.Withdrawn, 1)}, messages(2), "arrived 2 times"},
		"refused, yet arrived":    {[]notice.Entry{letter(notice.Failed, 0)}, messages(1), "arrived 1 times"},
		"names another":           {[]notice.Entry{letter(notice.Sent, 0)}, gossip, "names another seeker"},
		"under way":               {[]notice.Entry{letter(notice.Sending, 1)}, messages(1), "still sending"},
		"waits":                   {[]notice.Entry{letter(notice.Pending, 0)}, nil, "still pending"},
		"no reason":               {[]notice.Entry{silent}, nil, "nothing says why"},
		"to another":              {[]notice.Entry{letter(notice.Sent, 0)}, other, "another than its own"},
		"another date":            {[]notice.Entry{letter(notice.Sent, 1)}, late, "was dated"},
		"two rows":                {[]notice.Entry{letter(notice.Sent, 0), letter(notice.Sent, 0)}, messages(1), "twice"},
		"of no row": {[]notice.Entry{letter(notice.Sent, 0)},
			append(messages(1), smtptest.Message{MessageID: "x", To: []string{"a"}}), "no letter of the outbox"},
	} {
		w := World{Accepted: c.accepted, Outbox: c.outbox, Planned: []string{"k"}, MessageID: id,
			Owner: map[string]string{"kanaria.s1@example.org": "S-1",
				"kanaria.s2@example.org": "S-2"}, Runs: []notice.RunRow{run("digests")}, Days: []string{"digests/2024-03-04"}, Said: []string{"all is well"}}
		found := w.Faults()
		if c.want == "" && len(found) > 0 || c.want != "" &&
			!slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, c.want) }) {
			t.Errorf("%s: %q, want %q", name, found, c.want)
		}
	}
}

func id(key string) string { return "id-" + key }

func run(kind string) notice.RunRow {
	return notice.RunRow{Kind: kind, Day: calendar.Date(2024, time.March, 4), Planned: 2}
}

func TestEveryFaultOfARunAndOfALogIsFound(t *testing.T) {
	idle := run("digests")
	idle.Planned = 0
	for name, c := range map[string]struct {
		runs []notice.RunRow
		said string
		want []string
	}{
		"a run twice": {[]notice.RunRow{run("digests"), run("leads"), run("leads")}, "",
			[]string{"run leads/2024-03-04 is there twice"}},
		"no run": {[]notice.RunRow{run("digests")}, "", []string{"run leads/2024-03-04 is missing on its day"}},
		"letters of no run": {[]notice.RunRow{run("leads")}, "",
			[]string{"run digests/2024-03-04 is missing, and has 1 letters"}},
		"a run that lies": {[]notice.RunRow{idle, run("leads")}, "",
			[]string{"run digests/2024-03-04 planned 0 letters and has 1"}},
		"a leak": {[]notice.RunRow{run("digests"), run("leads")}, "to <kanaria.s1@example.org>",
			[]string{"what was said names somebody in line 1 of 1 such lines: to …"}},
		"well": {[]notice.RunRow{run("digests"), run("leads")}, "all is well", nil},
	} {
		w := World{Accepted: messages(1), Outbox: []notice.Entry{letter(notice.Sent, 0)}, MessageID: id, Runs: c.runs,
			Days: []string{"leads/2024-03-04"}, Said: []string{c.said}}
		if found := w.Faults(); !slices.Equal(found, c.want) {
			t.Errorf("%s: %q, want %q", name, found, c.want)
		}
	}
}
