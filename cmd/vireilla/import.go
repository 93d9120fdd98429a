package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"vireilla/internal/caseload"
	"vireilla/internal/feed"
	"vireilla/internal/policy"
	"vireilla/internal/store"
)

type importCmd struct {
	Folder       string `arg:"" help:"Folder of CSV files." type:"existingdir"`
	Delta        bool   `help:"Add and change rows, but close none."`
	AcceptShrink bool   `help:"Import even when many rows would be closed or moved."`
	Adopt        bool   `help:"Write no letters about what was booked before today: people know of it already."`
	Encoding     string `help:"Read files in utf-8 or windows-1252." default:"utf-8" enum:"utf-8,windows-1252"`
	Format       string `help:"Write text or json." default:"text" enum:"text,json"`
}

// importReport is the answer of the command.
type importReport struct {
	Files   map[string]feed.Counts `json:"files"`
	Seconds float64                `json:"seconds"`
}

func (c *importCmd) Run(env *environment) error {
	p, _, err := env.policy()
	if err != nil {
		return err
	}
	s, err := env.storeOrNew()
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.SetMadeUp(env.ctx, false); err != nil {
		return err
	}
	options := feed.Options{Encoding: c.Encoding, Delta: c.Delta, AcceptShrink: c.AcceptShrink}
	report, err := env.importFolder(s, p, c.Folder, options)
	if err != nil {
		return err
	}
	if c.Adopt {
		today, _ := env.parseDay("", p)
		if err := s.Adopt(env.ctx, today.At(0, 0, p.Location), today, nil, 0); err != nil {
			return err
		}
	}
	if c.Format == "json" {
		return env.json(report)
	}
	return report.text(env)
}

// importFolder reads a folder into the store, all or nothing; it prints faults to stderr, one a line.
func (env *environment) importFolder(
	s *store.DB, p *policy.Policy, folder string, o feed.Options,
) (importReport, error) {
	start := now()
	bar := env.progress()
	o.Zone = p.Location
	o.Progress = bar.show
	var report feed.Report
	var stranded []caseload.Stranded
	err := s.Import(env.ctx, start, func(im *store.Import) (err error) {
		if report, err = feed.Import(env.ctx, os.DirFS(folder), im, o); err == nil {
			stranded, err = im.Stranded(env.ctx)
		}
		return err
	})
	bar.end()
	var faults *feed.Faults
	var shrink *feed.ShrinkError
	switch {
	case errors.As(err, &faults):
		fmt.Fprintln(env.err, faults)
		return importReport{}, errSilent
	case errors.As(err, &shrink):
		fmt.Fprintln(env.err, shrink)
		return importReport{}, errSilent
	case err == nil:
		for i := range stranded {
			fmt.Fprintln(env.err, &stranded[i])
		}
	}
	return importReport{report.Files, round(now().Sub(start))}, err
}

func (r *importReport) text(env *environment) error {
	t := env.table("file", "read", "added", "changed", "unchanged", "closed")
	changed := 0
	for _, f := range caseload.Files() {
		c, present := r.Files[f.Name]
		if !present {
			continue
		}
		changed += c.Added + c.Changed + c.Closed
		t.row(f.Name, fmt.Sprint(c.Read), fmt.Sprint(c.Added), fmt.Sprint(c.Changed),
			fmt.Sprint(c.Unchanged), fmt.Sprint(c.Closed))
	}
	if err := t.flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(env.out, "\n%d changed in %.1f s\n", changed, r.Seconds)
	return err
}

// round gives seconds with three decimals.
func round(d time.Duration) float64 { return float64(d.Round(time.Millisecond)) / float64(time.Second) }
