package secondagenda

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the answer must not depend on the zones of the machine
)

// register is the part of the feed that the agenda needs. Contacts and trainings are grouped by seeker.
type register struct {
	teamOf    map[string]string // coach_id -> team_id
	absences  []absence
	seekers   []seeker
	contacts  map[string][]contact
	trainings map[string][]training
}

type absence struct {
	coach, deputy string
	from, to      time.Time
}

type seeker struct {
	id, coach, status                         string
	started, ended, previousEnded, unemployed time.Time
	weeks                                     int // 0: not set
}

type contact struct {
	kind string
	on   time.Time
}

type training struct {
	id, kind, state, handler                                    string
	applied, complete, clarification, starts, decided, notified time.Time
}

// readRegister reads the files of a folder. A missing file other than seekers.csv counts as empty.
func readRegister(folder string) (register, error) {
	r := register{
		teamOf:    map[string]string{},
		contacts:  map[string][]contact{},
		trainings: map[string][]training{},
	}
	helsinki, err := time.LoadLocation("Europe/Helsinki")
	if err != nil {
		return r, fmt.Errorf("zone: %w", err)
	}
	if _, err := os.Stat(filepath.Join(folder, "seekers.csv")); err != nil {
		return r, fmt.Errorf("seekers.csv: %w", errors.Unwrap(err))
	}
	teams := map[string]bool{}
	known := map[string]bool{}

	err = forRows(folder, "teams.csv", func(f *row) {
		teams[f.text("team_id")] = true
	})
	if err == nil {
		err = forRows(folder, "coaches.csv", func(f *row) {
			r.teamOf[f.text("coach_id")] = f.oneOf("team_id", teams)
		})
	}
	coaches := map[string]bool{}
	for id := range r.teamOf {
		coaches[id] = true
	}
	if err == nil {
		err = forRows(folder, "absences.csv", func(f *row) {
			r.absences = append(r.absences, absence{
				coach: f.oneOf("coach_id", coaches), deputy: f.text("deputy_id"),
				from: f.day("from"), to: f.day("to"),
			})
		})
	}
	if err == nil {
		err = forRows(folder, "seekers.csv", func(f *row) {
			s := seeker{
				id: f.text("seeker_id"), coach: f.oneOf("coach_id", coaches), status: f.text("status"),
				started: f.day("job_search_started"), ended: f.day("job_search_ended"),
				previousEnded: f.day("previous_job_search_ended"), unemployed: f.day("unemployment_started"),
				weeks: f.number("supplementary_weeks"),
			}
			if s.status == "" {
				s.status = "unemployed"
			}
			known[s.id] = true
			r.seekers = append(r.seekers, s)
		})
	}
	if err == nil {
		err = forRows(folder, "contacts.csv", func(f *row) {
			id := f.oneOf("seeker_id", known)
			r.contacts[id] = append(r.contacts[id], contact{
				kind: f.text("kind"), on: f.localDay("held_at", helsinki),
			})
		})
	}
	if err == nil {
		err = forRows(folder, "training.csv", func(f *row) {
			id := f.oneOf("seeker_id", known)
			r.trainings[id] = append(r.trainings[id], training{
				id: f.text("training_id"), kind: f.text("kind"), state: f.text("state"),
				handler: f.oneOfOrEmpty("handler_id", coaches),
				applied: f.day("applied_on"), complete: f.day("information_complete_on"),
				clarification: f.day("clarification_due"), starts: f.day("study_starts_on"),
				decided: f.day("decided_on"), notified: f.day("notified_on"),
			})
		})
	}
	return r, err
}

// forRows yields every row of a file and stops at the first fault.
func forRows(folder, name string, yield func(*row)) error {
	content, err := os.ReadFile(filepath.Join(folder, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: cannot be read", name)
	}
	text := strings.TrimPrefix(string(content), "\uFEFF")
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if len(records) == 0 {
		return fmt.Errorf("%s: no header line", name)
	}
	for i, record := range records[1:] {
		f := row{cells: map[string]string{}}
		for c, column := range records[0] {
			f.cells[column] = record[c]
		}
		yield(&f)
		if f.fault != "" {
			return fmt.Errorf("%s: row %d: %s", name, i+1, f.fault)
		}
	}
	return nil
}

// row is one row by column name. It keeps its last fault, so that its columns can be read without checks between them.
type row struct {
	cells map[string]string
	fault string
}

func (f *row) text(column string) string { return f.cells[column] }

func (f *row) oneOf(column string, known map[string]bool) string {
	if !known[f.cells[column]] {
		f.fault = column + ": no such id"
	}
	return f.cells[column]
}

func (f *row) oneOfOrEmpty(column string, known map[string]bool) string {
	if f.cells[column] == "" {
		return ""
	}
	return f.oneOf(column, known)
}

func (f *row) day(column string) time.Time {
	if f.cells[column] == "" {
		return time.Time{}
	}
	t, err := parseDay(f.cells[column])
	if err != nil {
		f.fault = column + ": " + err.Error()
	}
	return t
}

func (f *row) number(column string) int {
	if f.cells[column] == "" {
		return 0
	}
	n, err := strconv.Atoi(f.cells[column])
	if err != nil || n < 1 {
		f.fault = column + ": not a number of weeks"
	}
	return n
}

// localDay is the local calendar date of a moment.
func (f *row) localDay(column string, zone *time.Location) time.Time {
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04Z07:00"} {
		t, err := time.ParseInLocation(layout, f.cells[column], zone)
		if err == nil {
			year, month, day := t.In(zone).Date()
			return date(year, month, day)
		}
	}
	f.fault = column + ": not a moment like 2024-03-04T09:00"
	return time.Time{}
}
