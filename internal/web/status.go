package web

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
)

// recentRuns is three days of the four kinds of run.
const recentRuns = 12

// status is the first page.
type status struct {
	Day                       calendar.Day
	Problems                  []problem
	KillSwitch                bool
	Stale                     int // send journals with letters that the database does not know
	Due                       int
	Oldest                    time.Time // when the letter that has waited longest was first due; zero without one
	Age                       time.Duration
	HeldOnes, FailedOnes      int
	Workers                   []Worker
	ShowWorkers, WorkersKnown bool // the page shows workers; the queue returned them
	QueueDown, Paused         bool
	Acts                      bool           // the page offers actions
	States                    []notice.State // those that occur today, in the order of notice.States
	Rows                      []tallyRow
	Totals                    []int
	Total                     int
	Reasons                   []notice.Reason
	Skipped                   []notice.Reason // letters that were not written, most first
	Held                      []notice.HeldRun
	Runs                      []notice.RunRow
	Ticks                     []tick // the next one of every entry, the soonest first
	Missed                    []tick // those that are overdue
	Days                      []notice.DayTally
	Charts                    []chart
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
	now := p.Clock()
	s := status{Day: calendar.DayOf(now, p.Policy.Location), ShowWorkers: p.Workers != nil, Acts: p.Actions != nil}
	for _, part := range []struct {
		name string
		read func(*http.Request, *status, time.Time) error
	}{
		{"today's letters", p.today}, {"waiting letters", p.waits}, {"runs", p.runs}, {"timetable", p.ticks},
		{"last days", p.month},
	} {
		if err := part.read(r, &s, now); err != nil {
			return page{}, fmt.Errorf("read the %s: %w", part.name, err)
		}
	}
	p.queue(r, &s)
	s.Problems = p.problems(&s, now)
	return page{"status.html", "Status", s}, nil
}

func (p *Pages) today(r *http.Request, s *status, _ time.Time) error {
	tally, err := p.Facts.Tally(r.Context(), s.Day)
	if err != nil {
		return err
	}
	s.sum(tally)
	if s.Reasons, err = p.Facts.Reasons(r.Context(), s.Day); err != nil {
		return err
	}
	zone := p.Policy.Location
	skipped, err := p.Facts.Skipped(r.Context(), s.Day.At(0, 0, zone), (s.Day+1).At(0, 0, zone))
	for why, n := range skipped {
		s.Skipped = append(s.Skipped, notice.Reason{Why: why, N: n})
	}
	slices.SortFunc(s.Skipped, func(a, b notice.Reason) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Why, b.Why))
	})
	return err
}

func (p *Pages) waits(r *http.Request, s *status, now time.Time) (err error) {
	if s.Due, err = p.Facts.Due(r.Context(), now); err != nil {
		return err
	}
	if s.Oldest, err = p.Facts.OldestDue(r.Context(), now); err != nil {
		return err
	}
	if !s.Oldest.IsZero() {
		s.Age = now.Sub(s.Oldest)
	}
	if s.HeldOnes, s.FailedOnes, err = p.Facts.Waiting(r.Context(), now); err != nil {
		return err
	}
	if s.KillSwitch, err = p.Facts.KillSwitch(r.Context()); err != nil {
		return err
	}
	journals, err := p.Facts.StaleBy(r.Context())
	s.Stale = len(journals)
	return err
}

// runs reads the latest runs, and those on hold that still have a letter that has not expired.
func (p *Pages) runs(r *http.Request, s *status, now time.Time) (err error) {
	if s.Runs, err = p.Facts.Runs(r.Context(), recentRuns); err != nil {
		return err
	}
	s.Held, err = p.Facts.HeldRuns(r.Context(), now)
	s.Held = slices.DeleteFunc(s.Held, func(run notice.HeldRun) bool { return run.Left == 0 })
	return err
}

func (p *Pages) ticks(r *http.Request, s *status, now time.Time) error {
	all, err := p.Facts.LastTicks(r.Context())
	if err != nil {
		return err
	}
	for _, e := range p.Policy.Timetable {
		s.Ticks = append(s.Ticks, tick{e.Name, e.Spec.String(), e.Spec.Next(now)})
		last := all[e.Name]
		if due := e.Spec.Next(last); !last.IsZero() && now.Sub(due) > late {
			s.Missed = append(s.Missed, tick{e.Name, e.Spec.String(), due})
		}
	}
	slices.SortStableFunc(s.Ticks, func(a, b tick) int { return a.Next.Compare(b.Next) })
	slices.SortStableFunc(s.Missed, func(a, b tick) int { return a.Next.Compare(b.Next) })
	s.Missed = s.Missed[:min(1, len(s.Missed))] // all have the same cause
	return nil
}

func (p *Pages) month(r *http.Request, s *status, _ time.Time) (err error) {
	s.Days, err = p.Facts.History(r.Context(), s.Day-monthLong+1, s.Day)
	s.Charts = charts(s.Days)
	return err
}

// queue reads the state of the queue and its workers. A queue that does not answer is a problem to show, not an error:
// the rest of the page is needed all the more.
func (p *Pages) queue(r *http.Request, s *status) {
	if p.Queue != nil {
		s.QueueDown, s.Paused = p.Queue()
	}
	if p.Workers == nil {
		return
	}
	var err error
	if s.Workers, err = p.Workers(r.Context()); err != nil {
		p.logError(r, fmt.Errorf("read the workers from the queue: %w", err))
	}
	s.WorkersKnown = err == nil
}

// sum makes a table of the tally: a row for each kind of letter, a column for each state.
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
