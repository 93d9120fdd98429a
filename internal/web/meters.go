package web

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"vireilla/internal/notice"
)

// Meters counts what this process does.
type Meters struct {
	Registry *prometheus.Registry
	letters  *prometheus.CounterVec
	answers  *prometheus.CounterVec
	steps    *prometheus.HistogramVec
	failures *prometheus.CounterVec
}

// NewMeters makes the meters of a process, with those of Go and of the process itself. Of what is counted all is there from the beginning, at 0: Prometheus does not see
// the step from nothing to the first sample as an increase.
func NewMeters(version, goVersion string, steps []string) *Meters {
	m := &Meters{
		Registry: prometheus.NewRegistry(),
		letters: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "vireilla_letters_total",
			Help: "What letters became, attempt by attempt."}, []string{"letter", "state"}),
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "vireilla_relay_answers_total",
			Help: "What attempts ended with: the class of the relay's code, tls when it could not prove who it is, or none."}, []string{"class"}),
		steps: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "vireilla_step_duration_seconds",
			Help: "How long the steps took.", Buckets: []float64{.005, .025, .1, .5, 1, 5, 15, 60, 300}}, []string{"step"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "vireilla_step_failures_total",
			Help: "Steps that ended with an error."}, []string{"step"}),
	}
	for _, class := range classes() {
		m.answers.WithLabelValues(class)
	}
	for _, letter := range notice.Letters() {
		for _, state := range notice.States() {
			if state != notice.Pending && state != notice.Sending { // they become neither
				m.letters.WithLabelValues(letter, string(state))
			}
		}
	}
	for _, step := range steps {
		m.steps.WithLabelValues(step)
		m.failures.WithLabelValues(step)
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "vireilla_build_info", Help: "The program at work.",
		ConstLabels: prometheus.Labels{"version": version, "goversion": goVersion}})
	build.Set(1)
	m.Registry.MustRegister(m.letters, m.answers, m.steps, m.failures, build, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Became counts what some letters became.
func (m *Meters) Became(reports []notice.Report) {
	for i := range reports {
		m.letters.WithLabelValues(reports[i].Letter, string(reports[i].State)).Inc()
	}
}

func classes() []string { return []string{"2xx", "4xx", "5xx", "tls", "none"} }

// Answered counts an answer of the relay by its code, or by why there is none.
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

// Step counts a step and how long it took. Names of steps are few: types of task.
func (m *Meters) Step(name string, took time.Duration, err error) {
	m.steps.WithLabelValues(name).Observe(took.Seconds())
	if err != nil {
		m.failures.WithLabelValues(name).Inc()
	}
}
