package faultsim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
	"vireilla/internal/timetable"
	"vireilla/workers"
)

// seen is what the world saw of letters, apart from the program's own records.
type seen struct {
	claims        map[int64]hold   // the last claim of each letter
	byID          map[string]int64 // letters by Message-ID
	arrivals      []arrival
	refused       map[string]bool // addresses
	ends          map[int64]int   // the step at which the last end of each was recorded
	held          map[string]int  // runs on hold, since which step
	runs          map[string]string
	spared        map[int64]bool              // on their way when their run was put on hold, or released earlier
	retried       map[int64]int               // by hand
	recordedTicks map[string][]time.Time      // ticks, by entry
	since         map[string]calendar.Day     // the first whole day of an entry
	skips         map[string][]timetable.Skip // skipped ticks, by entry
	wrong         map[calendar.Day]bool       // days on which a clock was wrong
}

// hold is a claim, with its machine and step.
type hold struct {
	notice.Claimed
	machine *machine
	step    int
}

func newSeen() seen {
	return seen{claims: map[int64]hold{}, byID: map[string]int64{}, refused: map[string]bool{}, ends: map[int64]int{},
		held: map[string]int{}, runs: map[string]string{}, spared: map[int64]bool{}, retried: map[int64]int{},
		recordedTicks: map[string][]time.Time{}, since: map[string]calendar.Day{}, skips: map[string][]timetable.Skip{}, wrong: map[calendar.Day]bool{}}
}

// messageID is the Message-ID of a letter, the same each time it is sent.
func messageID(key string) string {
	sum := sha256.Sum256([]byte(key))
	_, domain, _ := strings.Cut(sender, "@")
	return hex.EncodeToString(sum[:16]) + "@" + domain
}

// begun checks a letter that is about to be sent.
func (w *world) begun() {
	w.mu.Lock()
	off := w.switchedOff
	w.mu.Unlock()
	if off {
		w.fault("a letter was begun while the kill switch was on")
	}
}

func (w *world) ticksRecorded(s timetable.Record, fresh []time.Time) {
	if _, known := w.since[s.Entry]; !known {
		w.since[s.Entry] = calendar.DayOf(s.Now, w.policy.Location) + 1
	}
	w.recordedTicks[s.Entry] = append(w.recordedTicks[s.Entry], fresh...)
	w.skips[s.Entry] = append(w.skips[s.Entry], s.Skips...)
}

func (w *world) claimed(m *machine, claimed []notice.Claimed) {
	for _, c := range claimed {
		w.note("%s claims %d %s, try %d", m.name, c.ID, c.Key, c.Tries)
		if w.switchedOff {
			w.fault("letter %d was claimed while the kill switch was on", c.ID)
		}
		since, held := w.held[w.runs[c.Key]]
		before, claimed := w.claims[c.ID]
		// When the run was held.
		underWay := claimed && before.step <= since && (w.ends[c.ID] < before.step || w.ends[c.ID] >= since)
		w.spared[c.ID] = w.spared[c.ID] || held && underWay
		if held && !w.spared[c.ID] && w.retried[c.ID] == 0 {
			w.fault("letter %d was claimed while its run %s was held", c.ID, w.runs[c.Key])
		}
		w.claims[c.ID] = hold{c, m, w.step}
		w.byID[messageID(c.Key)] = c.ID
	}
}

func (w *world) recorded(m *machine, r *notice.Report) {
	w.note("%s records %d %s %s", m.name, r.ID, r.State, r.Why)
	w.ends[r.ID] = w.step
	if h := w.claims[r.ID]; h.machine != m || h.Fence != r.Fence {
		w.fault("letter %d was recorded by one who had lost it", r.ID)
	}
}

func (w *world) added(run notice.Run, plan notice.Plan, added notice.Added) {
	name := run.Kind + "/" + run.Day.String()
	if len(added.IDs) > 0 || added.Held > 0 {
		for _, n := range plan.Notices {
			if _, known := w.runs[n.Key]; !known {
				w.runs[n.Key] = name
			}
		}
		w.note("run %s books %d, holds %d", name, len(added.IDs), added.Held)
	}
	if added.Held > 0 {
		w.held[name] = w.step
	}
}

// accept lets the relay accept a letter. It must be for the right person, and have been true at some moment since it
// was claimed, since a letter on its way cannot be called back.
func (w *world) accept(m workers.Mail) {
	id, known := w.byID[m.MessageID]
	w.note("the relay accepts %d", id)
	if !known {
		w.fault("a letter arrived that nobody claimed")
		return
	}
	h := w.claims[id]
	w.arrivals = append(w.arrivals, arrival{m, id, w.step})
	// By a wrong clock, a cancellation or the end of a job search in the past may still lie in the future.
	right := w.jump == 0 && w.turned < h.step
	if !slices.ContainsFunc(w.between(h.To, h.step), func(v version) bool { return v.email == m.To && !v.mute && !(v.ended && right) }) {
		w.fault("letter %d (%s) went to an address that was not its recipient's", id, h.Key)
	}
	for _, name := range regexp.MustCompile(`(?i)kanarias\d+`).FindAllString(m.Subject+m.Text+m.HTML+string(m.Calendar), -1) {
		if !strings.EqualFold(name, "kanaria"+bare(h.To)) {
			w.fault("letter %d names somebody else", id)
		}
	}
	if !strings.HasPrefix(h.Letter, "appointment_") {
		return
	}
	start := h.Start.UnixMilli()
	if right && !slices.ContainsFunc(w.between(h.Subject, h.step), func(v version) bool {
		return h.Letter == notice.AppointmentCancelled && v.start == 0 || h.Letter != notice.AppointmentCancelled && v.start == start
	}) {
		w.fault("letter %d (%s) was not true", id, h.Key)
	}
	if !strings.Contains(m.Text, w.written(h.Start)) {
		w.fault("letter %d (%s) does not say its time", id, h.Key)
	}
}

func (w *world) written(t time.Time) string {
	t = t.In(w.policy.Location)
	return t.Format("2.1.2006 klo ") + fmt.Sprint(t.Hour()) + t.Format(".04")
}

// between gives the versions that were true at any time since a step.
func (w *world) between(id string, step int) (found []version) {
	all := w.versions[id]
	for i, v := range all {
		if i == len(all)-1 || all[i+1].from >= step {
			found = append(found, v)
		}
	}
	return found
}
