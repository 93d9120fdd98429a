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

	"github.com/hibiken/asynq"

	"vireilla/internal/calendar"
	"vireilla/internal/feed"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
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

// usual is how many letters a run of the made-up office plans on an ordinary day, so that the blast guard has a past to compare with.
func (c *demoCmd) usual() map[string]int {
	return map[string]int{"digests": c.Coaches, "leads": c.Coaches / 10, "appointments": c.Seekers / 40, "training": c.Seekers / 200}
}

// Help is the longer text of `demo --help`.
func (*demoCmd) Help() string {
	return "Without --data the folder is a temporary one, gone when the demo ends; VIREILLA_DATA, DATABASE_URL, REDIS_URL and SMTP_URL are not regarded. With --data it is kept, to be " +
		"looked at with the other commands: a new folder, or that of an earlier demo."
}

func (c *demoCmd) Run(a *app) (err error) {
	if !a.named["data"] { // what VIREILLA_DATA names is the real caseload's
		if a.Data, err = os.MkdirTemp("", "vireilla-demo-"); err != nil {
			return err
		}
		defer os.RemoveAll(a.Data)
	}
	database := "sqlite:" + filepath.Join(a.Data, "vireilla.db")
	if err := c.ownFolder(a, database); err != nil {
		return err
	}
	p, _, err := a.policy()
	if err != nil {
		return err
	}
	day, err := c.workday(a, p)
	if err != nil {
		return err
	}
	cfg := config{}
	if !c.Once {
		if cfg, err = loadConfig(a.Data); err != nil {
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
	redis, closeQueue, err := embeddedQueue()
	if err != nil {
		return err
	}
	defer closeQueue()

	imported, err := c.fill(a, p, day, database)
	if err != nil {
		return err
	}
	report, err := dayRun{database: database, smtp: inbox.URL(), from: "Lahden kaupunki <no-reply@lahti.example.org>", redis: redis, ticks: tasks.Ticks, letters: tasks.Letters}.run(a, day)
	if err != nil {
		return err
	}
	report.Seconds.Import = imported.Seconds
	report.Inbox = &inboxCount{inbox.Accepted(), inbox.Distinct()}
	if err := report.show(a, c.Format); err != nil || c.Once {
		return err
	}
	return c.open(a, cfg, day, database, redis, inbox)
}

// ownFolder refuses a folder whose caseload a demo did not make up: the people of the demo would take the place of the real ones.
func (c *demoCmd) ownFolder(a *app, database string) error {
	entries, err := os.ReadDir(a.Data)
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
		if own, err := store.MadeUp(a.ctx, database); own || err != nil {
			return err
		}
	}
	return fmt.Errorf("--data: %s holds a caseload that no demo made, or something else; name a new folder, or none", a.Data)
}

// fill makes up an office that has used the program for a while: its feed, what it told before the day, and how many letters are usual.
func (c *demoCmd) fill(a *app, p *policy.Policy, day calendar.Day, database string) (report importReport, err error) {
	s, err := a.openStore(database)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.SetMadeUp(a.ctx, true); err != nil {
		return report, err
	}
	tally, err := s.Tally(a.ctx, day)
	if err != nil {
		return report, err
	}
	if len(tally) > 0 {
		fmt.Fprintf(a.err, "%s holds an earlier demo of %s: its letters are counted too, and do not go out again\n", a.Data, day)
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
	if _, err := a.importFolder(s, p, folder, feed.Options{AcceptShrink: true}); err != nil {
		return report, err
	}
	if err := c.past(a, s, p, day); err != nil {
		return report, err
	}
	report.Seconds = round(now().Sub(start))
	return report, nil
}

// past makes up what the office was told before the day: what was booked, and what was on the agenda the evening before.
func (c *demoCmd) past(a *app, s *store.Store, p *policy.Policy, day calendar.Day) error {
	midnight := day.At(0, 0, p.Location)
	if err := s.Adopt(a.ctx, midnight, day, c.usual(), p.Guard.Runs); err != nil {
		return err
	}
	evening := (p.Days.LastOpen(day-1) + 1).At(0, 0, p.Location).Add(-time.Second)
	plan, err := planAt(a, s, p, evening)
	if err != nil {
		return err
	}
	told := map[string][]notice.Item{}
	for _, n := range plan.Notices {
		if n.Role != notice.ToSeeker {
			told[n.To] = append(told[n.To], n.Told...)
		}
	}
	return s.AdoptTold(a.ctx, evening, told)
}

// open shows the pages until Ctrl-C. The monitor lists the timetable, but nothing strikes: the office of the demo stays in the evening of its day.
func (c *demoCmd) open(a *app, cfg config, day calendar.Day, database string, redis asynq.RedisConnOpt, inbox *sample.Inbox) error {
	h, err := a.build(parts{database: database, smtp: inbox.URL(), from: "no-reply@lahti.example.org", redis: redis, ticks: tasks.Ticks, letters: tasks.Letters, clock: now})
	if err != nil {
		return err
	}
	defer h.Close()
	stop, err := h.work(h.Workers, map[string]int{tasks.Ticks: 3, tasks.Letters: 1}, time.Second)
	if err != nil {
		return err
	}
	defer stop()
	var watching sync.WaitGroup
	defer watching.Wait()
	ctx, cancel := context.WithCancel(a.ctx)
	defer cancel()
	watching.Go(func() { h.Watch.Run(ctx) })
	defer h.showEntries(func() bool { return true })()
	evening := day.At(18, 0, h.Policy.Location)
	pages := &web.Pages{Facts: h.Store, Desk: h.Store, Clock: func() time.Time { return evening }, Policy: h.Policy, Queues: true, Inbox: mailbox{inbox}, Log: h.Log}
	probes, err := h.probes()
	if err != nil {
		return err
	}
	page, err := h.show(ctx, cfg.Listen, cfg, pages, probes)
	if err != nil {
		if page, err = h.show(ctx, "127.0.0.1:0", cfg, pages, probes); err != nil { // the port is taken: any other will do
			return err
		}
	}
	defer page.Close()
	fmt.Fprintf(a.out, "\nOpen %s to see the status, the inbox and the queues. Ctrl-C ends the demo.\n", page.URL)
	<-ctx.Done()
	return nil
}
