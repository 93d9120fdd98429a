package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What plan promises for the staff and about matters is what a run of the day sends, and afterwards there is nothing
// left to plan.
func TestARunSendsWhatThePlanSaid(t *testing.T) {
	t.Parallel()
	data, rules := office(t, "2024-03-06")
	server, env := relay(t)
	keys := func(at string) (keys []string) {
		plan := decode[planAnswer](t, env.must(t, "--data", data, "--policy", rules, "plan", "--at", at, "--format", "json"))
		for _, n := range plan.Notices {
			if n.Subject == "" || n.Letter == "matter_update" {
				keys = append(keys, n.Key)
			}
		}
		slices.Sort(keys)
		return keys
	}
	promised := keys("2024-03-06T08:00")
	env.must(t, "--data", data, "--policy", rules, "run", "--at", "2024-03-06", "--yes")
	type letter struct{ Key, State, Letter string }
	var sent []string
	for _, l := range decode[[]letter](t, env.must(t, "--data", data, "outbox", "list", "--state", "sent", "--format", "json")) {
		if !strings.HasPrefix(l.Letter, "appointment") {
			sent = append(sent, l.Key)
		}
	}
	slices.Sort(sent)
	if len(promised) < 5 || !slices.Equal(promised, sent) {
		t.Errorf("promised %v\nsent     %v", promised, sent)
	}
	if left := keys("2024-03-06"); len(left) != 0 {
		t.Errorf("still planned after the run: %v", left)
	}
	before := len(server.Accepted())
	env.must(t, "--data", data, "--policy", rules, "run", "--at", "2024-03-06", "--yes")
	if after := len(server.Accepted()); after != before {
		t.Errorf("a second run of the day sent %d letters", after-before)
	}
}

// The days that follow tell owners of later stages; a past day must not forget that they knew of the earlier ones.
func TestAPastDayIsPlannedAsItWas(t *testing.T) {
	t.Parallel()
	_, rules := office(t, "2024-03-06")
	data, folder := t.TempDir(), filepath.Join(t.TempDir(), "few")
	// So few that there are days without news.
	must(t, "sample", folder, "--at", "2024-03-06", "--seekers", "60", "--coaches", "6")
	must(t, "--data", data, "import", folder)
	_, env := relay(t)
	days := []string{"2024-03-06", "2024-03-07", "2024-03-08", "2024-03-12", "2024-03-13", "2024-03-14", "2024-03-15"}
	for _, day := range days {
		env.must(t, "--data", data, "--policy", rules, "run", "--at", day, "--yes")
	}
	for _, day := range days {
		plan := decode[planAnswer](t, env.must(t, "--data", data, "--policy", rules, "plan", "--at", day+"T08:00", "--format", "json"))
		for _, n := range plan.Notices {
			if n.Role != "seeker" {
				t.Errorf("%s was not sent, and nobody missed it", n.Key)
			}
		}
	}
}

func TestARunWithoutYesSaysWhatOneWithYesSends(t *testing.T) {
	t.Parallel()
	data, rules := office(t, "2024-03-06")
	_, env := relay(t)
	plan := decode[planAnswer](t, env.must(t, "--data", data, "--policy", rules, "run", "--at", "2024-03-06", "--format", "json"))
	var promised, sent []string
	for i, n := range plan.Notices {
		promised = append(promised, n.Key)
		if n.SendAt.Format("2006-01-02") != "2024-03-06" || i > 0 && n.SendAt.Before(plan.Notices[i-1].SendAt) {
			t.Errorf("%s goes out at %s", n.Key, n.SendAt)
		}
	}
	env.must(t, "--data", data, "--policy", rules, "run", "--at", "2024-03-06", "--yes")
	for _, l := range decode[[]struct{ Key, State string }](t, env.must(t, "--data", data, "outbox", "list", "--state", "sent", "--format", "json")) {
		sent = append(sent, l.Key)
	}
	slices.Sort(promised)
	slices.Sort(sent)
	if len(sent) < 20 || !slices.Equal(promised, sent) {
		t.Errorf("only promised %v, only sent %v", without(promised, sent), without(sent, promised))
	}
}

// without gives the words that are in no other list.
func without(words, other []string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(w string) bool { return slices.Contains(other, w) })
}

// small writes a feed of one team and two coaches by hand, and imports it.
func small(t *testing.T, files map[string]string) (data, rules string) {
	t.Helper()
	data, folder := t.TempDir(), t.TempDir()
	feed := map[string]string{
		"teams.csv":   "team_id,name,authority,lead_email\nT-1,Lahti 1,lahti_region,kanaria.lead@example.org\n",
		"coaches.csv": "coach_id,name,email,team_id\nC-1,Kanaria Yksi,kanaria.c1@example.org,T-1\nC-2,Kanaria Kaksi,kanaria.c2@example.org,T-1\n",
		"seekers.csv": "seeker_id,first_name,email,municipality,coach_id,status,job_search_started\nS-1,Kanaria,kanaria.s1@example.org,Lahti,C-1,unemployed,2024-02-01\n",
	}
	for name, text := range files {
		feed[name] = text
	}
	for name, text := range feed {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	must(t, "--data", data, "import", folder)
	return data, unguarded(t)
}

// expectRun says that the plan of a day promises what its run sends.
func expectRun(t *testing.T, data, rules, day string, want ...string) {
	t.Helper()
	_, env := relay(t)
	var promised, sent []string
	for _, n := range decode[planAnswer](t, env.must(t, "--data", data, "--policy", rules, "plan", "--at", day, "--format", "json")).Notices {
		promised = append(promised, n.Key)
	}
	env.must(t, "--data", data, "--policy", rules, "run", "--at", day, "--yes")
	for _, l := range decode[[]struct{ Key, State string }](t, env.must(t, "--data", data, "outbox", "list", "--state", "sent", "--format", "json")) {
		sent = append(sent, l.Key)
	}
	slices.Sort(promised)
	slices.Sort(sent)
	if !slices.Equal(promised, want) || !slices.Equal(sent, want) {
		t.Errorf("promised %v\nsent %v\nwant %v", promised, sent, want)
	}
}

// The lead has the digest of a coach for whom nobody stands in, and no second letter about the same.
func TestWhatTheLeadsDigestTellsIsNotPlannedTwice(t *testing.T) {
	t.Parallel()
	data, rules := small(t, map[string]string{"absences.csv": "coach_id,from,to\nC-1,2024-03-01,2024-04-03\n"})
	at := decode[planAnswer](t, must(t, "--data", data, "--policy", rules, "plan", "--at", "2024-03-05T12:00", "--format", "json"))
	if len(at.Notices) != 1 || at.Notices[0].Key != "coach_digest/T-1/2024-03-05" {
		t.Errorf("%+v", at.Notices)
	}
	expectRun(t, data, rules, "2024-03-05", "coach_digest/T-1/2024-03-05")
}

func TestThePlanOfADayKnowsWhatIsBookedInTheCourseOfIt(t *testing.T) {
	t.Parallel()
	data, rules := small(t, map[string]string{"appointments.csv": "appointment_id,seeker_id,coach_id,kind,starts_at,mode,state,booked_at,cancelled_at\n" +
		"A-1,S-1,C-2,job_search_discussion,2024-03-06T13:15,phone,booked,2024-03-06T08:00,\n" +
		"A-2,S-1,C-2,job_search_discussion,2024-03-20T13:15,phone,cancelled,2024-03-06T09:00,2024-03-06T14:05\n" +
		"A-3,S-1,C-2,job_search_discussion,2024-03-21T13:15,phone,booked,2024-03-06T17:00,\n"})
	expectRun(t, data, rules, "2024-03-06", "appointment_booked/A-1/2024-03-06T13:15", "appointment_booked/A-2/2024-03-20T13:15",
		"appointment_cancelled/A-2/2024-03-20T13:15/1", "coach_digest/C-1/2024-03-06", "lead_escalation/T-1/2024-03-06")
}
