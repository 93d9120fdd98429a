package web

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"vireilla/internal/notice"
)

// Meters are the metrics of what this process does.
type Meters struct {
	Registry *prometheus.Registry
	letters  *prometheus.CounterVec
	answers  *prometheus.CounterVec
	steps    *prometheus.HistogramVec
	failures *prometheus.CounterVec
}

// NewMeters registers the metrics of a process, with those of the Go runtime. Every counter starts at 0, because
// Prometheus does not see the step from no sample to the first one as an increase.
func NewMeters(version, goVersion string, steps []string) *Meters {
	m := &Meters{
		Registry: prometheus.NewRegistry(),
		letters: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "vireilla_letters_total",
			Help: "Attempts to send letters, by the resulting state."}, []string{"letter", "state"}),
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "vireilla_relay_answers_total",
			Help: "Attempts by the class of the relay's reply code; tls when its certificate is not valid, " +
				"none without a reply."}, []string{"class"}),
		steps: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "vireilla_step_duration_seconds",
			Help: "Duration of the steps.", Buckets: []float64{.005, .025, .1, .5, 1, 5, 15, 60, 300}}, []string{"step"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "vireilla_step_failures_total",
			Help: "Steps that ended with an error."}, []string{"step"}),
	}
	for _, class := range []string{"2xx", "4xx", "5xx", "tls", "none"} {
		m.answers.WithLabelValues(class)
	}
	for _, letter := range notice.Letters() {
		for _, state := range notice.States() {
			if state != notice.Pending && state != notice.Sending { // no attempt results in these
				m.letters.WithLabelValues(letter, string(state))
			}
		}
	}
	for _, step := range steps {
		m.steps.WithLabelValues(step)
		m.failures.WithLabelValues(step)
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "vireilla_build_info",
		Help:        "Version of the program and of Go; always 1.",
		ConstLabels: prometheus.Labels{"version": version, "goversion": goVersion}})
	build.Set(1)
	m.Registry.MustRegister(m.letters, m.answers, m.steps, m.failures, build, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Became counts the resulting states of letters.
func (m *Meters) Became(reports []notice.Report) {
	for i := range reports {
		m.letters.WithLabelValues(reports[i].Letter, string(reports[i].State)).Inc()
	}
}

// Answered counts a reply of the relay by its code, or by the reason why there is none.
func (m *Meters) Answered(o notice.Outcome) {
	class := "none"
	switch {
	case o.Why == "tls":
		class = "tls"
	case o.Result == notice.Accepted:
		class = "2xx"
	case o.Code >= 400 && o.Code < 600:
		class = string(rune('0'+o.Code/100)) + "xx"
	}
	m.answers.WithLabelValues(class).Inc()
}

// Step counts a step and its duration. The name is a type of task, so that there are few label values.
func (m *Meters) Step(name string, took time.Duration, err error) {
	m.steps.WithLabelValues(name).Observe(took.Seconds())
	if err != nil {
		m.failures.WithLabelValues(name).Inc()
	}
}
