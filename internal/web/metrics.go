package web

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"vireilla/internal/notice"
	"vireilla/internal/policy"
)

// Vitals is what the metrics ask of the database at each scrape; nothing in it grows with the register or with the years.
type Vitals interface {
	Vitals(ctx context.Context, now time.Time, entries []string) (notice.Vitals, error)
	Pool() (inUse, idle int, waited time.Duration)
}

// Gauges tells what stands in the database, as a prometheus.Collector. Names, units and labels follow the conventions of Prometheus; no label names a person.
type Gauges struct {
	Vitals  Vitals
	Entries []policy.Entry // of the timetable
	Began   time.Time      // when this process did
	Clock   func() time.Time
	Log     *slog.Logger
}

func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("vireilla_"+name, help, labels, nil)
}

var (
	descUp       = gauge("database_up", "Whether the database answered this scrape.")
	descOpen     = gauge("letters_open", "Letters that have not come to their end.", "state")
	descOldest   = gauge("oldest_due_letter_age_seconds", "Since when the letter that has waited longest should have gone, tried or not; 0 when none is late. While the window is closed none is.")
	descHeld     = gauge("runs_held", "Runs that the blast guard holds until a person decides.")
	descDecide   = gauge("letters_undecided", "Letters held one by one, about each of which a person decides; counted to 1000.")
	descStopped  = gauge("kill_switch", "1 while the kill switch is on: no letter is begun.")
	descBehind   = gauge("database_behind", "Send journals that know of letters that the database does not know: it was restored, and no letter is begun.")
	descTicks    = gauge("ticks_open", "Strokes of the timetable whose work is not done, counted to 1000.")
	descTickAge  = gauge("oldest_open_tick_age_seconds", "Since when the first of them should have been done; 0 when there is none.")
	descOverdue  = gauge("entry_overdue_seconds", "Since when the work of an entry of the timetable should have been done again, by the tick or by hand; 0 while it is in time.", "entry")
	descDone     = gauge("tick_last_done_timestamp_seconds", "When the last work of an entry of the timetable was done.", "entry")
	descRun      = gauge("run_last_timestamp_seconds", "When a run of a kind last planned, letters or none.", "kind")
	descPool     = gauge("database_connections", "Connections to the database.", "use")
	descPoolWait = gauge("database_connections_wait_seconds_total", "How long users waited for a connection, in all.")
)

// Describe implements prometheus.Collector.
func (g *Gauges) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descUp, descOpen, descOldest, descHeld, descDecide, descStopped, descBehind, descTicks, descTickAge, descOverdue, descDone, descRun, descPool, descPoolWait} {
		to <- d
	}
}

// Collect implements prometheus.Collector. A database that does not answer is a metric, not a failed scrape.
func (g *Gauges) Collect(to chan<- prometheus.Metric) {
	tell := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	inUse, idle, waited := g.Vitals.Pool()
	tell(descPool, float64(inUse), "in_use")
	tell(descPool, float64(idle), "idle")
	to <- prometheus.MustNewConstMetric(descPoolWait, prometheus.CounterValue, waited.Seconds())

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	now := g.Clock()
	names := make([]string, len(g.Entries))
	for i := range g.Entries {
		names[i] = g.Entries[i].Name
	}
	v, err := g.Vitals.Vitals(ctx, now, names)
	if err != nil {
		g.Log.Warn("no vitals for the metrics", "err", err)
		tell(descUp, 0)
		return
	}
	tell(descUp, 1)
	for _, state := range []notice.State{notice.Pending, notice.Deferred, notice.Unsure, notice.Sending, notice.Held} {
		tell(descOpen, float64(v.Open[state]), string(state))
	}
	tell(descOldest, age(now, v.OldestDue))
	tell(descHeld, float64(v.HeldRuns))
	tell(descDecide, float64(v.Undecided))
	tell(descStopped, map[bool]float64{true: 1}[v.KillSwitch])
	tell(descBehind, float64(v.Stale))
	tell(descTicks, float64(v.OpenTicks))
	tell(descTickAge, age(now, v.OldestTick))
	for i := range g.Entries {
		tell(descOverdue, g.overdue(&g.Entries[i], &v, now), g.Entries[i].Name)
	}
	for entry, at := range v.Done {
		tell(descDone, float64(at.UnixMilli())/1000, entry)
	}
	for kind, at := range v.Runs {
		tell(descRun, float64(at.UnixMilli())/1000, kind)
	}
}

// overdue gives since when an entry should have been done again. One that never was should have been since this process began.
func (g *Gauges) overdue(e *policy.Entry, v *notice.Vitals, now time.Time) float64 {
	last := v.Done[e.Name]
	if run := v.Runs[e.Name]; run.After(last) { // somebody did the day by hand
		last = run
	}
	if last.IsZero() {
		last = g.Began
	}
	return max(0, age(now, e.Spec.Next(last)))
}

func age(now, since time.Time) float64 {
	if since.IsZero() {
		return 0
	}
	return now.Sub(since).Seconds()
}
