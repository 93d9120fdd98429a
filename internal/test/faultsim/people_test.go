package faultsim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
	"vireilla/internal/notice"
	"vireilla/internal/store/storetest"
)

// register is what is true: the rows of the office's own system, which the program imports.
type register struct {
	files    map[string]map[string]map[string]any // file, id, column
	ids      map[string][]string                  // of a file, in the order they came
	versions map[string][]version                 // of appointments and of seekers' reachability and address, by id
}

// version is what was true from a step of the story on.
type version struct {
	from  int
	start int64 // of an appointment; 0 when it is not booked
	told  int64 // of a cancelled appointment: the start it had
	email string
	mute  bool // no letter may go to the seeker
	ended bool // the job search ends: no letter may go from that day on
}

func newRegister() register {
	return register{map[string]map[string]map[string]any{}, map[string][]string{}, map[string][]version{}}
}

type row = map[string]any

func bare(id string) string { return strings.ToLower(strings.ReplaceAll(id, "-", "")) }

func (w *world) today() calendar.Day { return calendar.DayOf(w.trueTime(), w.policy.Location) }

func (w *world) clock(day calendar.Day, hour, minute int) int64 {
	return day.At(hour, minute, w.policy.Location).UnixMilli()
}

// setUp makes the office: a team, three coaches, fifteen seekers, ten appointments, three training cases.
func (w *world) setUp() {
	today := w.today()
	feed := storetest.Feed{}
	add := func(file, id string, r row) { feed[file] = append(feed[file], w.put(file, id, r)) }
	authority := w.policy.AuthorityOf("Lahti", today).ID
	add("teams.csv", "T-1", row{"team_id": "T-1", "name": "Itä", "authority": authority,
		"lead_email": "kanaria.t1@example.org", "language": "fi"})
	for i := range 3 {
		c := fmt.Sprintf("C-%d", i+1)
		add("coaches.csv", c, row{"coach_id": c, "name": "Kanaria" + bare(c) + " Virta",
			"email": "kanaria." + bare(c) + "@example.org", "team_id": "T-1", "language": "fi", "role": "coach"})
	}
	for i := range 15 {
		s := fmt.Sprintf("S-%d", i+1)
		r := row{"seeker_id": s, "first_name": "Kanaria" + bare(s),
			"email": fmt.Sprintf("kanaria.%s.v0@example.org", bare(s)), "email_tier": w.word("neutral", "consented", "neutral",
				"none"),
			"service_language": "fi", "municipality": "Lahti", "coach_id": w.any("coaches.csv"), "job_search_started": (today - calendar.Day(w.rng.IntN(60)) + 10).String(),
			"status": w.word("unemployed", "unemployed", "employed", "part_time")}
		add("seekers.csv", s, r)
	}
	for i := range 10 {
		a := fmt.Sprintf("A-%d", i+1)
		add("appointments.csv", a, w.appointment(a))
	}
	for i := range 3 {
		t := fmt.Sprintf("R-%d", i+1)
		add("training.csv", t, row{"training_id": t, "seeker_id": w.any("seekers.csv"),
			"kind": w.word("short_study", "self_motivated_study", "labour_market_training"), "state": "applied",
			"applied_on": (today - 5).String(), "information_complete_on": (today - calendar.Day(w.rng.IntN(25))).String(), "study_starts_on": (today + calendar.Day(w.rng.IntN(40))).String()})
	}
	w.importFeed(feed)
}

func (w *world) word(words ...string) string { return words[w.rng.IntN(len(words))] }

func (w *world) any(file string) string { return w.word(w.ids[file]...) }

func (w *world) appointment(id string) row {
	return row{"appointment_id": id, "seeker_id": w.any("seekers.csv"), "coach_id": w.any("coaches.csv"),
		"kind": "job_search_discussion", "starts_at": w.someTime(),
		"minutes": int64(45), "mode": w.word("office", "phone"), "place": w.word("Askonkatu 2",
			"Rauhankatu 3"), "state": "booked", "booked_at": w.trueTime().Add(-time.Minute).UnixMilli()}
}

// someTime is a working hour of the next weeks, from today on.
func (w *world) someTime() int64 {
	return w.clock(w.today()+calendar.Day(1+w.rng.IntN(40)), 9+w.rng.IntN(6), 15*w.rng.IntN(4))
}

// put changes some columns of a row of the register, and gives the row.
func (w *world) put(file, id string, r row) row {
	if w.files[file] == nil {
		w.files[file] = map[string]row{}
	}
	if w.files[file][id] == nil {
		w.files[file][id] = row{}
		w.register.ids[file] = append(w.register.ids[file], id)
	}
	now := w.files[file][id]
	maps.Copy(now, r)
	v := version{from: w.step}
	switch file {
	case "appointments.csv":
		if start := now["starts_at"].(int64); now["state"] == "booked" {
			v.start = start
		} else {
			v.told = start
		}
	case "seekers.csv":
		v.email, _ = now["email"].(string)
		v.mute = v.email == "" || now["email_tier"] == "none" || now["protected"] == int64(1)
		v.ended = text(now["job_search_ended"]) != ""
	case "coaches.csv":
		v.email = now["email"].(string)
	case "teams.csv":
		v.email = now["lead_email"].(string)
	default:
		return maps.Clone(now)
	}
	w.versions[id] = append(w.versions[id], v)
	return maps.Clone(now)
}

// importFeed imports rows into the program's database.
func (w *world) importFeed(feed storetest.Feed) {
	if _, err := storetest.Import(w.t, w.store, feed, false, true); err != nil {
		w.t.Fatal(err)
	}
}

// change changes a row of the register and imports it.
func (w *world) change(file, id string, r row) {
	w.note("%s %s: %s", file, id, strings.Join(slices.Sorted(maps.Keys(r)), " "))
	w.importFeed(storetest.Feed{file: {w.put(file, id, r)}})
}

// people lets a person do one thing, chosen at random.
func (w *world) people() {
	w.step++
	seeker, appointment, today := w.any("seekers.csv"), w.any("appointments.csv"), w.today()
	at := w.trueTime().UnixMilli()
	switch w.rng.IntN(22) {
	case 0, 1:
		w.change("seekers.csv", seeker, row{"coach_id": w.any("coaches.csv")})
	case 2, 3:
		w.change("seekers.csv", seeker, row{"email": fmt.Sprintf("kanaria.%s.v%d@example.org", bare(seeker), w.number())})
	case 4:
		w.change("seekers.csv", seeker, row{"protected": int64(w.rng.IntN(2))})
	case 5:
		w.change("seekers.csv", seeker, row{"email_tier": w.word("none", "neutral", "consented")})
	case 6:
		w.change("seekers.csv", seeker, row{"job_search_ended": w.word(today.String(), "")})
	case 7, 8:
		w.change("appointments.csv", appointment, row{"state": "cancelled", "cancelled_at": at})
	case 9, 10, 11:
		w.change("appointments.csv", appointment, row{"state": "booked", "starts_at": w.someTime(), "changed_at": at,
			"cancelled_at": int64(0)})
	case 12:
		id := fmt.Sprintf("A-%d", w.number()+100)
		w.change("appointments.csv", id, w.appointment(id))
	case 13, 14:
		id := fmt.Sprintf("K-%d", w.number())
		w.change("contacts.csv", id, row{"contact_id": id, "seeker_id": seeker,
			"kind": w.word(caseload.InitialInterview, caseload.JobSearchDiscussion, caseload.SupplementaryDiscussion,
				"call_attempt"),
			"held_at": w.clock(today, 10, 0), "held_on": today.String()})
	case 15:
		coach := w.any("coaches.csv")
		w.change("absences.csv", fmt.Sprintf("%s/%d", coach, w.number()),
			row{"coach_id": coach, "from": today.String(), "to": (today + calendar.Day(w.rng.IntN(3))).String(),
				"deputy_id": w.word("", w.any("coaches.csv"))})
	case 16:
		w.train(w.any("training.csv"))
	case 17:
		w.switchOff(w.troubled && !w.switchedOff)
	case 18, 19:
		w.decide()
	default:
		w.release()
	}
}

func (w *world) train(id string) {
	today := w.today()
	r := row{"state": w.word("under_review", "clarification_requested", "decided_positive", "notified")}
	switch r["state"] {
	case "clarification_requested":
		r["clarification_due"] = (today + calendar.Day(w.rng.IntN(8))).String()
	case "decided_positive":
		r["decided_on"] = today.String()
	case "notified":
		r["decided_on"], r["notified_on"] = today.String(), today.String()
	}
	w.change("training.csv", id, r)
}

func (w *world) switchOff(off bool) {
	if err := w.store.SetKillSwitch(context.Background(), off); err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	w.switchedOff = off
	w.mu.Unlock()
	w.note("the kill switch: %v", off)
}

// decide lets an operator retry or withdraw a letter that is not sent.
func (w *world) decide() {
	entries := w.outbox()
	entries = slices.DeleteFunc(entries, func(e notice.Entry) bool {
		return !slices.Contains([]notice.State{notice.Failed, notice.Held, notice.Unsure, notice.Deferred}, e.State)
	})
	if len(entries) == 0 {
		return
	}
	e := entries[w.rng.IntN(len(entries))]
	var err error
	if w.rng.IntN(3) > 0 {
		err = w.store.Retry(context.Background(), w.now(), e.ID)
		w.retried[e.ID]++
		w.note("letter %d (%s) is tried again by hand", e.ID, e.State)
	} else {
		err = w.store.Withdraw(context.Background(), w.now(), e.ID)
		w.note("letter %d (%s) is withdrawn by hand", e.ID, e.State)
	}
	if err != nil && !errors.Is(err, notice.ErrState) {
		w.t.Fatal(err)
	}
}

// release releases the oldest run that the guard put on hold.
func (w *world) release() {
	if len(w.held) == 0 {
		return
	}
	run := slices.Sorted(maps.Keys(w.held))[0]
	kind, text, _ := strings.Cut(run, "/")
	for _, e := range w.outbox() {
		w.spared[e.ID] = w.spared[e.ID] || e.Run == run && e.Why == notice.HeldByGuard
	}
	if _, err := w.store.Release(context.Background(), w.now(), kind, day(text)); err != nil {
		w.t.Fatal(err)
	}
	w.note("run %s is released", run)
	delete(w.held, run)
}

func (w *world) outbox() []notice.Entry {
	entries, err := w.store.Letters(context.Background(), notice.Filter{})
	if err != nil {
		w.t.Fatal(err)
	}
	return entries
}
