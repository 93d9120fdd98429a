package main

import (
	"errors"
	"fmt"
	"os"

	"vireilla/internal/calendar"
	"vireilla/internal/policy"
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

// day gives the day on which the caseload is seen, once it is known that one can be made up: its days must lie in 1900–2199, as the feed's do.
func (c *madeUp) day(env *environment, p *policy.Policy) (calendar.Day, error) {
	switch {
	case c.Seekers < 1 || c.Seekers > 5_000_000:
		return 0, usageError{errors.New("--seekers: 1 to 5000000")}
	case c.Coaches < 1 || c.Coaches > 100_000:
		return 0, usageError{errors.New("--coaches: 1 to 100000")}
	}
	day, err := env.parseDay(c.At, p)
	if err == nil && (day < calendar.Date(1950, 1, 1) || day > calendar.Date(2150, 12, 31)) {
		err = usageError{errors.New("--at: 1950-01-01 to 2150-12-31")}
	}
	return day, err
}

// workday is the day, and of today, when nobody named one, the last working day: on others hardly a letter goes out.
func (c *madeUp) workday(env *environment, p *policy.Policy) (calendar.Day, error) {
	day, err := c.day(env, p)
	if c.At == "" && err == nil && !p.Days.Open(day) {
		open := p.Days.LastOpen(day)
		fmt.Fprintf(env.err, "%s %s is no working day: this is %s %s\n", day.Weekday(), day, open.Weekday(), open)
		day = open
	}
	return day, err
}

func (c *sampleCmd) Run(env *environment) error {
	p, _, err := env.policy()
	if err != nil {
		return err
	}
	day, err := c.day(env, p)
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
	_, err = fmt.Fprintf(env.out, "%d made-up job seekers and %d coaches as of %s in %s\n", c.Seekers, c.Coaches, day, c.Folder)
	return err
}
