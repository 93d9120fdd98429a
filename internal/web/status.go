package web

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
)

// recentRuns is a good week of the four kinds of run.
const recentRuns = 32

// status is the first page.
type status struct {
	Day              calendar.Day
	Stopped          bool
	Due              int
	ManyDue          bool
	Seekers, Coaches int
	States           []notice.State // those that occur today, in the order of a letter's life
	Rows             []tallyRow
	Totals           []int
	Total            int
	Held, Runs       []notice.RunRow // Held are those of Runs that the guard holds
	Ticks            []tick          // the next of every entry, the soonest first
}

type tallyRow struct {
	Letter string
	Counts []cell
	Total  int
}

type cell struct {
	State notice.State
	N     int
}

type tick struct {
	Name, Cron string
	Next       time.Time
}

func (p *Pages) status(r *http.Request) (page, error) {
	ctx, now := r.Context(), p.Clock()
	s := status{Day: calendar.DayOf(now, p.Policy.Location)}
	tally, err := p.Facts.Tally(ctx, s.Day)
	if err != nil {
		return page{}, fmt.Errorf("count the letters of %s: %w", s.Day, err)
	}
	s.sum(tally)
	if s.Runs, err = p.Facts.Runs(ctx, recentRuns); err != nil {
		return page{}, fmt.Errorf("list the runs: %w", err)
	}
	for _, run := range s.Runs {
		if run.State == "held" {
			s.Held = append(s.Held, run)
		}
	}
	if s.Due, err = p.Facts.Due(ctx, now); err != nil {
		return page{}, fmt.Errorf("count what is due: %w", err)
	}
	s.ManyDue = s.Due >= manyDue
	if s.Stopped, err = p.Facts.Stopped(ctx); err != nil {
		return page{}, fmt.Errorf("read the kill switch: %w", err)
	}
	if s.Seekers, s.Coaches, err = p.Facts.Counts(ctx); err != nil {
		return page{}, fmt.Errorf("count the register: %w", err)
	}
	for _, e := range p.Policy.Timetable {
		s.Ticks = append(s.Ticks, tick{e.Name, e.Spec.String(), e.Spec.Next(now)})
	}
	slices.SortStableFunc(s.Ticks, func(a, b tick) int { return a.Next.Compare(b.Next) })
	return page{"status.html", "Status", s}, nil
}

// sum lays the tally out as a table: letters down, states across.
func (s *status) sum(tally map[string]map[notice.State]int) {
	byState := map[notice.State]int{}
	for _, counts := range tally {
		for state, n := range counts {
			byState[state] += n
			s.Total += n
		}
	}
	for _, state := range notice.States() {
		if byState[state] > 0 {
			s.States = append(s.States, state)
			s.Totals = append(s.Totals, byState[state])
		}
	}
	for _, letter := range slices.Sorted(maps.Keys(tally)) {
		row := tallyRow{Letter: letter}
		for _, state := range s.States {
			row.Counts = append(row.Counts, cell{state, tally[letter][state]})
			row.Total += tally[letter][state]
		}
		if row.Total > 0 {
			s.Rows = append(s.Rows, row)
		}
	}
}
