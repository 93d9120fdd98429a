package workers

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"mime/quotedprintable"
	"regexp"
	"slices"
	"strings"
	"sync"

	"vireilla/internal/notice"
	"vireilla/internal/smtptest"
)

// journal is a log that several goroutines write.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// outboxByID gives the outbox by Message-ID.
func (h *house) outboxByID() map[string]notice.Entry {
	h.t.Helper()
	entries, err := h.Letters(context.Background(), notice.Filter{}) // also when the test is over
	h.well(err)
	byID := map[string]notice.Entry{}
	for _, e := range entries {
		byID[messageID(e.Key, sender)] = e
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

// arrivedWith expects the letters that the server took since the last look: by its key, what each says; and what none says.
func (h *house) arrivedWith(want map[string]string, never string) {
	h.t.Helper()
	byID := h.outboxByID()
	got := []string{}
	for _, m := range h.news() {
		key, text := byID[m.MessageID].Key, readable(m)
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

// check holds what the server accepted against the outbox: every sent letter arrived, once or as often as it was unsure more; nothing else did; each went to an
// address of its recipient and names no other seeker; and nothing that was logged names anybody.
func (h *house) check() {
	h.t.Helper()
	byID := h.outboxByID()
	times, dates := map[string]int{}, map[string]string{}
	for _, m := range h.mail.Accepted() {
		e, known := byID[m.MessageID]
		if !known {
			h.t.Errorf("message %d belongs to no letter of the outbox", m.Seq)
		}
		times[m.MessageID]++
		if len(m.To) != 1 || h.owns[m.To[0]] != e.To {
			h.t.Errorf("%s went to %v", e.Key, m.To)
		}
		date := header(m, "Date")
		if before := dates[m.MessageID]; before != "" && before != date {
			h.t.Errorf("%s was dated %s, then %s", e.Key, before, date)
		}
		dates[m.MessageID] = date
		for _, name := range regexp.MustCompile(`(?i)kanarias\d+`).FindAllString(readable(m), -1) {
			if !strings.EqualFold(name, "kanaria"+bare(e.To)) {
				h.t.Errorf("%s names %s", e.Key, name)
			}
		}
	}
	for id, e := range byID {
		least, most := 0, e.Unsure
		if e.State == notice.Sent {
			least, most = 1, 1+e.Unsure
		}
		if n := times[id]; n < least || n > most {
			h.t.Errorf("%s is %s and arrived %d times", e.Key, e.State, n)
		}
	}
	h.nobodyIn("the log", h.log.String())
}

// nobodyIn looks for names and addresses where there must be none.
func (h *house) nobodyIn(what, text string) {
	h.t.Helper()
	if i := strings.Index(strings.ToLower(text), "kanaria"); i >= 0 {
		h.t.Errorf("%s names somebody: %s", what, text[max(0, i-200):min(len(text), i+100)])
	}
}

func header(m smtptest.Message, name string) string {
	for line := range strings.SplitSeq(string(m.Data), "\r\n") {
		if value, ok := strings.CutPrefix(line, name+": "); ok {
			return value
		}
	}
	return ""
}

// readable is a message with its quoted-printable lines put together.
func readable(m smtptest.Message) string {
	text, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(m.Data)))
	return fmt.Sprint(string(text), err)
}
