package sample

import (
	"os"
	"testing"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
	"vireilla/internal/feed"
	"vireilla/internal/policy"
)

// cases gives what the rules ask of each seeker.
func (s *shelf) cases() map[string]*caseload.Case {
	day := func(file string, r feed.Row, column string) (d calendar.Day) {
		_ = d.UnmarshalText([]byte(s.text(file, r, column))) // the import took it
		return d
	}
	cases := map[string]*caseload.Case{}
	for _, r := range s.rows["seekers.csv"] {
		weeks, _ := s.value("seekers.csv", r, "supplementary_weeks").(int64)
		cases[s.text("seekers.csv", r, "seeker_id")] = &caseload.Case{Seeker: caseload.Seeker{CoachID: s.text("seekers.csv", r, "coach_id"),
			Status: s.text("seekers.csv", r, "status"), JobSearchStarted: day("seekers.csv", r, "job_search_started"),
			JobSearchEnded: day("seekers.csv", r, "job_search_ended"), PreviousJobSearchEnded: day("seekers.csv", r, "previous_job_search_ended"),
			UnemploymentStarted: day("seekers.csv", r, "unemployment_started"), SupplementaryWeeks: int(weeks)}}
	}
	for _, r := range s.rows["contacts.csv"] {
		c := cases[s.text("contacts.csv", r, "seeker_id")]
		c.Contacts = append(c.Contacts, caseload.Contact{Kind: s.text("contacts.csv", r, "kind"), HeldOn: day("contacts.csv", r, "held_on")})
	}
	return cases
}

func TestAboutASixthHaveSomethingStagedAndMostCoachesSomethingNew(t *testing.T) {
	p := policy.Default()
	for _, at := range []calendar.Day{calendar.Date(2021, time.September, 8), calendar.Date(2024, time.March, 5), calendar.Date(2025, time.May, 6),
		calendar.Date(2026, time.March, 17)} {
		staged, news := 0, map[string]bool{}
		for _, c := range read(t, made(t, Options{Seed: 1, At: at})).cases() {
			before := map[[3]string]policy.Stage{}
			for _, o := range p.Obligations(*c, p.Days.LastOpen(at-1)) {
				before[[3]string{o.Rule, o.Anchor.String(), o.Subject}] = o.Stage
			}
			some := 0
			for _, o := range p.Obligations(*c, at) {
				if o.Stage != policy.NoStage {
					some = 1
				}
				if o.Stage > before[[3]string{o.Rule, o.Anchor.String(), o.Subject}] {
					news[o.Coach] = true
				}
			}
			staged += some
		}
		if share := float64(staged) / 11_500; share < 0.12 || share > 0.24 || len(news) < 40 {
			t.Errorf("%s: %.0f %% of the seekers have something staged, %d of 50 coaches something new", at, 100*share, len(news))
		}
	}
}

func TestAppointmentsLieEvenlyOnWorkingDays(t *testing.T) {
	s := read(t, made(t, Options{Seed: 1, At: calendar.Date(2024, time.March, 5)}))
	days := map[calendar.Day]int{}
	for _, r := range s.rows["appointments.csv"] {
		ms, _ := s.value("appointments.csv", r, "starts_at").(int64)
		days[calendar.DayOf(time.UnixMilli(ms), time.UTC)]++ // in office hours, so the same day in Helsinki
	}
	for d, n := range days {
		if n < 20 || n > 90 || d.Weekday() == time.Saturday || d.Weekday() == time.Sunday {
			t.Errorf("%d on %s", n, d)
		}
	}
}

func TestTheTownsAroundLahtiAreServedByTheirAuthority(t *testing.T) {
	at, p := calendar.Date(2025, time.May, 6), policy.Default()
	s := read(t, made(t, Options{Seed: 1, Seekers: 1000, Coaches: 10, At: at}))
	team, authority := map[string]string{}, map[string]string{}
	for _, r := range s.rows["coaches.csv"] {
		team[s.text("coaches.csv", r, "coach_id")] = s.text("coaches.csv", r, "team_id")
	}
	for _, r := range s.rows["teams.csv"] {
		authority[s.text("teams.csv", r, "team_id")] = s.text("teams.csv", r, "authority")
	}
	for _, r := range s.rows["seekers.csv"] {
		town, coach := s.text("seekers.csv", r, "municipality"), s.text("seekers.csv", r, "coach_id")
		if got, want := authority[team[coach]], p.AuthorityOf(town, at).ID; got != want {
			t.Fatalf("%s of %s is served by %s, want %s", s.text("seekers.csv", r, "seeker_id"), town, got, want)
		}
	}
}

func TestAMillionSeekersStayWithinTheLimitsOfTheFeed(t *testing.T) {
	folder := made(t, Options{Seed: 1, Seekers: 20_000, At: calendar.Date(2025, time.May, 6)})
	s := read(t, folder)
	for name, rows := range s.rows {
		info, err := os.Stat(folder + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if 50*len(rows) > 5_000_000 || 50*info.Size() > 512<<20 {
			t.Errorf("%s: %d rows and %d bytes for 20,000 seekers", name, len(rows), info.Size())
		}
	}
}
