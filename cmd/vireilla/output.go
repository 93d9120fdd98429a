package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/policy"
)

func (a *app) json(v any) error {
	e := json.NewEncoder(a.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// table writes aligned columns.
type table struct{ w *tabwriter.Writer }

func (a *app) table(columns ...string) *table {
	t := &table{tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)}
	for i := range columns {
		columns[i] = strings.ToUpper(columns[i])
	}
	t.row(columns...)
	return t
}

func (t *table) row(cells ...string) { fmt.Fprintln(t.w, strings.Join(cells, "\t")) }

func (t *table) flush() error { return t.w.Flush() }

// progress draws a bar on a terminal, and nothing elsewhere.
type progress struct {
	to   io.Writer
	last int
}

func (a *app) progress() *progress {
	if !isTerminal(a.out) || !isTerminal(a.err) {
		return &progress{}
	}
	return &progress{to: a.err}
}

// isTerminal tells whether a person reads along.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (p *progress) show(what string, done, total int64) {
	if p.to == nil || total == 0 {
		return
	}
	const width = 30
	if n := int(done * width / total); n != p.last || done == total {
		p.last = n
		fmt.Fprintf(p.to, "\r\033[K%-18s [%s%s] %3d %%", what, strings.Repeat("=", n), strings.Repeat(" ", width-n), done*100/total)
	}
}

func (p *progress) end() {
	if p.to != nil {
		fmt.Fprint(p.to, "\r\033[K")
	}
}

// parseDay reads --at as a day; empty is today.
func (a *app) parseDay(text string, p *policy.Policy) (calendar.Day, error) {
	if text == "" {
		return calendar.DayOf(now(), p.Location), nil
	}
	day, err := calendar.ParseDay(text)
	if err != nil {
		return 0, usageError{fmt.Errorf("--at: %w", err)}
	}
	return day, nil
}

// parseMoment reads --at as a moment in the town's zone, or as a day, which means its end: the whole day is asked about. Empty is now.
func (a *app) parseMoment(text string, p *policy.Policy) (time.Time, error) {
	if text == "" {
		return now().In(p.Location), nil
	}
	if day, err := calendar.ParseDay(text); err == nil {
		return (day + 1).At(0, 0, p.Location).Add(-time.Second), nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, text, p.Location); err == nil {
			return t, nil
		}
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.In(p.Location), nil
	}
	return time.Time{}, usageError{fmt.Errorf("--at: not a moment like 2024-03-04T08:00 or a day like 2024-03-04")}
}
