package main

import (
	"fmt"
	"os"

	"vireilla/internal/sample"
)

type sampleCmd struct {
	Folder string `arg:"" help:"Folder to write; it is made when it is not there." type:"path"`
	madeUp
}

// madeUp says which caseload is made up.
type madeUp struct {
	At      string `help:"The day on which it is seen; today without it." placeholder:"DAY"`
	Seed    int64  `help:"The same seed gives the same caseload." default:"1"`
	Seekers int    `help:"How many job seekers." default:"11500"`
	Coaches int    `help:"How many coaches." default:"50"`
}

func (c *sampleCmd) Run(a *app) error {
	p, _, err := a.policy()
	if err != nil {
		return err
	}
	day, err := a.parseDay(c.At, p)
	if err != nil {
		return err
	}
	if entries, err := os.ReadDir(c.Folder); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty; name a new folder", c.Folder)
	}
	if err := os.MkdirAll(c.Folder, 0o755); err != nil {
		return err
	}
	if err := sample.Write(c.Folder, sample.Options{Seed: c.Seed, Seekers: c.Seekers, Coaches: c.Coaches, At: day}); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.out, "%d made-up job seekers and %d coaches as of %s in %s\n", c.Seekers, c.Coaches, day, c.Folder)
	return err
}
