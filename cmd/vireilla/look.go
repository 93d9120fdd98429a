package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"vireilla/internal/mailer"
	"vireilla/internal/policy"
	"vireilla/templates"
)

type previewCmd struct {
	Letter   string `arg:"" help:"Kind of letter, such as coach_digest."`
	Language string `arg:"" help:"Language, such as fi or sv."`
	Tier     string `help:"neutral, consented or secure; the widest of the letter without it." default:""`
	Sample   string `help:"Which made-up data; matter_update also has decision." default:"sample"`
	HTML     bool   `help:"The HTML part." xor:"part"`
	EML      bool   `help:"The whole message as it goes out." xor:"part"`
}

func (c *previewCmd) Run(env *environment) error {
	set, err := loadLetters(env.Data)
	if err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return usageError{err}
	}
	data, err := set.Sample(c.Letter, c.Sample)
	if err != nil {
		return err
	}
	p, _, err := env.policy()
	if err != nil {
		return err
	}
	data = ofOffice(data, &p.Authorities[0])
	m, err := set.Render(c.Letter, c.Language, templates.Tier(c.Tier), data)
	if err != nil {
		return err
	}
	switch {
	case c.HTML:
		fmt.Fprint(env.out, m.HTML)
	case c.EML:
		eml, err := mailer.Compose(mailer.Letter{From: "Vireillä <no-reply@example.org>", To: "reader@example.org", Subject: m.Subject, Text: m.Text, HTML: m.HTML,
			Language: m.Language, MessageID: "sample@example.org", Date: time.Date(2024, 3, 4, 7, 30, 0, 0, time.UTC), Calendar: m.Calendar, Method: m.Method})
		if err != nil {
			return err
		}
		_, err = env.out.Write(eml)
		return err
	default:
		fmt.Fprintf(env.out, "Subject: %s\n\n%s", m.Subject, m.Text)
	}
	return nil
}

// check refuses what is no letter, sample, tier or language, and fills in the tier.
func (c *previewCmd) check() error {
	tiers := templates.Tiers(c.Letter)
	if len(tiers) == 0 {
		return fmt.Errorf("no letter %q; there are %s", c.Letter, strings.Join(templates.Letters(), ", "))
	}
	if c.Tier == "" {
		c.Tier = string(tiers[len(tiers)-1])
	}
	samples, languages := templates.Samples(c.Letter), templates.Languages()
	switch {
	case !slices.Contains(tiers, templates.Tier(c.Tier)):
		return fmt.Errorf("letter %s has no tier %q", c.Letter, c.Tier)
	case !slices.Contains(samples, c.Sample):
		return fmt.Errorf("--sample: letter %s has no sample %q; there are %s", c.Letter, c.Sample, strings.Join(samples, ", "))
	case slices.Contains(tiers, templates.Staff) && !slices.Contains(languages, c.Language):
		return fmt.Errorf("no language %q: %s goes to staff, in %s", c.Language, c.Letter, strings.Join(languages, ", "))
	case !regexp.MustCompile(`^[a-z]{2,3}(-[a-z0-9]{2,8})*$`).MatchString(c.Language):
		return fmt.Errorf("%q is no language tag like fi or fi-selko", c.Language)
	}
	return nil
}

// ofOffice gives a sample the name, the switchboard and the e-service of an authority.
func ofOffice(sample any, a *policy.Authority) any {
	switch d := sample.(type) {
	case templates.Digest:
		d.Town = a.Name
		return d
	case templates.Escalation:
		d.Town = a.Name
		return d
	case templates.Appointment:
		d.Town, d.Switchboard, d.ServiceURL = a.Name, a.Switchboard, a.ServiceURL
		return d
	case templates.Matter:
		d.Town, d.Switchboard, d.ServiceURL = a.Name, a.Switchboard, a.ServiceURL
		return d
	}
	return sample
}

type templatesCmd struct {
	Check templatesCheck `cmd:"" help:"Every letter, language and part rendered; keys, links, lengths, HTML."`
}

type templatesCheck struct {
	Folder string `arg:"" optional:"" help:"The office's own files, laid over the embedded ones." type:"existingdir"`
	Format string `help:"text or json." default:"text" enum:"text,json"`
}

func (c *templatesCheck) Run(env *environment) error {
	var err error
	if c.Folder != "" {
		_, err = templates.Load(os.DirFS(c.Folder))
	} else {
		_, err = loadLetters(env.Data)
	}
	if err != nil {
		return err
	}
	if c.Format == "json" {
		return env.json(map[string][]string{"letters": templates.Letters(), "languages": templates.Languages()})
	}
	_, err = fmt.Fprintf(env.out, "%d letters in %s: all right\n", len(templates.Letters()), strings.Join(templates.Languages(), ", "))
	return err
}

type policyCmd struct {
	Show  policyShow  `cmd:"" help:"The rules in force."`
	Check policyCheck `cmd:"" help:"What is wrong with a file, by line and column."`
}

type policyShow struct {
	Words  bool   `help:"The words that a policy file may use."`
	Format string `help:"text or json." default:"text" enum:"text,json"`
}

func (c *policyShow) Run(env *environment) error {
	if c.Words && c.Format == "json" {
		words := map[string]string{}
		for _, w := range policy.Words() {
			words[w[0]] = w[1]
		}
		return env.json(words)
	}
	if c.Words {
		t := env.table("where", "words")
		for _, w := range policy.Words() {
			t.row(w[0], w[1])
		}
		return t.flush()
	}
	text := policy.DefaultFile()
	if env.Policy != "" {
		var err error
		if text, err = os.ReadFile(env.Policy); err != nil {
			return err
		}
	}
	if c.Format == "json" {
		text, err := policy.JSON(text)
		if err != nil {
			return errors.New("policy: the file cannot be read; vireilla policy check FILE tells where")
		}
		return env.json(json.RawMessage(text))
	}
	_, err := env.out.Write(text)
	return err
}

type policyCheck struct {
	File   string `arg:"" help:"Policy file." type:"existingfile"`
	Format string `help:"text or json." default:"text" enum:"text,json"`
}

// policyReport is what the command tells; without faults there is a version, with faults there is none.
type policyReport struct {
	Version string         `json:"version"`
	Eras    int            `json:"eras"`
	Rules   int            `json:"rules"`
	Entries int            `json:"entries"`
	Faults  []policy.Fault `json:"faults"`
}

func (c *policyCheck) Run(env *environment) error {
	text, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	p, faults := policy.Parse(text)
	if c.Format == "json" {
		report := policyReport{Faults: append([]policy.Fault{}, faults...)}
		if p != nil {
			report.Version, report.Eras, report.Rules, report.Entries = p.Version, len(p.Eras), len(p.Rules), len(p.Timetable)
		}
		if err := env.json(report); err != nil || len(faults) == 0 {
			return err
		}
		return errSilent
	}
	for _, f := range faults {
		fmt.Fprintf(env.err, "%s:%s\n", c.File, f)
	}
	if len(faults) > 0 {
		return errSilent
	}
	_, err = fmt.Fprintf(env.out, "policy %s: %d eras, %d rules, %d entries of the timetable: all right\n", p.Version, len(p.Eras), len(p.Rules), len(p.Timetable))
	return err
}

type migrateCmd struct {
	Format string `help:"text or json." default:"text" enum:"text,json"`
}

func (c *migrateCmd) Run(env *environment) error {
	s, err := env.storeOrNew() // opening brings it up to date
	if err != nil {
		return err
	}
	defer s.Close()
	version, err := s.Schema(env.ctx)
	if err != nil {
		return err
	}
	if c.Format == "json" {
		return env.json(map[string]int64{"schema": version})
	}
	_, err = fmt.Fprintf(env.out, "schema %d\n", version)
	return err
}

type versionCmd struct {
	Modules bool   `help:"Also the modules it is made of."`
	Format  string `help:"text or json." default:"text" enum:"text,json"`
}

func (c *versionCmd) Run(env *environment) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return fmt.Errorf("built without build information")
	}
	commit := "unknown"
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			commit = s.Value
		}
	}
	if c.Format == "json" {
		modules := map[string]string{}
		for _, m := range info.Deps {
			modules[m.Path] = m.Version
		}
		return env.json(map[string]any{"version": info.Main.Version, "commit": commit, "go": info.GoVersion, "system": runtime.GOOS + "/" + runtime.GOARCH, "modules": modules})
	}
	fmt.Fprintf(env.out, "vireilla %s, commit %s, %s %s/%s\n", info.Main.Version, commit, info.GoVersion, runtime.GOOS, runtime.GOARCH)
	if c.Modules {
		for _, m := range info.Deps {
			fmt.Fprintln(env.out, m.Path, m.Version)
		}
	}
	return nil
}
