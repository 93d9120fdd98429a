package store_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/internal/store"
	"vireilla/internal/test/servertest"
)

// A database of the first schema: S-1 and S-2 are in the register, S-9 has left it. A-1 was told, and the outbox has a
// letter about it in every state.
var firstSchema = []string{
	`INSERT INTO team VALUES ('T-1', 'Itä', 'lahti_region', '', 'kanaria.lead@example.org', 'fi', 0, 1)`,
	`INSERT INTO coach VALUES ('C-1', 'Eero-Kanaria', 'kanaria.c1@example.org', 'T-1', 'fi', 'coach', 0, 1)`,
	`INSERT INTO absence VALUES ('C-1', '2024-07-01', '2024-07-31', '', 0, 1)`,
	`INSERT INTO seeker VALUES ('S-1', 'Aino-Kanaria', 'kanaria.s1@example.org', 'neutral', 'fi', 'Lahti', 'C-1', '2024-01-08', '', '', '', 'unemployed', '', 0, 0, 0, 3, '2024-06-01')`,
	`INSERT INTO seeker VALUES ('S-2', 'Väinö-Kanaria', 'kanaria.s2@example.org', 'neutral', 'fi', 'Lahti', 'C-1', '2024-01-08', '', '', '', 'unemployed', '', 0, 0, 0, 1, NULL)`,
	`INSERT INTO seeker VALUES ('S-9', 'Toivo-Kanaria', 'kanaria.s9@example.org', 'neutral', 'fi', 'Lahti', 'C-1', '2024-01-08', '', '', '', 'unemployed', '', 0, 0, 1700000000000, 2, '')`,
	`INSERT INTO contact VALUES ('K-1', 'S-1', 'C-1', 'initial_interview', 'office', 1705053600000, '2024-01-12', 0, 1)`,
	`INSERT INTO training VALUES ('R-1', 'S-1', 'short_study', 'applied', '2024-02-01', '', '', '', '', '', '', 0, 1)`,
	`INSERT INTO appointment VALUES ('A-1', 'S-1', 'C-1', 'job_search_discussion', 1711008000000, 45, 'office', 'x', 'booked', 1709200000000, 0, 0, 0, 4, NULL,
		1709300000000, 1711008000000, 'office', 'x', 2, 0)`,
	`INSERT INTO appointment VALUES ('A-9', 'S-9', 'C-1', 'job_search_discussion', 1711008000000, 45, 'office', '', 'booked', 1709200000000, 0, 0, 0, 1, 0, 0, 0, '', '', 0, 0)`,
	`INSERT INTO agenda VALUES ('S-1', 'job_search_discussion', '', '2024-01-12', 'nordic', '1379/2021', '2024-04-12', '2024-04-12', 0, 'C-1', 'C-1', 40)`,
	`INSERT INTO agenda VALUES ('S-9', 'job_search_discussion', '', '2024-01-12', 'nordic', '1379/2021', '2024-04-12', '2024-04-12', 1, 'C-1', 'C-1', 40)`,
	`INSERT INTO told VALUES ('S-1', 'job_search_discussion', '', '2024-01-12', 'C-1', 2, 1709300000000)`,
	`INSERT INTO told VALUES ('S-2', 'reach_by_phone', 'A-7', '2024-01-12', 'C-1', 2, 1709300000000)`,
	`INSERT INTO suppression VALUES ('S-2', 'kanaria.s2@example.org', 1709300000000)`,
	`INSERT INTO run VALUES ('appointments', '2024-03-03', 60, 'released', 1709450000000)`,
	`INSERT INTO run VALUES ('appointments', '2024-03-04', 9, 'open', 1709536000000)`,
	`INSERT INTO skip VALUES ('k', 'appointment_booked', 'S-2', 'A-2', 'suppressed', 1709300000000, 1711008000000)`,
	`INSERT INTO schedule VALUES ('digests', 1709536000000)`,
	`INSERT INTO tick VALUES ('digests', 1709450000000, 1709450001000)`,
	`INSERT INTO tick VALUES ('digests', 1709536000000, 0)`,
	`INSERT INTO meta VALUES ('agenda_day', '2024-03-04')`,
	`INSERT INTO meta VALUES ('agenda_policy', 'p')`,
	`UPDATE counter SET n = 100 WHERE name = 'notice'`,
}

const firstLetter = `INSERT INTO notice (id, key, letter, role, to_id, subject, language, send_at, expires_at, start_at, items, told, rest, late, run, policy, planned_at, state, fence, tries,
	next_try, claimed_until, changed_at, code) VALUES ($1, $2, 'appointment_reminder', 'seeker', 'S-1', 'A-1', 'fi', 1709536000000, 1711008000000, 1711008000000,
	'[{"s":"S-1","r":"job_search_discussion","t":"due","a":"2024-01-12","d":"2024-04-12","c":"C-1"}]', '', 0, 0, 'appointments/2024-03-04', 'p', 1709536000000, $3, 1, 1, 1709536000000, 1709539000000, 1709536000000, $4)`

func TestADatabaseOfTheFirstSchemaIsUpgraded(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { upgraded(t, "sqlite:"+filepath.Join(t.TempDir(), "v.db")) })
	t.Run("PostgreSQL", func(t *testing.T) { upgraded(t, servertest.Postgres(t)) })
}

func upgraded(t *testing.T, url string) {
	evening, day := time.Date(2024, time.March, 4, 17, 0, 0, 0, time.UTC), calendar.Date(2024, time.March, 4)
	well := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	all := []notice.State{notice.Pending, notice.Sending, notice.Sent, notice.Deferred, notice.Failed, notice.Unsure,
		notice.Held, notice.Withdrawn}
	db, err := store.AtSchema(t.Context(), url, 1)
	well(err)
	for _, text := range firstSchema {
		if _, err := db.Exec(text); err != nil {
			t.Fatal(err, text)
		}
	}
	key := func(state notice.State) string { return "appointment_reminder/A-1/" + string(state) }
	var plan notice.Plan
	for i, state := range all {
		code := 0
		if state == notice.Failed {
			code = 450
		}
		_, err := db.Exec(firstLetter, i+1, key(state), string(state), code)
		well(err)
		plan.Notices = append(plan.Notices, notice.Notice{Key: key(state), Letter: notice.AppointmentReminder, To: "S-1",
			Role: notice.ToSeeker, Subject: "A-1", SendAt: evening,
			Expires: evening.Add(time.Hour)})
	}
	well(db.Close())

	s := openURL(t, url)
	if version, err := s.Schema(t.Context()); err != nil || version < 2 {
		t.Fatalf("schema %d, %v", version, err)
	}

	// The agenda is computed anew, for those who are in the register.
	well(s.Prepare(t.Context(), day, "p"))
	var evaluated []string
	found := policy.Obligation{Seeker: "S-1", Rule: "job_search_discussion", Anchor: calendar.Date(2024, 1, 12),
		Due: calendar.Date(2024, 4, 12), DueStrict: calendar.Date(2024, 4, 12),
		Stage: policy.Due, Owner: "C-1", Coach: "C-1"}
	well(s.Refresh(t.Context(), day, func(a *notice.Awake) notice.Agenda {
		agenda := notice.Agenda{Seeker: a.Seeker.ID, Wake: day + 1}
		if !a.Gone {
			evaluated = append(evaluated, a.Seeker.ID)
		}
		if a.Seeker.ID == "S-1" {
			if len(a.Contacts) != 1 || len(a.Training) != 1 {
				t.Errorf("%d contacts, %d trainings", len(a.Contacts), len(a.Training))
			}
			agenda.Obligations = []policy.Obligation{found}
		}
		return agenda
	}))
	if slices.Sort(evaluated); !slices.Equal(evaluated, []string{"S-1", "S-2"}) {
		t.Errorf("evaluated %v", evaluated)
	}
	staged, err := s.Staged(t.Context())
	if err != nil || len(staged) != 1 || staged[0].Obligation != found || staged[0].Told["C-1"] != policy.Due {
		t.Errorf("the agenda holds %+v, %v", staged, err)
	}
	if phone, err := s.ToldPhone(t.Context()); err != nil || len(phone) != 1 {
		t.Errorf("told by phone: %v, %v", phone, err)
	}

	// What was told of appointments is known, and only those of the register wake.
	told, err := s.Bookings(t.Context(), []string{"A-1"})
	if err != nil || len(told) != 1 || told[0].Told == nil || told[0].Told.Sequence != 2 || !told[0].Told.Was.IsZero() {
		t.Fatalf("told %+v, %v", told, err)
	}
	if letters, _ := notice.Appointments(evening, policy.Default(),
		[]notice.Booking{told[0].Booking}); len(letters.Notices) != 0 {
		t.Errorf("told once more: %v", letters.Keys())
	}
	if at, awake, err := s.NextBooking(t.Context()); err != nil || awake {
		t.Errorf("an appointment wakes at %s, %v", at, err)
	}
	if skips, err := s.SkipsTo(t.Context(), evening, "S-2"); err != nil || len(skips) != 1 {
		t.Errorf("skips %v, %v", skips, err)
	}

	// Each letter is in its state; none is written again but what was withdrawn, as ever.
	for i, state := range all {
		entries, err := s.Letters(t.Context(), notice.Filter{ID: int64(i + 1)})
		if err != nil || len(entries) != 1 || entries[0].State != state || entries[0].Key != key(state) {
			t.Errorf("%s: %+v, %v", state, entries, err)
		}
	}
	run := notice.Run{Kind: "appointments", Day: day, Policy: "p", Guard: policy.Guard{Floor: 50, Times: 3, Runs: 10}}
	added, err := s.Add(t.Context(), evening, run, plan)
	if err != nil || !slices.Equal(added.IDs, []int64{8}) {
		t.Errorf("planned again: %+v, %v", added, err)
	}
	run.Day--
	if added, err := s.Add(t.Context(), evening, run, notice.Plan{Notices: []notice.Notice{{Key: "fresh",
		SendAt: evening.Add(time.Hour)}}}); err != nil || len(added.IDs) != 1 {
		t.Errorf("after a release: %+v, %v", added, err)
	}
	claimed, err := s.Claim(t.Context(), evening, evening, nil, 25)
	if err != nil || len(claimed) != 4 ||
		slices.ContainsFunc(claimed, func(c notice.Claimed) bool { return c.Unreadable }) {
		t.Errorf("claimed %+v, %v", claimed, err)
	}
	if stuck, err := s.FreeStuck(t.Context(), evening, nil); err != nil || stuck != 1 {
		t.Errorf("%d were stuck, %v", stuck, err)
	}
	if open, err := s.OpenTicks(t.Context(), evening); err != nil || len(open) != 1 {
		t.Errorf("open ticks %v, %v", open, err)
	}
}
