package web

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"vireilla/internal/notice"
	"vireilla/internal/policy"
)

// Vitals reads the numbers of the metrics from the database at each scrape. Its cost does not grow with the register or
// with the age of the outbox.
type Vitals interface {
	Vitals(ctx context.Context, now time.Time, entries []string) (notice.Vitals, error)
	Pool() (inUse, idle int, waited time.Duration)
}

// Gauges is a prometheus.Collector of what the database holds. No label names a person.
type Gauges struct {
	Vitals  Vitals
	Entries []policy.Entry // of the timetable
	Began   time.Time      // when this process started
	Clock   func() time.Time
	Log     *slog.Logger
}

func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("vireilla_"+name, help, labels, nil)
}

var (
	descUp     = gauge("database_up", "Whether the database answered this scrape.")
	descOpen   = gauge("letters_open", "Letters that are not in a final state.", "state")
	descOldest = gauge("oldest_due_letter_age_seconds",
		"Time since the letter that has waited longest was first "+
			"due, tried or not; 0 when none is due or the sending hours are over.")
	descHeld   = gauge("runs_held", "Runs that the blast guard holds until a person decides.")
	descDecide = gauge("letters_undecided",
		"Letters that are held one by one until a person decides; counted to 1000.")
	descStopped = gauge("kill_switch", "1 while the kill switch is on: no letter is sent.")
	descBehind  = gauge("database_behind",
		"Send journals with letters that the database does not know, because it was restored: no letter is sent.")
	descTicks   = gauge("ticks_open", "Ticks of the timetable whose work is not done; counted to 1000.")
	descTickAge = gauge("oldest_open_tick_age_seconds",
		"Time since the oldest open tick was due; 0 when there is none.")
	descOverdue = gauge("entry_overdue_seconds",
		"Time since an entry of the timetable should have run again, "+
			"by its tick or by hand; 0 while it is on time.", "entry")
	descDone = gauge("tick_last_done_timestamp_seconds",
		"When the work of an entry of the timetable was last done.", "entry")
	descRun = gauge("run_last_timestamp_seconds",
		"When a run of this kind last planned, even if it planned no letter.", "kind")
	descPool     = gauge("database_connections", "Connections to the database.", "use")
	descPoolWait = gauge("database_connections_wait_seconds_total", "Total time spent waiting for a free connection.")
)

// Describe implements prometheus.Collector.
func (g *Gauges) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descUp, descOpen, descOldest, descHeld, descDecide, descStopped, descBehind,
		descTicks, descTickAge, descOverdue, descDone, descRun, descPool, descPoolWait} {
		to <- d
	}
}

// Collect implements prometheus.Collector. When the database does not answer, vireilla_database_up is 0 and the scrape
// succeeds.
func (g *Gauges) Collect(to chan<- prometheus.Metric) {
	send := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	inUse, idle, waited := g.Vitals.Pool()
	send(descPool, float64(inUse), "in_use")
	send(descPool, float64(idle), "idle")
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
		g.Log.Warn("read the metrics from the database", "err", err)
		send(descUp, 0)
		return
	}
	send(descUp, 1)
	for _, state := range []notice.State{notice.Pending, notice.Deferred, notice.Unsure, notice.Sending, notice.Held} {
		send(descOpen, float64(v.Open[state]), string(state))
	}
	send(descOldest, age(now, v.OldestDue))
	send(descHeld, float64(v.HeldRuns))
	send(descDecide, float64(v.Undecided))
	send(descStopped, map[bool]float64{true: 1}[v.KillSwitch])
	send(descBehind, float64(v.Stale))
	send(descTicks, float64(v.OpenTicks))
	send(descTickAge, age(now, v.OldestTick))
	for i := range g.Entries {
		send(descOverdue, g.overdue(&g.Entries[i], &v, now), g.Entries[i].Name)
	}
	for entry, at := range v.Done {
		send(descDone, float64(at.UnixMilli())/1000, entry)
	}
	for kind, at := range v.Runs {
		send(descRun, float64(at.UnixMilli())/1000, kind)
	}
}

// overdue returns how many seconds ago an entry should have run again. One that never ran counts from the start of this
// process.
func (g *Gauges) overdue(e *policy.Entry, v *notice.Vitals, now time.Time) float64 {
	last := v.Done[e.Name]
	if run := v.Runs[e.Name]; run.After(last) { // started by hand
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
