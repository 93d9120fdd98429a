package secondagenda

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The staff of every story: C-1 and C-2 of team T-1, C-3 of T-2, and the expert X-1 of T-2.
const (
	teamsFile = "team_id,name,authority,lead_email\nT-1,Yksi,lahti,kanaria.lead1@example.org\nT-2,Kaksi,lahti,kanaria.lead2@example.org\n"
	staffFile = "coach_id,name,email,team_id,role\nC-1,Coach,kanaria.c1@example.org,T-1,\nC-2,Coach,kanaria.c2@example.org,T-1,coach\n" +
		"C-3,Coach,kanaria.c3@example.org,T-2,\nX-1,Expert,kanaria.x1@example.org,T-2,expert\n"
)

// story is a feed with the rows that matter, without their headers.
type story struct {
	seekers   string // seeker_id,started,ended,previous_ended,unemployment_started,status,weeks of C-1
	contacts  string // seeker_id,kind,held_at
	trainings string // training_id,seeker_id,kind,state,applied,complete,clarification,starts,decided,notified,handler
	absences  string // coach_id,from,to,deputy_id
}

// at gives "rule/subject anchor due_strict due stage owner era" for each line of the agenda.
func (s story) at(t *testing.T, day string) []string {
	t.Helper()
	folder := t.TempDir()
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("teams.csv", teamsFile)
	write("coaches.csv", staffFile)
	write("absences.csv", "coach_id,from,to,deputy_id\n"+s.absences)
	seekers := "\uFEFFcoach_id,municipality,seeker_id,job_search_started,job_search_ended,previous_job_search_ended," +
		"unemployment_started,status,supplementary_weeks\n"
	for row := range strings.Lines(s.seekers) {
		seekers += "C-1,Lahti," + row
	}
	write("seekers.csv", seekers)
	write("contacts.csv", "seeker_id,kind,held_at\n"+s.contacts)
	write("training.csv", "training_id,seeker_id,kind,state,applied_on,information_complete_on,clarification_due,"+
		"study_starts_on,decided_on,notified_on,handler_id\n"+s.trainings)

	lines, err := Agenda(folder, day)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, text := range lines {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatal(err)
		}
		stage := l.Stage
		if stage == "" {
			stage = "-"
		}
		got = append(got, strings.Join(
			[]string{l.Rule + "/" + l.Subject, l.Anchor, l.DueStrict, l.Due, stage, l.Owner, l.Era}, " "))
	}
	return got
}

func (s story) expect(t *testing.T, day string, want ...string) {
	t.Helper()
	if got := s.at(t, day); !slices.Equal(got, want) {
		t.Errorf("%s:\n got %s\nwant %s", day, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

func TestTheLineIsThatOfTheCommandsPage(t *testing.T) {
	folder := t.TempDir()
	for name, content := range map[string]string{
		"teams.csv": teamsFile, "coaches.csv": staffFile,
		"seekers.csv":  "seeker_id,municipality,coach_id,job_search_started\nS-00012,Lahti,C-2,2023-06-05\n",
		"contacts.csv": "contact_id,seeker_id,kind,held_at\nK-1,S-00012,job_search_discussion,2023-12-04T10:00\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Agenda(folder, "2024-03-04")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`{"seeker":"S-00012","rule":"initial_interview","subject":"","era":"nordic","anchor":"2023-06-05",` +
			`"due_strict":"2023-06-12","due":"2023-06-12","stage":"escalated","owner":"C-2","basis":"1379/2021"}`,
		`{"seeker":"S-00012","rule":"job_search_discussion","subject":"","era":"nordic","anchor":"2023-12-04",` +
			`"due_strict":"2024-03-04","due":"2024-03-04","stage":"due","owner":"C-2","basis":"1379/2021"}`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestFirstInterviewClimbsItsLadderOverEaster(t *testing.T) {
	s := story{seekers: "S-1,2021-03-19,,,,,\n"}
	for day, stage := range map[string]string{
		"2021-03-29": "-", "2021-03-30": "upcoming", "2021-03-31": "upcoming", "2021-04-01": "due",
		"2021-04-06": "due", "2021-04-07": "overdue", "2021-04-08": "overdue", "2021-04-09": "escalated",
	} {
		s.expect(t, day, "first_interview/ 2021-03-19 2021-04-02 2021-04-06 "+stage+" C-1 periodic")
	}
	s.expect(t, "2021-03-18")
}

func TestPeriodicInterviewRunsFromTheLaterOfUnemploymentAndInterview(t *testing.T) {
	s := story{
		seekers:  "S-1,2021-06-01,,,2021-11-10,,\nS-2,2021-06-01,,,2021-11-10,under_threat,\n",
		contacts: "S-1,periodic_interview,2021-11-30T09:00\nS-2,periodic_interview,2021-11-30T09:00\n",
	}
	s.expect(t, "2022-02-14", "periodic_interview/ 2021-11-30 2022-02-28 2022-02-28 upcoming C-1 periodic")
	s.expect(t, "2022-02-11", "periodic_interview/ 2021-11-30 2022-02-28 2022-02-28 - C-1 periodic")
	s.seekers = "S-1,2021-06-01,,,2022-05-02,,\n"
	s.contacts = "S-1,periodic_interview,2021-11-30T09:00\n"
	s.expect(t, "2022-05-01", "periodic_interview/ 2021-11-30 2022-02-28 2022-02-28 escalated C-1 periodic")
	s.expect(t, "2022-05-02") // the anchor is in the next era, the last interview in this one
	s.seekers = "S-1,2021-11-08,,,2021-11-10,,\n"
	s.contacts = "S-1,supplementary_discussion,2021-11-30T09:00\n"
	s.expect(t, "2022-01-03", "periodic_interview/ 2021-11-10 2022-02-10 2022-02-10 - C-1 periodic")
}

func TestInitialInterviewHasTheDaysOfItsEra(t *testing.T) {
	s := story{seekers: "S-1,2023-12-21,,,,,\n"}
	s.expect(t, "2024-01-03", "initial_interview/ 2023-12-21 2024-01-02 2024-01-02 overdue C-1 nordic")
	s.expect(t, "2024-01-05", "initial_interview/ 2023-12-21 2024-01-02 2024-01-02 escalated C-1 nordic")
	s = story{seekers: "S-1,2025-12-29,,,,,\n"}
	s.expect(t, "2026-01-07", "initial_interview/ 2025-12-29 2026-01-07 2026-01-07 due C-1 municipal")
	s = story{seekers: "S-1,2026-01-02,,,,,\n"}
	s.expect(t, "2026-01-14", "initial_interview/ 2026-01-02 2026-01-19 2026-01-19 upcoming C-1 needs_based")
}

func TestResumedSearchHasADiscussionInsteadOfAnInitialInterview(t *testing.T) {
	discussion := "job_search_discussion/ 2024-02-29 2024-05-29 2024-05-29 - C-1 nordic"
	initial := "initial_interview/ 2024-02-29 2024-03-07 2024-03-07 - C-1 nordic"
	for previous, want := range map[string]string{
		"2023-08-31": discussion, "2023-08-29": discussion, "2023-08-28": initial, "2024-02-29": discussion,
		"2024-03-01": initial, "": initial,
	} {
		story{seekers: "S-1,2024-02-29,," + previous + ",,,\n"}.expect(t, "2024-02-29", want)
	}
}

func TestSupplementaryDiscussionsGoOnInTheirWindow(t *testing.T) {
	s := story{seekers: "S-1,2024-01-08,,,,,\n", contacts: "S-1,initial_interview,2024-01-10T09:00\n" +
		"S-1,supplementary_discussion,2024-01-24T09:00\nS-1,call,2024-02-01T09:00\n"}
	discussion := "job_search_discussion/ 2024-01-10 2024-04-10 2024-04-10 "
	s.expect(t, "2024-02-08", discussion+"- C-1 nordic",
		"supplementary_discussion/ 2024-01-24 2024-02-07 2024-02-07 overdue C-1 nordic")
	s.contacts += "S-1,supplementary_discussion,2024-03-27T09:00\n"
	s.expect(t, "2024-03-28", discussion+"upcoming C-1 nordic",
		"supplementary_discussion/ 2024-03-27 2024-04-10 2024-04-10 - C-1 nordic")
	s.contacts += "S-1,supplementary_discussion,2024-03-28T09:00\n" // two weeks on lies outside
	s.expect(t, "2024-03-28", discussion+"upcoming C-1 nordic")

	five := story{seekers: s.seekers, contacts: "S-1,initial_interview,2024-01-10T09:00\n" +
		strings.Repeat("S-1,supplementary_discussion,2024-01-24T09:00\n", 5)}
	five.expect(t, "2024-01-24", discussion+"- C-1 nordic")

	own := story{seekers: "S-1,2026-01-26,,,,,4\nS-2,2026-01-26,,,,,\n",
		contacts: "S-1,initial_interview,2026-02-02T09:00\nS-2,initial_interview,2026-02-02T09:00\n"}
	later := "job_search_discussion/ 2026-02-02 2026-05-02 2026-05-04 - C-1 needs_based"
	own.expect(t, "2026-02-25", later,
		"supplementary_discussion/ 2026-02-02 2026-03-02 2026-03-02 upcoming C-1 needs_based", later)
}

func TestIntensiveMonthAsksForTwoDiscussions(t *testing.T) {
	s := story{seekers: "S-1,2023-08-28,,,,,\n", contacts: "S-1,initial_interview,2023-08-31T09:00\n" +
		"S-1,job_search_discussion,2024-02-20T09:00\n"}
	discussion := "job_search_discussion/ 2024-02-20 2024-05-20 2024-05-20 - C-1 nordic"
	s.expect(t, "2024-02-28", discussion)
	s.expect(t, "2024-03-15",
		"intensive_month/1 2024-02-29 2024-03-14 2024-03-14 overdue C-1 nordic",
		"intensive_month/2 2024-02-29 2024-03-29 2024-04-02 - C-1 nordic", discussion)
	s.expect(t, "2024-03-30", discussion)
	s.contacts += "S-1,supplementary_discussion,2024-02-29T09:00\n"
	s.expect(t, "2024-03-29",
		"intensive_month/2 2024-02-29 2024-03-29 2024-04-02 due C-1 nordic", discussion)
	s.contacts += "S-1,supplementary_discussion,2024-03-29T09:00\n"
	s.expect(t, "2024-03-29", discussion)
}

func TestTrainingObligationsFollowTheCase(t *testing.T) {
	s := story{
		seekers: "S-1,,,,,,\n",
		trainings: "TR-1,S-1,short_study,applied,2024-11-20,2024-11-24,,2025-01-07,,,\n" +
			"TR-2,S-1,self_motivated_study,clarification_requested,2024-11-20,2024-11-24,2024-12-24,,,,X-1\n" +
			"TR-3,S-1,self_motivated_study,under_review,2024-11-20,,,2025-01-08,,,X-1\n" +
			"TR-4,S-1,recruitment_training,selection_pending,2024-11-20,,,2025-01-08,,,\n" +
			"TR-5,S-1,integration_training,decided_negative,2024-11-20,,,,2024-12-23,,\n" +
			"TR-6,S-1,labour_market_training,applied,2024-12-31,,,2025-01-08,,,\n",
	}
	s.expect(t, "2024-12-30",
		"clarification/TR-2 2024-12-24 2024-12-24 2024-12-27 overdue S-1 nordic",
		"decision_before_start/TR-3 2025-01-08 2024-12-30 2024-12-30 due X-1 municipal",
		"notify_decision/TR-5 2024-12-23 2024-12-30 2024-12-30 due C-1 nordic",
		"selection_result/TR-4 2025-01-08 2024-12-18 2024-12-18 escalated C-1 municipal",
		"statement/TR-1 2024-11-24 2024-12-24 2024-12-27 escalated C-1 nordic")
	old := story{seekers: "S-1,,,,,,\n", trainings: "TR-1,S-1,short_study,applied,2016-12-01,2016-12-31,,,,,\n"}
	old.expect(t, "2017-01-02", "statement/TR-1 2016-12-31 2017-01-30 2017-01-30 - C-1 ")
}

func TestADayKnowsNothingOfLaterDays(t *testing.T) {
	s := story{
		seekers: "S-1,2024-03-01,2024-03-20,,,,\n",
		contacts: "S-1,initial_interview,2024-03-05T23:30+00:00\n" + // 01:30 on the 6th in Helsinki
			"S-1,job_search_discussion,2024-02-28T09:00\n",
		trainings: "TR-1,S-1,short_study,notified,2024-03-01,2024-03-04,,,2024-03-11,2024-03-14,\n",
	}
	initial := "initial_interview/ 2024-03-01 2024-03-08 2024-03-08 "
	statement := "statement/TR-1 2024-03-04 2024-04-03 2024-04-03 - C-1 nordic"
	after := "job_search_discussion/ 2024-03-06 2024-06-06 2024-06-06 - C-1 nordic"
	second := "supplementary_discussion/ 2024-03-06 2024-03-20 2024-03-20 "
	told := "notify_decision/TR-1 2024-03-11 2024-03-13 2024-03-13 "
	s.expect(t, "2024-02-29")
	s.expect(t, "2024-03-03", initial+"- C-1 nordic")
	s.expect(t, "2024-03-05", initial+"upcoming C-1 nordic", statement)
	s.expect(t, "2024-03-06", after, statement, second+"- C-1 nordic")
	s.expect(t, "2024-03-13", after, told+"due C-1 nordic", second+"- C-1 nordic")
	s.expect(t, "2024-03-14", after, second+"- C-1 nordic")
	s.expect(t, "2024-03-19", after, second+"upcoming C-1 nordic")
	s.expect(t, "2024-03-20")
}

func TestNobodyInServiceOrEmployedIsCalledIn(t *testing.T) {
	story{seekers: "S-1,2024-03-01,,,,in_service,\nS-2,2024-03-01,,,,employed,\n"}.expect(t, "2024-03-04")
}

func TestAbsentCoachIsReplacedByTheFirstDeputyPresentOrTheTeam(t *testing.T) {
	for name, c := range map[string]struct{ absences, owner string }{
		"not away":             {"C-1,2024-03-05,2024-03-09,C-3\nC-1,2024-03-01,2024-03-03,C-3\n", "C-1"},
		"deputy":               {"C-1,2024-03-04,2024-03-04,C-3\n", "C-3"},
		"no deputy":            {"C-1,2024-03-01,2024-03-04,\n", "T-1"},
		"deputy away":          {"C-1,2024-03-01,2024-03-08,C-3\nC-3,2024-03-04,2024-03-04,C-2\n", "T-1"},
		"second absence":       {"C-1,2024-03-02,2024-03-08,C-2\nC-1,2024-03-01,2024-03-08,\n", "C-2"},
		"the earlier is first": {"C-1,2024-03-02,2024-03-08,C-2\nC-1,2024-03-01,2024-03-08,C-3\n", "C-3"},
		"both deputies away": {"C-1,2024-03-02,2024-03-08,C-2\nC-1,2024-03-01,2024-03-08,C-3\n" +
			"C-2,2024-03-04,2024-03-08,\nC-3,2024-03-04,2024-03-08,\n", "T-1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := story{seekers: "S-1,2024-03-04,,,,,\n", absences: c.absences}
			s.expect(t, "2024-03-04", "initial_interview/ 2024-03-04 2024-03-11 2024-03-11 - "+c.owner+" nordic")
		})
	}
}

func TestFaultsNameTheRowAndColumnButNoValue(t *testing.T) {
	for name, c := range map[string]struct{ seekers, want string }{
		"unknown coach": {"seeker_id,coach_id\nS-1,C-2\nS-2,Secret\n", "agenda: seekers.csv: row 2: coach_id: no such id"},
		"bad day": {"seeker_id,coach_id,job_search_ended\nS-1,C-2,Secret\n",
			"agenda: seekers.csv: row 1: job_search_ended: not a day like 2024-03-04"},
		"weeks": {"seeker_id,coach_id,supplementary_weeks\nS-1,C-2,0\n",
			"agenda: seekers.csv: row 1: supplementary_weeks: not a number of weeks"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			for file, content := range map[string]string{
				"teams.csv": teamsFile, "coaches.csv": staffFile, "seekers.csv": c.seekers,
			} {
				if err := os.WriteFile(filepath.Join(folder, file), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, err := Agenda(folder, "2024-03-04")
			if err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
	if _, err := Agenda(t.TempDir(), "2024-03-04"); err == nil {
		t.Error("a folder without seekers.csv was accepted")
	}
	if _, err := Agenda(t.TempDir(), "4.3.2024"); err == nil {
		t.Error("a day of another form was accepted")
	}
}
