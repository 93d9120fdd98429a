// Package outboxcheck holds what a mail server accepted against what the outbox says of it. Every test of faults ends with it.
package outboxcheck

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"mime/quotedprintable"
	"regexp"
	"slices"
	"strings"

	"vireilla/internal/notice"
	"vireilla/internal/test/leaks"
	"vireilla/internal/test/markers"
	"vireilla/internal/test/smtptest"
)

// World is what is left when a story is over.
type World struct {
	Accepted  []smtptest.Message
	Outbox    []notice.Entry
	MessageID func(key string) string
	Planned   []string          // keys that must be in the outbox; nil when the test does not know them
	Open      bool              // the story may end anywhere: letters may still wait
	Owner     map[string]string // to whom an address belongs, or belonged; nil when the test does not know
	Runs      []notice.RunRow   // all there are
	Days      []string          // the runs that there must be, as kind/day; nil when the test does not know them
	Said      []string          // what was written where nobody may be named
}

// twice is how often one letter arrives at the most, however often nobody knew whether it had: from then on a person decides.
const twice = 2

// Faults are the sentences that do not hold, each with the letter's key; none when all is well:
//
//   - a planned letter was accepted, or stands as failed, held, unsure or withdrawn with its reason, and nothing waits for a dead worker;
//   - a sent letter was accepted once, and once more at the most when it was unsure;
//   - nothing was accepted of any other letter, except of one that was unsure;
//   - each went to its one recipient and names no other seeker, and when it came again it came with the same date;
//   - each run is there once, and knows of its letters;
//   - nobody is named where nobody may be.
func (w *World) Faults() []string {
	var found []string
	fault := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	byID, keys := map[string]notice.Entry{}, map[string]bool{}
	for _, e := range w.Outbox {
		byID[w.MessageID(e.Key)] = e
		if keys[e.Key] {
			fault("%s is in the outbox twice", e.Key)
		}
		keys[e.Key] = true
		if !w.Open {
			ended(e, fault)
		}
	}
	for _, key := range w.Planned {
		if !keys[key] {
			fault("%s is not in the outbox", key)
		}
	}
	times := w.arrived(byID, fault)
	for id, e := range byID {
		least, most := 0, e.Unsure
		if e.State == notice.Sent {
			least, most = 1, 1+e.Unsure
		}
		if n := times[id]; n < least || n > min(most, twice) {
			fault("%s is %s, was unsure %d times and arrived %d times", e.Key, e.State, e.Unsure, n)
		}
	}
	w.runs(fault)
	for _, text := range w.Said {
		if leak := leaks.Leak("what was said", text); leak != "" {
			fault("%s", leak)
		}
	}
	slices.Sort(found)
	return found
}

// runs expects each run once, and as many letters of it as it says.
func (w *World) runs(fault func(string, ...any)) {
	letters, there := map[string]int{}, map[string]int{}
	for _, e := range w.Outbox {
		letters[e.Run]++
	}
	for _, r := range w.Runs {
		name := r.Kind + "/" + r.Day.String()
		if there[name]++; there[name] > 1 {
			fault("run %s is there twice", name)
		}
		if letters[name] > r.Planned { // fewer when one was planned again by another run
			fault("run %s planned %d letters and has %d", name, r.Planned, letters[name])
		}
	}
	for name, n := range letters {
		if w.Runs != nil && there[name] == 0 && name != "" { // what a send journal knew alone has no run
			fault("run %s is missing, and has %d letters", name, n)
		}
	}
	for _, name := range w.Days {
		if there[name] == 0 {
			fault("run %s is missing on its day", name)
		}
	}
}

// ended expects that nothing of a letter waits.
func ended(e notice.Entry, fault func(string, ...any)) {
	switch e.State {
	case notice.Sent:
	case notice.Failed, notice.Held, notice.Unsure, notice.Withdrawn:
		if e.Why == "" {
			fault("%s is %s, and nothing says why", e.Key, e.State)
		}
	default:
		fault("%s is still %s", e.Key, e.State)
	}
}

// arrived counts what arrived by Message-ID, and looks at each.
func (w *World) arrived(byID map[string]notice.Entry, fault func(string, ...any)) map[string]int {
	times, dates := map[string]int{}, map[string]string{}
	for _, m := range w.Accepted {
		e, known := byID[m.MessageID]
		if !known {
			fault("message %d belongs to no letter of the outbox", m.Seq)
		}
		times[m.MessageID]++
		if len(m.To) != 1 || w.Owner != nil && w.Owner[m.To[0]] != e.To {
			fault("%s went to %d recipients, or to another than its own", e.Key, len(m.To))
		}
		for _, name := range named.FindAllStringSubmatch(Readable(m), -1) {
			if !strings.EqualFold(name[1], strings.ReplaceAll(e.To, "-", "")) {
				fault("%s names another seeker", e.Key)
			}
		}
		date := Header(m, "Date")
		if before := dates[m.MessageID]; before != "" && before != date {
			fault("%s was dated %s, then %s", e.Key, before, date)
		}
		dates[m.MessageID] = date
	}
	return times
}

// named finds the seekers whom a letter names: the mark of people, with the id of the seeker behind it, in a name or an address.
var named = regexp.MustCompile(`(?i)` + markers.Word + `\.?(s\d+)`)

// Readable is a message with its quoted-printable lines put together.
func Readable(m smtptest.Message) string {
	text, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(m.Data)))
	return fmt.Sprint(string(text), err)
}

// Header gives the first header of a name, in one line; "" when there is none.
func Header(m smtptest.Message, name string) string {
	for line := range strings.SplitSeq(string(m.Data), "\r\n") {
		if value, ok := strings.CutPrefix(line, name+": "); ok {
			return value
		}
	}
	return ""
}

// Twice gives the letters that came more than once, and how often.
func (w *World) Twice() map[string]int {
	times := map[string]int{}
	for _, m := range w.Accepted {
		times[m.MessageID]++
	}
	maps.DeleteFunc(times, func(_ string, n int) bool { return n < 2 })
	return times
}
