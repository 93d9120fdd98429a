package secondagenda

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

// RandomFeed writes a valid made-up feed of all seven files to folder, which must exist. The same seed gives the same
// feed. Most of its days lie near the day "around" (2006-01-02), so that the agendas of those days have every rule,
// stage and border case in a few hundred seekers.
//
// Columns and rows stand in random order. Some optional columns that no rule reads are missing.
func RandomFeed(folder string, seed int64, seekers int, around string) error {
	middle, err := parseDay(around)
	if err != nil {
		return fmt.Errorf("random feed: around: %w", err)
	}
	helsinki, err := time.LoadLocation("Europe/Helsinki")
	if err != nil {
		return fmt.Errorf("random feed: zone: %w", err)
	}
	m := maker{
		Rand:   rand.New(rand.NewPCG(uint64(seed), 380)),
		around: middle,
		zone:   helsinki,
	}
	m.staff()
	for i := range seekers {
		m.seeker(fmt.Sprintf("S-%05d", i+1))
	}
	for _, t := range m.tables() {
		if err := m.write(folder, t); err != nil {
			return fmt.Errorf("random feed: %s: %w", t.name, err)
		}
	}
	return nil
}

// maker has the random source and the rows made so far.
type maker struct {
	*rand.Rand
	around time.Time
	zone   *time.Location

	coachIDs, staffIDs []string // coaches, who have seekers; coaches and experts

	teams, coaches, absences, seekers, contacts, appointments, trainings []cells
}

// cells is one row by column name; a column that is not in it is empty.
type cells map[string]string

type table struct {
	name     string
	columns  []string
	optional []string // may be left out of the file
	rows     []cells
}

func (m *maker) tables() []table {
	return []table{
		{"teams.csv", []string{"team_id", "name", "authority", "lead_email"},
			[]string{"lead_name", "language"}, m.teams},
		{"coaches.csv", []string{"coach_id", "name", "email", "team_id", "role"},
			[]string{"language"}, m.coaches},
		{"absences.csv", []string{"coach_id", "from", "to", "deputy_id"}, nil, m.absences},
		{"seekers.csv", []string{"seeker_id", "municipality", "coach_id", "job_search_started", "job_search_ended",
			"previous_job_search_ended", "unemployment_started", "status", "supplementary_weeks", "protected"},
			[]string{"first_name", "email", "email_tier", "service_language", "service_line"}, m.seekers},
		{"contacts.csv", []string{"contact_id", "seeker_id", "kind", "held_at"},
			[]string{"coach_id", "mode"}, m.contacts},
		{"appointments.csv", []string{"appointment_id", "seeker_id", "coach_id", "kind", "starts_at", "state",
			"booked_at", "changed_at", "cancelled_at"},
			[]string{"minutes", "mode", "place"}, m.appointments},
		{"training.csv", []string{"training_id", "seeker_id", "kind", "state", "applied_on",
			"information_complete_on", "clarification_due", "study_starts_on", "decided_on", "notified_on",
			"handler_id"}, nil, m.trainings},
	}
}

func (m *maker) write(folder string, t table) error {
	columns := t.columns
	for _, column := range t.optional {
		if m.chance(75) {
			columns = append(columns, column)
		}
	}
	m.Shuffle(len(columns), func(i, j int) { columns[i], columns[j] = columns[j], columns[i] })
	m.Shuffle(len(t.rows), func(i, j int) { t.rows[i], t.rows[j] = t.rows[j], t.rows[i] })

	file, err := os.Create(filepath.Join(folder, t.name))
	if err != nil {
		return err
	}
	records := [][]string{columns}
	for _, row := range t.rows {
		record := make([]string, len(columns))
		for i, column := range columns {
			record[i] = row[column]
		}
		records = append(records, record)
	}
	if err := csv.NewWriter(file).WriteAll(records); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

// chance is true in that many of a hundred cases.
func (m *maker) chance(percent int) bool { return m.IntN(100) < percent }

// between is a whole number from low to high, both included.
func (m *maker) between(low, high int) int { return low + m.IntN(high-low+1) }

func (m *maker) one(of ...string) string { return of[m.IntN(len(of))] }

// staff makes teams, coaches, experts and their absences. Some deputies are missing, some absent themselves. Absences
// of one coach may overlap, but never begin on the same day.
func (m *maker) staff() {
	const teams, coaches = 3, 14
	for i := range teams {
		id := fmt.Sprintf("T-%d", i+1)
		m.teams = append(m.teams, cells{
			"team_id": id, "name": "Tiimi " + id, "authority": m.one("lahti", "hollola"),
			"lead_name": "Lead-Kanaria " + id, "lead_email": fmt.Sprintf("kanaria.lead%d@example.org", i+1),
			"language": m.one("", "fi", "sv"),
		})
	}
	for i := range coaches {
		id := fmt.Sprintf("C-%02d", i+1)
		role := m.one("", "coach")
		if i >= coaches-3 {
			role = "expert"
		} else {
			m.coachIDs = append(m.coachIDs, id)
		}
		m.staffIDs = append(m.staffIDs, id)
		m.coaches = append(m.coaches, cells{
			"coach_id": id, "name": "Coach-Kanaria " + id, "email": fmt.Sprintf("kanaria.coach%d@example.org", i+1),
			"team_id": fmt.Sprintf("T-%d", i%teams+1), "language": m.one("", "fi", "sv", "en"), "role": role,
		})
	}
	for _, id := range m.staffIDs {
		m.absencesOf(id)
	}
}

func (m *maker) absencesOf(coachID string) {
	taken := map[string]bool{}
	for range m.IntN(5) {
		from := m.around.AddDate(0, 0, m.between(-25, 20))
		to := from.AddDate(0, 0, m.between(0, 18))
		switch {
		case m.chance(20):
			to = from
		case m.chance(40):
			from = m.around.AddDate(0, 0, -m.between(0, 10))
			to = m.around.AddDate(0, 0, m.between(0, 10))
		}
		deputy := ""
		if m.chance(70) {
			deputy = m.one(m.coachIDs...)
		}
		if taken[show(from)] || deputy == coachID {
			continue
		}
		taken[show(from)] = true
		m.absences = append(m.absences, cells{
			"coach_id": coachID, "from": show(from), "to": show(to), "deputy_id": deputy,
		})
	}
}
