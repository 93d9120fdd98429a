// Package outboxcheck compares what a mail server accepted with the outbox. Every test of faults ends with it.
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

// World is what a test ends with.
type World struct {
	Accepted  []smtptest.Message
	Outbox    []notice.Entry
	MessageID func(key string) string
	Planned   []string          // keys that must be in the outbox; nil: not checked
	Open      bool              // the test may end anywhere, so letters may still wait
	Owner     map[string]string // the owner of each address, past addresses included; nil: not checked
	Runs      []notice.RunRow   // all runs
	Days      []string          // runs that must exist, as kind/day; nil: not checked
	Said      []string          // logs and other texts that must name nobody
}

// twice is how often a letter may arrive at most, however often it was unsure: after that a person decides.
const twice = 2

// Faults lists what is wrong, with the keys of the letters; nothing when all of this holds:
//
//   - a planned letter was accepted, or is failed, held, unsure or withdrawn with a reason, and none waits for a dead
//     worker;
//   - a sent letter was accepted once, or at most once more when it was unsure;
//   - no other letter was accepted, except one that was unsure;
//   - each letter went to its one recipient, names no other seeker, and has the same date each time;
//   - each run exists once, and planned at least the letters that it has;
//   - logs and other such texts name nobody.
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

// runs checks that each run exists once and has no more letters than it planned.
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
		if letters[name] > r.Planned { // it may have fewer, when another run planned one again
			fault("run %s planned %d letters and has %d", name, r.Planned, letters[name])
		}
	}
	for name, n := range letters {
		if w.Runs != nil && there[name] == 0 && name != "" { // a letter restored from a send journal has no run
			fault("run %s is missing, and has %d letters", name, n)
		}
	}
	for _, name := range w.Days {
		if there[name] == 0 {
			fault("run %s is missing on its day", name)
		}
	}
}

// ended checks that a letter is in a final state with its reason.
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

// arrived counts the accepted messages by Message-ID, and checks each.
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

// named finds the seekers whom a letter names: the marker word followed by the seeker's id, in a name or an address.
var named = regexp.MustCompile(`(?i)` + markers.Word + `\.?(s\d+)`)

// Readable is a message with its quoted-printable parts decoded.
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

// Twice gives the Message-IDs that arrived more than once, and how often.
func (w *World) Twice() map[string]int {
	times := map[string]int{}
	for _, m := range w.Accepted {
		times[m.MessageID]++
	}
	maps.DeleteFunc(times, func(_ string, n int) bool { return n < 2 })
	return times
}
