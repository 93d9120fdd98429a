package oracletest

import (
	"slices"
	"strings"
	"testing"

	"vireilla/internal/notice"
	"vireilla/internal/smtptest"
)

func letter(state notice.State, unsure int) notice.Entry {
	return notice.Entry{Key: "k", To: "S-1", State: state, Why: "why", Unsure: unsure}
}

func messages(n int) (all []smtptest.Message) {
	for range n {
		all = append(all, smtptest.Message{MessageID: "id-k", To: []string{"kanaria.s1@example.org"}, Data: []byte("Date: today\r\n\r\ntext\r\n")})
	}
	return all
}

func TestEveryFaultIsFound(t *testing.T) {
	other, late := messages(1), messages(2)
	other[0].To = []string{"kanaria.s2@example.org"}
	late[1].Data = []byte("Date: tomorrow\r\n\r\ntext\r\n")
	silent := letter(notice.Held, 0)
	silent.Why = ""
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
		"a withdrawn one arrived": {[]notice.Entry{letter(notice.Withdrawn, 0)}, messages(1), "arrived 1 times"},
		"under way":               {[]notice.Entry{letter(notice.Sending, 1)}, messages(1), "still sending"},
		"waits":                   {[]notice.Entry{letter(notice.Pending, 0)}, nil, "still pending"},
		"no reason":               {[]notice.Entry{silent}, nil, "nothing says why"},
		"to another":              {[]notice.Entry{letter(notice.Sent, 0)}, other, "another than its own"},
		"another date":            {[]notice.Entry{letter(notice.Sent, 1)}, late, "was dated"},
		"two rows":                {[]notice.Entry{letter(notice.Sent, 0), letter(notice.Sent, 0)}, messages(1), "twice"},
		"of no row":               {[]notice.Entry{letter(notice.Sent, 0)}, append(messages(1), smtptest.Message{MessageID: "x", To: []string{"a"}}), "no letter of the outbox"},
	} {
		w := World{Accepted: c.accepted, Outbox: c.outbox, Planned: []string{"k"}, MessageID: func(key string) string { return "id-" + key },
			Owner: map[string]string{"kanaria.s1@example.org": "S-1", "kanaria.s2@example.org": "S-2"}}
		found := w.Faults()
		if c.want == "" && len(found) > 0 || c.want != "" && !slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, c.want) }) {
			t.Errorf("%s: %q, want %q", name, found, c.want)
		}
	}
}
