package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/feed"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/internal/queue"
	"vireilla/internal/sample"
	"vireilla/internal/store"
	"vireilla/internal/web"
	"vireilla/tasks"
)

type demoCmd struct {
	madeUp
	Once   bool   `help:"Run the day to its end, print what was sent, exit."`
	Format string `help:"text or json." default:"text" enum:"text,json"`
}

// usual is how many letters a run of the made-up office plans on an ordinary day, so that the blast guard has a past to
// compare with.
func (c *demoCmd) usual() map[string]int {
	return map[string]int{"digests": c.Coaches, "leads": c.Coaches / 10, "appointments": c.Seekers / 40, "training": c.Seekers / 200}
}

// Help is the longer text of `demo --help`.
func (*demoCmd) Help() string {
	return "Without --data the folder is a temporary one, gone when the demo ends; VIREILLA_DATA, DATABASE_URL, REDIS_URL and SMTP_URL are not regarded. With --data it is kept, to be " +
		"looked at with the other commands: a new folder, or that of an earlier demo."
}

func (c *demoCmd) Run(env *environment) (err error) {
	if !env.named["data"] { // what VIREILLA_DATA names is the real caseload's
		if env.Data, err = os.MkdirTemp("", "vireilla-demo-"); err != nil {
			return err
		}
		defer os.RemoveAll(env.Data)
	}
	database := "sqlite:" + filepath.Join(env.Data, "vireilla.db")
	if err := c.ownFolder(env, database); err != nil {
		return err
	}
	p, _, err := env.policy()
	if err != nil {
		return err
	}
	day, err := c.workday(env, p)
	if err != nil {
		return err
	}
	cfg := config{}
	if !c.Once {
		if cfg, err = env.config(); err != nil {
			return err
		}
		if err := checkListen(cfg.Listen, cfg.Guard); err != nil {
			return err
		}
	}
	inbox, err := sample.OpenInbox()
	if err != nil {
		return err
	}
	defer inbox.Close()
	redis, closeQueue, err := queue.Embedded()
	if err != nil {
		return err
	}
	defer closeQueue()

	imported, err := c.fill(env, p, day, database)
	if err != nil {
		return err
	}
	o := options{database: database, smtp: inbox.URL(), from: "Lahden kaupunki <no-reply@lahti.example.org>", redis: redis,
		ticks: tasks.Ticks, letters: tasks.Letters, clock: now}
	report, err := env.runOnce(o, day, false)
	if err != nil {
		return err
	}
	report.Seconds.Import = imported.Seconds
	report.Inbox = &inboxCount{inbox.Accepted(), inbox.Distinct()}
	if err := report.show(env, c.Format); err != nil || c.Once {
		return err
	}
	return c.open(env, cfg, day, o, inbox)
}

// ownFolder refuses a folder whose caseload a demo did not make up: the people of the demo would take the place of the
// real ones.
func (c *demoCmd) ownFolder(env *environment, database string) error {
	entries, err := os.ReadDir(env.Data)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("--data: %w", err)
	}
	there := func(name string) bool {
		return slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == name })
	}
	switch {
	case len(entries) == 0, len(entries) == 1 && there("templates"):
		return nil
	case there("vireilla.db"):
		if own, err := store.MadeUp(env.ctx, database); own || err != nil {
			return err
		}
	}
	return fmt.Errorf("--data: %s holds a caseload that no demo made, or something else; name a new folder, or none", env.Data)
}

// fill makes up an office that has used the program for a while: its feed, what it told before the day, and how many
// letters are usual.
func (c *demoCmd) fill(env *environment, p *policy.Policy, day calendar.Day, database string) (report importReport, err error) {
	s, err := env.openStore(database)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.SetMadeUp(env.ctx, true); err != nil {
		return report, err
	}
	tally, err := s.Tally(env.ctx, day)
	if err != nil {
		return report, err
	}
	if len(tally) > 0 {
		fmt.Fprintf(env.err, "%s holds an earlier demo of %s: its letters are counted too, and do not go out again\n", env.Data, day)
	}
	folder, err := os.MkdirTemp("", "vireilla-feed-")
	if err != nil {
		return report, err
	}
	defer os.RemoveAll(folder)
	if err := sample.Write(folder, sample.Options{Seed: c.Seed, Seekers: c.Seekers, Coaches: c.Coaches, At: day}); err != nil {
		return report, err
	}
	start := now()
	if _, err := env.importFolder(s, p, folder, feed.Options{AcceptShrink: true}); err != nil {
		return report, err
	}
	if err := c.past(env, s, p, day); err != nil {
		return report, err
	}
	report.Seconds = round(now().Sub(start))
	return report, nil
}

// past makes up what the office was told before the day: what was booked, and what was on the agenda the evening
// before.
func (c *demoCmd) past(env *environment, s *store.DB, p *policy.Policy, day calendar.Day) error {
	midnight := day.At(0, 0, p.Location)
	if err := s.Adopt(env.ctx, midnight, day, c.usual(), p.Guard.Runs); err != nil {
		return err
	}
	evening := (p.Days.LastOpen(day-1) + 1).At(0, 0, p.Location).Add(-time.Second)
	plan, err := planner{env.ctx, s, p}.planAt(evening)
	if err != nil {
		return err
	}
	told := map[string][]notice.Item{}
	for _, n := range plan.Notices {
		if n.Role != notice.ToSeeker {
			told[n.To] = append(told[n.To], n.Told...)
		}
	}
	return s.AdoptTold(env.ctx, evening, told)
}

// open serves the pages until Ctrl-C. The monitor lists the timetable, but no tick is recorded: the office of the demo
// stays in the evening of its day.
func (c *demoCmd) open(env *environment, cfg config, day calendar.Day, o options, inbox *sample.Inbox) error {
	a, err := env.build(o)
	if err != nil {
		return err
	}
	defer a.Close()
	stop, err := a.work(a.Workers, time.Second)
	if err != nil {
		return err
	}
	defer stop()
	var watching sync.WaitGroup
	defer watching.Wait()
	ctx, cancel := context.WithCancel(env.ctx)
	defer cancel()
	watching.Go(func() { a.Queue.Health.Run(ctx) })
	defer a.showEntries(func() bool { return true })()
	evening := day.At(18, 0, a.Policy.Location)
	pages := &web.Pages{Facts: a.Store, Actions: a.Store, Clock: func() time.Time { return evening }, Policy: a.Policy, Queues: true, Inbox: mailbox{inbox}, Log: a.Log}
	probes, err := a.probes()
	if err != nil {
		return err
	}
	page, err := a.servePages(ctx, cfg.Listen, cfg, pages, probes)
	if err != nil {
		// The port is taken: any other will do.
		if page, err = a.servePages(ctx, "127.0.0.1:0", cfg, pages, probes); err != nil {
			return err
		}
	}
	defer page.Close()
	fmt.Fprintf(env.out, "\nOpen %s to see the status, the inbox and the queues. Ctrl-C ends the demo.\n", page.URL)
	<-ctx.Done()
	return nil
}
