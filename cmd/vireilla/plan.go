package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/internal/store"
	"vireilla/workers"
)

type planCmd struct {
	At     string `help:"Plan for this moment, or for a whole day; the default is now." placeholder:"MOMENT"`
	Format string `help:"Write text or json." default:"text" enum:"text,json"`
	All    bool   `help:"Show every skip in the text, not only how many there are."`
}

// planAnswer is the answer of the command.
type planAnswer struct {
	At      string          `json:"at"`
	Policy  string          `json:"policy"`
	Notices []notice.Notice `json:"notices"`
	Skips   []notice.Skip   `json:"skips"`
	Counts  struct {
		Notices map[string]int `json:"notices"`
		Skips   map[string]int `json:"skips"`
	} `json:"counts"`
}

// planner answers questions about a policy and a database.
type planner struct {
	ctx context.Context
	*store.DB
	*policy.Policy
}

// ask opens what a question about a day or a moment needs: the policy in force, the database, and the time that --at
// names. The caller closes the planner.
func ask[T any](env *environment, at string, parse func(string, *policy.Policy) (T, error)) (f planner, when T, err error) {
	f.ctx = env.ctx
	if f.Policy, _, err = env.policy(); err == nil {
		if when, err = parse(at, f.Policy); err == nil {
			f.DB, err = env.store()
		}
	}
	return f, when, err
}

func (c *planCmd) Run(env *environment) error {
	f, at, err := ask(env, c.At, env.parseMoment)
	if err != nil {
		return err
	}
	defer f.Close()
	plan := notice.Plan{}
	if day, notDay := calendar.ParseDay(c.At); notDay == nil {
		plan, err = f.planDay(day, at)
	} else {
		plan, err = f.planAt(at)
	}
	if err != nil {
		return err
	}
	answer := planAnswer{
		At: at.Format(time.RFC3339), Policy: f.Version,
		Notices: append([]notice.Notice{}, plan.Notices...), Skips: append([]notice.Skip{}, plan.Skips...),
	}
	answer.Counts.Notices, answer.Counts.Skips = map[string]int{}, map[string]int{}
	for _, n := range plan.Notices {
		answer.Counts.Notices[n.Letter]++
	}
	for _, k := range plan.Skips {
		answer.Counts.Skips[k.Why]++
	}
	if c.Format == "json" {
		return env.json(answer)
	}
	return c.text(env, &answer)
}

// planDay plans what goes out on a day: the letters that are due at the time of the digests, and the letters about
// appointments that fall due in the course of the day.
func (f planner) planDay(day calendar.Day, end time.Time) (notice.Plan, error) {
	begin := day.At(0, 0, f.Location)
	ahead, err := f.Ahead(f.ctx, begin)
	if err != nil {
		return notice.Plan{}, err
	}
	bookings := seenFrom(begin, ahead)
	morning := f.Digest.At.On(day, f.Location)
	early, _ := notice.Appointments(morning, f.Policy, bookings)
	plan, err := f.dueAt(morning, early.Skips)
	if err != nil {
		return plan, err
	}
	return f.wholeDay(plan, bookings, begin, end)
}

// wholeDay adds to the plan of a morning the letters about bookings that fall due in the course of the day. It drops
// letters that go out on a later day.
func (f planner) wholeDay(plan notice.Plan, bookings []notice.Booking, begin, end time.Time) (notice.Plan, error) {
	plan.Add(notice.Forecast(begin, end, f.Policy, bookings, func(t time.Time) time.Time {
		for _, e := range f.Timetable {
			if e.Name == "appointments" {
				return e.Spec.Next(t.Add(-1))
			}
		}
		return end
	}))
	today := func(n notice.Notice) bool { return n.SendAt.Before(end) }
	return f.unplanned(plan.Only(notice.OutsideWindow, today), end)
}

// planPerson plans what goes out to a job seeker on a day, as planDay does for everybody.
func (f planner) planPerson(person *caseload.Case, day calendar.Day) (notice.Plan, error) {
	begin, end := day.At(0, 0, f.Location), (day+1).At(0, 0, f.Location).Add(-time.Second)
	ahead, err := f.AheadOf(f.ctx, begin, person.Seeker.ID)
	if err != nil {
		return notice.Plan{}, err
	}
	var clarifications []policy.Obligation
	for _, o := range f.Obligations(*person, day) {
		if awaitsAnswer(&o) {
			clarifications = append(clarifications, o)
		}
	}
	matters, err := f.mattersOn(day, clarifications)
	if err != nil {
		return notice.Plan{}, err
	}
	id := person.Seeker.ID
	matters = slices.DeleteFunc(matters, func(m notice.Matter) bool { return m.SeekerID != id })
	plan := notice.Matters(f.Digest.At.On(day, f.Location), f.Policy, matters)
	return f.wholeDay(plan, seenFrom(begin, ahead), begin, end)
}

// planAt plans everything that is due by a moment, from the whole register as it was known at that moment. The scans
// plan the same from the cases that wake.
func (f planner) planAt(at time.Time) (notice.Plan, error) {
	ahead, err := f.Ahead(f.ctx, at)
	if err != nil {
		return notice.Plan{}, err
	}
	appointments, _ := notice.Appointments(at, f.Policy, seenFrom(at, ahead))
	plan, err := f.dueAt(at, appointments.Skips)
	if err != nil {
		return plan, err
	}
	plan.Add(appointments)
	return f.unplanned(plan, at)
}

// seenFrom gives the bookings as they were at an instant: what was told later does not count as told.
func seenFrom(at time.Time, ahead []notice.AwakeBooking) []notice.Booking {
	bookings := make([]notice.Booking, len(ahead))
	for i := range ahead {
		if bookings[i] = ahead[i].Booking; bookings[i].Told != nil && bookings[i].Told.At.After(at) {
			bookings[i].Told = nil
		}
	}
	return bookings
}

// unplanned drops the letters that the outbox had by an instant, and sorts the others by the time at which they go out.
func (f planner) unplanned(plan notice.Plan, by time.Time) (notice.Plan, error) {
	known, err := f.Known(f.ctx, plan.Keys(), by)
	if err != nil {
		return plan, err
	}
	plan = plan.Only(notice.AlreadyTold, func(n notice.Notice) bool { return !known[n.Key] })
	slices.SortFunc(plan.Notices, func(a, b notice.Notice) int {
		return cmp.Or(a.SendAt.Compare(b.SendAt), cmp.Compare(a.Key, b.Key))
	})
	return plan, nil
}

// dueAt plans all letters that are due, except those about appointments, and includes those that are in the outbox
// already. unwritten are the skips of the letters about appointments.
func (f planner) dueAt(at time.Time, unwritten []notice.Skip) (notice.Plan, error) {
	day := calendar.DayOf(at, f.Location)
	var plan notice.Plan
	staff, err := f.Staff(f.ctx)
	if err != nil {
		return plan, err
	}
	told, err := f.Told(f.ctx, at)
	if err != nil {
		return plan, err
	}
	staged, clarifications, quiet, err := f.stagedAt(day, told)
	if err != nil {
		return plan, err
	}
	plan.Add(quiet)
	waiting, err := f.mattersOn(day, clarifications)
	if err != nil {
		return plan, err
	}
	matters := notice.Matters(at, f.Policy, waiting)
	plan.Add(matters)

	phone, err := workers.CallItems(f.ctx, seenAt{f.DB, told, slices.Concat(unwritten, matters.Skips)}, f.Policy, at)
	if err != nil {
		return plan, err
	}
	digests := notice.Digests(at, f.Policy, staff, slices.Values(slices.Concat(staged, phone)))
	plan.Add(digests)
	plan.Add(notice.Leads(at, f.Policy, staff, slices.Values(staged), digests))
	return plan, nil
}

// mattersOn gives the training cases that await some clarifications, and those whose decision is news on a day.
func (f planner) mattersOn(day calendar.Day, clarifications []policy.Obligation) ([]notice.Matter, error) {
	awaited, err := f.Awaited(f.ctx, clarifications)
	if err != nil {
		return nil, err
	}
	decided, err := f.Decisions(f.ctx, day-calendar.Day(f.Appointments.DecisionNewsDays), day)
	return append(awaited, decided...), err
}

// awaitsAnswer says whether an obligation is a clarification that may need a letter to the seeker.
func awaitsAnswer(o *policy.Obligation) bool {
	return o.Rule == "clarification" && o.Stage != policy.NoStage
}

// stagedAt gives the obligations of a day that have a stage, with what was told of them, the clarifications among them,
// and a skip for each case that is quiet.
func (f planner) stagedAt(day calendar.Day, told map[policy.Key]map[string]policy.Stage) (staged []notice.Staged, clarifications []policy.Obligation, quiet notice.Plan, err error) {
	err = f.Cases(f.ctx, func(cases []notice.Awake) error {
		for i := range cases {
			open := f.Obligations(cases[i].Case, day)
			for _, o := range open {
				if o.Stage == policy.NoStage {
					continue
				}
				staged = append(staged, notice.Staged{Obligation: o, Told: told[o.Key()]})
				if awaitsAnswer(&o) {
					clarifications = append(clarifications, o)
				}
			}
			if why := f.NoContactReason(cases[i].Case, day); why != "" {
				seeker := &cases[i].Seeker
				quiet.Skips = append(quiet.Skips, notice.Skip{
					Letter: notice.CoachDigest, To: seeker.CoachID, Subject: seeker.ID, Why: why,
				})
			}
		}
		return nil
	})
	return staged, clarifications, quiet, err
}

// seenAt answers for the store as of a moment: what was told comes from the ledger of that moment, and what was not
// written from the plan itself.
type seenAt struct {
	*store.DB
	told  map[policy.Key]map[string]policy.Stage
	skips []notice.Skip
}

func (s seenAt) ToldPhone(context.Context) (map[policy.Key]map[string]policy.Stage, error) {
	return s.told, nil
}

func (s seenAt) Unwritten(context.Context, time.Time) ([]notice.Skip, error) {
	return slices.DeleteFunc(slices.Clone(s.skips), func(k notice.Skip) bool { return k.Key == "" }), nil
}

func (c *planCmd) text(env *environment, answer *planAnswer) error {
	fmt.Fprintf(env.out, "Plan for %s under policy %s. Nothing is written or sent.\n\n", answer.At, answer.Policy)
	t := env.table("letter", "to", "subject", "send at", "items", "new", "key")
	for _, n := range answer.Notices {
		items := ""
		if len(n.Items) > 0 {
			items = fmt.Sprint(len(n.Items) + n.Rest)
		}
		fresh := ""
		if len(n.Told) > 0 {
			fresh = fmt.Sprint(len(n.Told))
		}
		t.row(n.Letter, n.To, n.Subject, n.SendAt.Format("2006-01-02 15:04"), items, fresh, n.Key)
	}
	if err := t.flush(); err != nil {
		return err
	}
	if c.All {
		fmt.Fprintln(env.out)
		t := env.table("not written", "to", "subject", "why")
		for _, k := range answer.Skips {
			t.row(k.Letter, k.To, k.Subject, k.Why)
		}
		if err := t.flush(); err != nil {
			return err
		}
	}
	fmt.Fprintln(env.out)
	for _, counted := range []struct {
		what string
		n    map[string]int
	}{{"letters", answer.Counts.Notices}, {"skipped", answer.Counts.Skips}} {
		for _, k := range slices.Sorted(maps.Keys(counted.n)) {
			fmt.Fprintf(env.out, "%-8s %-22s %6d\n", counted.what, k, counted.n[k])
		}
	}
	return nil
}
