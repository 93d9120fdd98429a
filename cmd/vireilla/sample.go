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
	Folder string `arg:"" help:"Folder to write, new or empty." type:"path"`
	madeUp
}

// madeUp are the options of a made-up caseload.
type madeUp struct {
	At      string `help:"Make up the caseload as of this day; the default is today." placeholder:"DAY"`
	Seed    int64  `help:"Make up the caseload from this seed; the same seed gives the same caseload." default:"1"`
	Seekers int    `help:"Make up this many job seekers." default:"11500"`
	Coaches int    `help:"Make up this many coaches." default:"50"`
}

// day checks the options and gives the day of the caseload. The limits keep all days of the caseload between 1900 and
// 2199, as the feed wants them.
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

// workday gives the day of --at, or else the last working day up to today: on other days hardly any letter goes out.
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
	options := sample.Options{Seed: c.Seed, Seekers: c.Seekers, Coaches: c.Coaches, At: day}
	if err := sample.Write(c.Folder, options); err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.out, "%d made-up job seekers and %d coaches as of %s in %s\n",
		c.Seekers, c.Coaches, day, c.Folder)
	return err
}
