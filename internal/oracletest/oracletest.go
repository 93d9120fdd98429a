// Package oracletest holds what a mail server accepted against what the outbox says of it. Every test of faults ends with it.
package oracletest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"vireilla/internal/notice"
	"vireilla/internal/smtptest"
)

// World is what is left when a story is over.
type World struct {
	Accepted  []smtptest.Message
	Outbox    []notice.Entry
	MessageID func(key string) string
	Planned   []string          // keys that must be in the outbox; nil when the test does not know them
	Open      bool              // the story may end anywhere: letters may still wait
	Owner     map[string]string // to whom an address belongs, or belonged; nil when the test does not know
}

// Faults are the sentences that do not hold, each with the letter's key; none when all is well:
//
//   - a planned letter was accepted, or stands as failed, held, unsure or withdrawn with its reason, and nothing waits for a dead worker;
//   - a sent letter was accepted once, and once more at the most for each time that it was unsure;
//   - nothing was accepted of any other letter, except of one that was unsure;
//   - each went to its one recipient, and when it came again it came with the same date.
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
		if n := times[id]; n < least || n > most {
			fault("%s is %s, was unsure %d times and arrived %d times", e.Key, e.State, e.Unsure, n)
		}
	}
	slices.Sort(found)
	return found
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
		date := Header(m, "Date")
		if before := dates[m.MessageID]; before != "" && before != date {
			fault("%s was dated %s, then %s", e.Key, before, date)
		}
		dates[m.MessageID] = date
	}
	return times
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
