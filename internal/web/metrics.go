package web

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"vireilla/internal/notice"
)

// Vitals is what the metrics ask of the database at each scrape; nothing in it grows with the register or with the years.
type Vitals interface {
	Vitals(ctx context.Context, now time.Time, entries []string) (notice.Vitals, error)
	Pool() (inUse, idle int, waited time.Duration)
}

// Gauges tells what stands in the database, as a prometheus.Collector. Names, units and labels follow the conventions of Prometheus; no label names a person.
type Gauges struct {
	Vitals  Vitals
	Entries []string // of the timetable
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
	descStopped  = gauge("kill_switch", "1 while the kill switch is on: no letter is begun.")
	descBehind   = gauge("database_behind", "Send journals that know of letters that the database does not know: it was restored, and no letter is begun.")
	descTicks    = gauge("ticks_open", "Strokes of the timetable whose work is not done, counted to 1000.")
	descTickAge  = gauge("oldest_open_tick_age_seconds", "Since when the first of them should have been done; 0 when there is none.")
	descDone     = gauge("tick_last_done_timestamp_seconds", "When the last work of an entry of the timetable was done.", "entry")
	descRun      = gauge("run_last_timestamp_seconds", "When a run of a kind last planned, letters or none.", "kind")
	descPool     = gauge("database_connections", "Connections to the database.", "use")
	descPoolWait = gauge("database_connections_wait_seconds_total", "How long users waited for a connection, in all.")
)

// Describe implements prometheus.Collector.
func (g *Gauges) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descUp, descOpen, descOldest, descHeld, descStopped, descBehind, descTicks, descTickAge, descDone, descRun, descPool, descPoolWait} {
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
	v, err := g.Vitals.Vitals(ctx, now, g.Entries)
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
	tell(descStopped, map[bool]float64{true: 1}[v.Stopped])
	tell(descBehind, float64(v.Behind))
	tell(descTicks, float64(v.OpenTicks))
	tell(descTickAge, age(now, v.OldestTick))
	for entry, at := range v.Done {
		tell(descDone, float64(at.UnixMilli())/1000, entry)
	}
	for kind, at := range v.Runs {
		tell(descRun, float64(at.UnixMilli())/1000, kind)
	}
}

func age(now, since time.Time) float64 {
	if since.IsZero() {
		return 0
	}
	return now.Sub(since).Seconds()
}
