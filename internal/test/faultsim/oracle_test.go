package faultsim

import (
	"context"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
	"vireilla/internal/journal"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/internal/timetable"
)

// check compares what arrived with what was true and with the program's records, after the quiet days.
func (w *world) check() {
	entries := w.outbox()
	w.checkCounts(entries)
	w.checkBeliefs(entries)
	w.checkWeekly(entries)
	w.checkTold()
	w.checkTicks()
	w.checkRuns()
	w.checkJournals(entries)
}

// checkCounts: every letter is in a final state. A sent one arrived once, plus at most once for each time it was
// unsure; another arrived at most as often as it was unsure.
func (w *world) checkCounts(entries []notice.Entry) {
	arrived := map[int64]int{}
	for _, a := range w.arrivals {
		arrived[a.id]++
	}
	for _, e := range entries {
		n := arrived[e.ID]
		least, most, again := 0, e.Unsure, 1+w.retried[e.ID]
		switch e.State {
		case notice.Sent:
			least, most = 1, 1+e.Unsure
		case notice.Pending, notice.Sending, notice.Deferred, notice.Unsure:
			w.fault("letter %d (%s) is still %s", e.ID, e.Key, e.State)
		}
		if w.policy.Letters[e.Letter].Unsure == "again" {
			again++
		}
		if n < least || n > min(most, again) {
			w.fault("letter %d (%s) is %s, was unsure %d times and arrived %d times", e.ID, e.Key, e.State, e.Unsure, n)
		}
	}
}

// checkBeliefs: what the letters that arrived say of an appointment is true of it, or a person can see why not.
func (w *world) checkBeliefs(entries []notice.Entry) {
	now := w.trueTime()
	visible := map[string]bool{} // appointments with a letter that waits for a person, or was handled by one
	for _, e := range entries {
		if e.State == notice.Failed || e.State == notice.Held || e.Why == "by_hand" {
			visible[w.subject(e.Key)] = true
		}
	}
	for _, id := range w.register.ids["appointments.csv"] {
		r := w.files["appointments.csv"][id]
		seeker := w.last(r["seeker_id"].(string))
		believed := int64(0)
		reminded := false
		for _, a := range w.arrivals {
			h := w.claims[a.id]
			if h.Subject != id || !strings.HasPrefix(h.Letter, "appointment_") {
				continue
			}
			if believed = h.Start.UnixMilli(); h.Letter == notice.AppointmentCancelled {
				believed = 0
			}
			reminded = reminded || h.Letter == notice.AppointmentReminder && h.Start.UnixMilli() == r["starts_at"]
		}
		if visible[id] || seeker.mute || seeker.ended || w.refused[seeker.email] {
			continue
		}
		is := w.last(id).start
		start := time.UnixMilli(max(is, believed))
		if is != believed && (!start.After(now) || is != 0 && is <= now.UnixMilli()) || start.Before(now.AddDate(0, 0, -3)) {
			continue // too late for a letter
		}
		if is != believed {
			w.fault("appointment %s starts at %s, and its seeker believes %s", id, w.shown(is), w.shown(believed))
		} else if is != 0 && !reminded && start.Before(now) {
			w.fault("appointment %s was not reminded of", id)
		}
	}
}

func (w *world) shown(ms int64) string {
	if ms == 0 {
		return "never"
	}
	return time.UnixMilli(ms).In(w.policy.Location).Format("2006-01-02 15:04")
}

func (w *world) subject(key string) string {
	for _, part := range strings.Split(key, "/") {
		if w.files["appointments.csv"][part] != nil {
			return part
		}
	}
	return ""
}

func (w *world) last(id string) version {
	v := w.versions[id]
	return v[len(v)-1]
}

// checkWeekly: the last digest of a first working day of a week names every seeker with something due, as computed
// from the register itself.
func (w *world) checkWeekly(entries []notice.Entry) {
	day := w.today()
	for !w.firstOfWeek(day) {
		day--
	}
	staff := w.staff()
	owed := map[string]map[string]bool{}
	for _, s := range w.register.ids["seekers.csv"] {
		c := w.caseOf(s)
		for _, o := range w.policy.Obligations(c, day) {
			if o.Stage == policy.NoStage || o.Owner == s && o.Stage < policy.Overdue {
				continue
			}
			owner := staff.Owner(o.Coach, day)
			if owed[owner] == nil {
				owed[owner] = map[string]bool{}
			}
			owed[owner][s] = true
		}
	}
	for _, owner := range []string{"C-1", "C-2", "C-3", "T-1"} {
		key := notice.CoachDigest + "/" + owner + "/" + day.String()
		named := map[string]bool{}
		for _, a := range w.arrivals {
			if w.claims[a.id].Key == key {
				for _, s := range seekerID.FindAllString(a.Text, -1) {
					named[s] = true
				}
			}
		}
		if slices.ContainsFunc(entries, func(e notice.Entry) bool {
			return e.Key == key && (e.State == notice.Held || e.State == notice.Failed)
		}) {
			continue
		}
		for _, s := range w.register.ids["seekers.csv"] {
			if owed[owner][s] && !named[s] {
				w.fault("%s was owed %s and does not name it", key, s)
			}
			if named[s] && !owed[owner][s] && !w.booked(s) {
				w.fault("%s names %s, which is not owed", key, s)
			}
		}
	}
}

var seekerID = regexp.MustCompile(`\bS-\d+`)

func (w *world) firstOfWeek(day calendar.Day) bool {
	writes := func(d calendar.Day) bool { return w.policy.WritesOn(d, w.policy.AuthorityOf("Lahti", d)) }
	for d := day; d.Weekday() != time.Sunday; d-- {
		if d < day && writes(d) {
			return false
		}
	}
	return writes(day)
}

// booked says whether a seeker has appointments or training cases: the digest may name them for another reason than
// an obligation.
func (w *world) booked(seeker string) bool {
	for _, file := range []string{"appointments.csv", "training.csv"} {
		for _, r := range w.files[file] {
			if r["seeker_id"] == seeker {
				return true
			}
		}
	}
	return false
}

func (w *world) staff() *notice.Staff {
	var coaches []caseload.Coach
	for _, id := range w.register.ids["coaches.csv"] {
		coaches = append(coaches, caseload.Coach{ID: id, TeamID: "T-1"})
	}
	var absences []caseload.Absence
	for _, id := range w.register.ids["absences.csv"] {
		r := w.files["absences.csv"][id]
		absences = append(absences, caseload.Absence{CoachID: r["coach_id"].(string), DeputyID: r["deputy_id"].(string),
			From: day(r["from"]), To: day(r["to"])})
	}
	return notice.NewStaff([]caseload.Team{{ID: "T-1"}}, coaches, absences)
}

func day(v any) calendar.Day {
	text, _ := v.(string)
	var d calendar.Day
	if err := d.UnmarshalText([]byte(text)); err != nil {
		panic(err)
	}
	return d
}

func text(v any) string { s, _ := v.(string); return s }

func (w *world) caseOf(seeker string) caseload.Case {
	s := w.files["seekers.csv"][seeker]
	c := caseload.Case{Seeker: caseload.Seeker{ID: seeker, Email: text(s["email"]), EmailTier: text(s["email_tier"]),
		Municipality: "Lahti", CoachID: text(s["coach_id"]),
		Status: text(s["status"]), JobSearchStarted: day(s["job_search_started"]), JobSearchEnded: day(s["job_search_ended"])}}
	for _, id := range w.register.ids["contacts.csv"] {
		if k := w.files["contacts.csv"][id]; k["seeker_id"] == seeker {
			c.Contacts = append(c.Contacts, caseload.Contact{ID: id, SeekerID: seeker, Kind: text(k["kind"]),
				HeldOn: day(k["held_on"])})
		}
	}
	for _, id := range w.register.ids["training.csv"] {
		if t := w.files["training.csv"][id]; t["seeker_id"] == seeker {
			c.Training = append(c.Training, caseload.Training{ID: id, SeekerID: seeker, Kind: text(t["kind"]),
				State: text(t["state"]), AppliedOn: day(t["applied_on"]),
				InformationCompleteOn: day(t["information_complete_on"]), ClarificationDue: day(t["clarification_due"]), StudyStartsOn: day(t["study_starts_on"]),
				DecidedOn: day(t["decided_on"]), NotifiedOn: day(t["notified_on"])})
		}
	}
	return c
}

// checkTold: what the ledger says a recipient was told stands in a letter that arrived there.
func (w *world) checkTold() {
	told, err := w.store.Told(context.Background(), w.trueTime())
	if err != nil {
		w.t.Fatal(err)
	}
	for key, owners := range told {
		for owner := range owners {
			if !slices.ContainsFunc(w.arrivals, func(a arrival) bool {
				return w.claims[a.id].To == owner && slices.Contains(seekerID.FindAllString(a.Text, -1), key.Seeker)
			}) {
				w.fault("%s is said to have been told of %s %s, and was not", owner, key.Seeker, key.Rule)
			}
		}
	}
}

// checkTicks: each local day since the first check of the timetable has one tick of each daily entry, or a reason why
// not.
func (w *world) checkTicks() {
	for _, e := range w.policy.Timetable {
		if strings.HasPrefix(e.Cron, "*") {
			continue
		}
		count := map[calendar.Day]int{}
		for _, at := range w.recordedTicks[e.Name] {
			count[calendar.DayOf(at, w.policy.Location)]++
		}
		for d := w.since[e.Name]; d < w.today(); d++ {
			due := e.Spec.Between(d.At(0, 0, w.policy.Location).Add(-time.Second),
				(d+1).At(0, 0, w.policy.Location).Add(-time.Second), 2)
			excused := w.wrong[d] || slices.ContainsFunc(w.skips[e.Name],
				func(k timetable.Skip) bool { return !due[0].Before(k.From) && !due[0].After(k.To) })
			if n := count[d]; n > 1 || n == 0 && !excused {
				w.fault("the tick of %s on %s was recorded %d times", e.Name, d, n)
			}
		}
	}
}

// checkRuns: each quiet day has its runs, and no tick is left undone. On other days a tick's task may have been
// archived, or done on the next day, so only the ticks are checked.
func (w *world) checkRuns() {
	rows, err := w.store.Runs(context.Background(), 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	count := map[string]int{}
	for _, r := range rows {
		count[r.Kind+"/"+r.Day.String()]++
	}
	for _, kind := range []string{"training", "digests", "leads"} {
		for d := w.today() - 7; d <= w.today(); d++ {
			if n := count[kind+"/"+d.String()]; n != 1 {
				w.fault("run %s/%s is there %d times", kind, d, n)
			}
		}
	}
	open, err := w.store.OpenTicks(context.Background(), w.trueTime().Add(-time.Hour))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, t := range open {
		w.fault("tick %s of %s was never done", t.Entry, t.At.In(w.policy.Location).Format("2006-01-02 15:04"))
	}
}

// checkJournals: what arrived stands in a send journal as sent or unsure, and what stands there as sent arrived. So
// whatever backup the database is restored from, nothing that arrived goes out again.
func (w *world) checkJournals(entries []notice.Entry) {
	key, arrived, known := map[int64]string{}, map[string]bool{}, map[string]bool{}
	for _, e := range entries {
		key[e.ID] = e.Key
	}
	for _, a := range w.arrivals {
		arrived[key[a.id]] = true
	}
	for name := range w.journals {
		letters, damaged, err := journal.Letters(filepath.Join(w.folder, name))
		if err != nil || damaged > 0 {
			w.fault("the journal of %s cannot be read: %d lines, %v", name, damaged, err)
		}
		for _, l := range letters {
			known[l.Key] = known[l.Key] || l.State != notice.Deferred
			if l.State == notice.Sent && !arrived[l.Key] {
				w.fault("the journal of %s says that %s was sent, and it did not arrive", name, l.Key)
			}
		}
	}
	for k := range arrived {
		if !known[k] {
			w.fault("%s arrived, and no journal holds it", k)
		}
	}
}
