package notice

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
	"vireilla/internal/policy"
)

func TestAnyOfTheDigestsReasons(t *testing.T) {
	fresh := owed("S-1", "initial_interview", policy.Upcoming, "2024-03-08")
	stale := fresh.told("C-1", policy.Upcoming)
	for _, c := range []struct {
		name, now string
		staged    []Staged
		closed    []string
		want      string
	}{
		{"news", "2024-03-05 07:30", []Staged{fresh}, nil, "send coach_digest/C-1/2024-03-05 at 2024-03-05 07:30: S-1!"},
		{"late is as good as in time", "2024-03-05 15:12", []Staged{fresh}, nil,
			"send coach_digest/C-1/2024-03-05 at 2024-03-05 07:30: S-1!"},
		{"too early", "2024-03-05 07:29", []Staged{fresh}, nil, "skip coach_digest C-1 not_yet"},
		{"nothing", "2024-03-05 07:30", nil, nil, "skip coach_digest C-1 met"},
		{"no news", "2024-03-05 07:30", []Staged{stale}, nil, "skip coach_digest C-1 already_told"},
		{"a later stage is news", "2024-03-08 07:30",
			[]Staged{owed("S-1", "initial_interview", policy.Due, "2024-03-08").told("C-1", policy.Upcoming)}, nil,
			"send coach_digest/C-1/2024-03-08 at 2024-03-08 07:30: S-1!"},
		{"an earlier stage is none", "2024-03-08 07:30", []Staged{stale.told("C-1", policy.Due)}, nil,
			"skip coach_digest C-1 already_told"},
		{"told to somebody else is news", "2024-03-05 07:30",
			[]Staged{fresh.told("C-2", policy.Escalated).told("T-1", policy.Escalated)}, nil,
			"send coach_digest/C-1/2024-03-05 at 2024-03-05 07:30: S-1!"},
		{"one piece of news brings all", "2024-03-05 07:30",
			[]Staged{stale, owed("S-2", "statement", policy.Upcoming, "2024-03-20")}, nil,
			"send coach_digest/C-1/2024-03-05 at 2024-03-05 07:30: S-1 S-2!"},
		{"Monday without news", "2024-03-04 07:30", []Staged{stale}, nil,
			"send coach_digest/C-1/2024-03-04 at 2024-03-04 07:30: S-1"},
		{"Monday with nothing", "2024-03-04 07:30", nil, nil, "skip coach_digest C-1 met"},
		{"Saturday", "2024-03-09 07:30", []Staged{fresh}, nil, "skip coach_digest C-1 outside_window"},
		{"Easter Monday", "2024-04-01 07:30", []Staged{stale}, nil, "skip coach_digest C-1 outside_window"},
		{"the Tuesday after", "2024-04-02 07:30", []Staged{stale}, nil,
			"send coach_digest/C-1/2024-04-02 at 2024-04-02 07:30: S-1"},
		{"the Wednesday after", "2024-04-03 07:30", []Staged{stale}, nil, "skip coach_digest C-1 already_told"},
		{"the office is closed", "2024-03-11 07:30", []Staged{fresh}, []string{"2024-03-11"},
			"skip coach_digest C-1 outside_window"},
		{"the day after", "2024-03-12 07:30", []Staged{stale}, []string{"2024-03-11"},
			"send coach_digest/C-1/2024-03-12 at 2024-03-12 07:30: S-1"},
		{"New Year's Day in the week", "2024-01-03 07:30", []Staged{stale}, nil, "skip coach_digest C-1 already_told"},
		{"a week closed until Friday", "2024-03-15 07:30", []Staged{stale},
			[]string{"2024-03-11", "2024-03-12", "2024-03-13", "2024-03-14"},
			"send coach_digest/C-1/2024-03-15 at 2024-03-15 07:30: S-1"},
		{"the clock of summer", "2024-07-09 07:30", []Staged{fresh}, nil,
			"send coach_digest/C-1/2024-07-09 at 2024-07-09 07:30: S-1!"},
	} {
		t.Run(c.name, func(t *testing.T) {
			staff := NewStaff([]caseload.Team{{ID: "T-1", Authority: "lahti_region"}},
				[]caseload.Coach{{ID: "C-1", TeamID: "T-1"}}, nil)
			expect(t, words(digests(at(c.now), office(c.closed...), staff, c.staged)), []string{c.want})
		})
	}
}

func TestWithoutTheWeeklyDigestAMondayIsLikeAnyDay(t *testing.T) {
	p := office()
	p.Digest.Weekly = false
	stale := owed("S-1", "initial_interview", policy.Upcoming, "2024-03-08").told("C-1", policy.Upcoming)
	got := words(digests(at("2024-03-04 07:30"), p, team(), []Staged{stale}))
	expect(t, got[:1], []string{"skip coach_digest C-1 already_told"})
}

func TestTheMostUrgentStandsFirst(t *testing.T) {
	staged := []Staged{
		owed("S-5", "job_search_discussion", policy.Upcoming, "2024-03-19"),
		owed("S-4", "job_search_discussion", policy.Due, "2024-03-05"),
		owed("S-3", "initial_interview", policy.Due, "2024-03-05"),
		owed("S-2", "initial_interview", policy.Due, "2024-03-05"),
		owed("S-1", "statement", policy.Due, "2024-03-05"),
		owed("S-9", "job_search_discussion", policy.Overdue, "2024-03-01"),
		owed("S-8", "job_search_discussion", policy.Escalated, "2024-02-20"),
	}
	plan := digests(at("2024-03-05 07:30"), office(), team(), staged)
	expect(t, words(plan)[:1],
		[]string{"send coach_digest/C-1/2024-03-05 at 2024-03-05 07:30: S-8! S-9! S-1! S-2! S-3! S-4! S-5!"})
	n := plan.Notices[0]
	if n.Late != 2 || n.Items[0].DaysOverdue != 14 || n.Items[1].DaysOverdue != 4 || n.Items[6].DaysOverdue != 0 {
		t.Errorf("late %d, items %+v", n.Late, n.Items)
	}
}

// However the rows come, the digest is the same, and it is in the order of the policy.
func TestTheOrderOfADigestDoesNotDependOnTheRows(t *testing.T) {
	p := office()
	rules := []string{"statement", "initial_interview", "job_search_discussion"}
	rapid.Check(t, func(t *rapid.T) {
		var staged []Staged
		seen := map[policy.Key]bool{}
		for range rapid.IntRange(1, 12).Draw(t, "items") {
			s := owed(fmt.Sprint("S-", rapid.IntRange(1, 4).Draw(t, "seeker")), rapid.SampledFrom(rules).Draw(t, "rule"),
				policy.Stage(rapid.IntRange(1, 4).Draw(t,
					"stage")), calendar.Day(on("2024-03-05")+calendar.Day(rapid.IntRange(-3, 3).Draw(t, "due"))).String())
			if !seen[s.Key()] {
				staged = append(staged, s)
			}
			seen[s.Key()] = true
		}
		want := digests(at("2024-03-05 08:00"), p, team(), staged).Notices[0]
		got := digests(at("2024-03-05 08:00"), p, team(), rapid.Permutation(staged).Draw(t, "order")).Notices[0]
		if !slices.Equal(got.Items, want.Items) || !slices.Equal(got.Told, want.Told) {
			t.Fatalf("got %+v\nwant %+v", got.Items, want.Items)
		}
		if !slices.IsSortedFunc(got.Items, func(a, b Item) int {
			return cmp.Or(cmp.Compare(b.DaysOverdue, a.DaysOverdue), cmp.Compare(a.Due, b.Due), cmp.Compare(b.weight, a.weight),
				cmp.Compare(a.Seeker, b.Seeker))
		}) {
			t.Fatalf("not in order: %+v", got.Items)
		}
	})
}

func TestADigestNamesSoManyAndCountsTheRest(t *testing.T) {
	p := office()
	p.Digest.MaxItems = 3
	var staged []Staged
	for i := range 5 {
		s := owed(fmt.Sprint("S-", i), "initial_interview", policy.Overdue, (on("2024-02-20") + calendar.Day(i)).String())
		if i < 4 {
			s = s.told("C-1", policy.Overdue)
		}
		staged = append(staged, s)
	}
	plan := digests(at("2024-03-05 07:30"), p, team(), staged)
	expect(t, words(plan)[:1], []string{"send coach_digest/C-1/2024-03-05 at 2024-03-05 07:30: S-0 S-1 S-2 +2"})
	n := plan.Notices[0]
	if len(n.Told) != 1 || n.Told[0].Seeker != "S-4" || n.Late != 5 {
		t.Errorf("tells %+v, %d late: what is only counted is told too", n.Told, n.Late)
	}
	if !n.Expires.Equal(at("2024-03-06 00:00")) {
		t.Errorf("expires %s: a digest is of its day", n.Expires)
	}
}

func TestWhomToPhoneIsNamedHoweverMuchIsLate(t *testing.T) {
	p := office()
	p.Digest.MaxItems = 3
	var staged []Staged
	for i := range 5 {
		staged = append(staged, owed(fmt.Sprint("S-", i), "initial_interview", policy.Overdue,
			(on("2024-02-20")+calendar.Day(i)).String()))
	}
	call := owed("S-9", ReachByPhone, policy.Due, "2024-03-07")
	plan := digests(at("2024-03-05 07:30"), p, team(), append(staged, call))
	expect(t, words(plan)[:1], []string{"send coach_digest/C-1/2024-03-05 at 2024-03-05 07:30: S-0! S-1! S-9! +3"})
	if told := plan.Notices[0].Told; len(told) != 6 || told[2].Seeker != "S-9" || told[5].Seeker != "S-4" {
		t.Errorf("tells %+v", told)
	}
}

func TestAClarificationIsTheSeekersUntilItIsPastDue(t *testing.T) {
	for stage, want := range map[policy.Stage]string{
		policy.Upcoming:  "skip coach_digest C-1 met",
		policy.Due:       "skip coach_digest C-1 met",
		policy.Overdue:   "send coach_digest/C-1/2024-03-05 at 2024-03-05 07:30: S-1!",
		policy.Escalated: "send coach_digest/C-1/2024-03-05 at 2024-03-05 07:30: S-1!",
	} {
		s := owed("S-1", "clarification", stage, "2024-03-04")
		s.Owner = "S-1"
		expect(t, words(digests(at("2024-03-05 07:30"), office(), team(), []Staged{s}))[:1], []string{want})
	}
}

func TestTheLeadIsToldOnceOfWhatEscalated(t *testing.T) {
	escalated := owed("S-1", "initial_interview", policy.Escalated, "2024-02-20")
	others := owed("S-2", "statement", policy.Escalated, "2024-02-26").of("C-9")
	unknown := owed("S-3", "statement", policy.Escalated, "2024-02-26").of("C-404")
	clarification := owed("S-4", "clarification", policy.Escalated, "2024-02-20")
	clarification.Owner = "S-4"
	for _, c := range []struct {
		name, now string
		staged    []Staged
		want      []string
	}{
		{"escalated", "2024-03-05 07:35", []Staged{escalated},
			[]string{"send lead_escalation/T-1/2024-03-05 at 2024-03-05 07:30: S-1!"}},
		{"told to the coach is not told to the lead", "2024-03-05 07:35", []Staged{escalated.told("C-1", policy.Escalated)},
			[]string{"send lead_escalation/T-1/2024-03-05 at 2024-03-05 07:30: S-1!"}},
		{"told to the lead at an earlier stage", "2024-03-05 07:35", []Staged{escalated.told("T-1", policy.Overdue)},
			[]string{"send lead_escalation/T-1/2024-03-05 at 2024-03-05 07:30: S-1!"}},
		{"told already, Monday or not", "2024-03-04 07:35", []Staged{escalated.told("T-1", policy.Escalated)}, []string{}},
		{"overdue only", "2024-03-05 07:35", []Staged{owed("S-1", "initial_interview", policy.Overdue, "2024-02-20")},
			[]string{}},
		{"too early", "2024-03-05 07:29", []Staged{escalated}, []string{"skip lead_escalation T-1 not_yet"}},
		{"Sunday", "2024-03-10 07:35", []Staged{escalated}, []string{"skip lead_escalation T-1 outside_window"}},
		{"each team its own", "2024-03-05 07:35", []Staged{escalated, others, unknown},
			[]string{"send lead_escalation/T-1/2024-03-05 at 2024-03-05 07:30: S-1!",
				"send lead_escalation/T-2/2024-03-05 at 2024-03-05 07:30: S-2!",
				"skip lead_escalation C-404 no_address"}},
		{"a clarification too", "2024-03-05 07:35", []Staged{clarification},
			[]string{"send lead_escalation/T-1/2024-03-05 at 2024-03-05 07:30: S-4!"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			expect(t, words(leads(at(c.now), office(), team(away("C-1", "C-2", "2024-03-01", "2024-03-31")), c.staged, Plan{})),
				c.want)
		})
	}
	n := leads(at("2024-03-05 07:35"), office(), team(), []Staged{escalated}, Plan{}).Notices[0]
	if n.To != "T-1" || n.Role != ToLead || n.Language != "sv" || n.Items[0].Coach != "C-1" {
		t.Errorf("%+v", n)
	}
}

// Coaches of a team that left the register still get letters; a letter to its lead becomes a skip.
func TestWhatTheLeadOfAClosedTeamWouldBeToldHasAReason(t *testing.T) {
	open := team(away("C-9", "", "2024-03-05", "2024-03-05"))
	delete(open.Teams, "T-2")
	staged := []Staged{owed("S-2", "statement", policy.Escalated, "2024-02-26").of("C-9")}
	expect(t, words(leads(at("2024-03-05 07:35"), office(), open, staged, Plan{})),
		[]string{"skip lead_escalation T-2 no_address"})
	expect(t, words(digests(at("2024-03-05 07:30"), office(), open, staged))[4:],
		[]string{"skip coach_digest T-2 no_address"})
	expect(t, words(digests(at("2024-03-06 07:30"), office(), open, staged))[:1],
		[]string{"send coach_digest/C-9/2024-03-06 at 2024-03-06 07:30: S-2!"})
}

func TestALeadIsToldAllThatEscalatedHoweverMuchItIs(t *testing.T) {
	p := office()
	p.Digest.MaxItems = 2
	var staged []Staged
	for i := range 5 {
		staged = append(staged, owed(fmt.Sprint("S-", i), "initial_interview", policy.Escalated,
			(on("2024-02-20")+calendar.Day(i)).String()))
	}
	plan := leads(at("2024-03-05 07:35"), p, team(), staged, Plan{})
	expect(t, words(plan), []string{"send lead_escalation/T-1/2024-03-05 at 2024-03-05 07:30: S-0! S-1! S-2! S-3! S-4!"})
	if len(plan.Notices[0].Told) != 5 {
		t.Errorf("tells %+v", plan.Notices[0].Told)
	}
}

// Where nobody stands in for a coach, the lead gets the digest. What it has no room for stands in the letter five
// minutes later, and nothing stands in both.
func TestALeadsDigestTellsWhatItNames(t *testing.T) {
	p := office()
	p.Digest.MaxItems = 2
	staff := team(away("C-1", "", "2024-03-01", "2024-03-31"))
	var staged []Staged
	for i := range 5 {
		staged = append(staged, owed(fmt.Sprint("S-", i), "initial_interview", policy.Escalated,
			(on("2024-02-20")+calendar.Day(i)).String()))
	}
	before := digests(at("2024-03-05 07:30"), p, staff, staged)
	expect(t, words(before)[:1], []string{"send coach_digest/T-1/2024-03-05 at 2024-03-05 07:30: S-0! S-1! +3"})
	if n := before.Notices[0]; len(n.Told) != 2 || n.Late != 5 {
		t.Errorf("tells %+v, %d late", n.Told, n.Late)
	}
	expect(t, words(leads(at("2024-03-05 07:35"), p, staff, staged, before)),
		[]string{"send lead_escalation/T-1/2024-03-05 at 2024-03-05 07:30: S-2! S-3! S-4!"})
}
