package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"vireilla/internal/mailer"
	"vireilla/internal/policy"
	"vireilla/templates"
)

type previewCmd struct {
	Letter   string `arg:"" help:"Kind of letter, such as coach_digest." enum:"${letters}"`
	Language string `arg:"" help:"Language, such as fi or sv."`
	Tier     string `help:"Render the neutral, consented or secure tier; the default is the widest tier of the letter." default:""`
	Sample   string `help:"Use these made-up data; matter_update also has decision." default:"sample"`
	HTML     bool   `help:"Print the HTML part." xor:"part"`
	EML      bool   `help:"Print the whole message as it goes out." xor:"part"`
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
	data = forAuthority(data, &p.Authorities[0])
	m, err := set.Render(c.Letter, c.Language, templates.Tier(c.Tier), data)
	if err != nil {
		return err
	}
	switch {
	case c.HTML:
		fmt.Fprint(env.out, m.HTML)
	case c.EML:
		eml, err := mailer.Compose(mailer.Letter{
			From: "Vireillä <no-reply@example.org>", To: "reader@example.org",
			Subject: m.Subject, Text: m.Text, HTML: m.HTML, Language: m.Language,
			MessageID: "sample@example.org", Date: time.Date(2024, 3, 4, 7, 30, 0, 0, time.UTC),
			Calendar: m.Calendar, Method: m.Method,
		})
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

// check fails on an unknown sample, tier or language, and fills in the default tier.
func (c *previewCmd) check() error {
	tiers := templates.Tiers(c.Letter)
	if c.Tier == "" {
		c.Tier = string(tiers[len(tiers)-1])
	}
	samples, languages := templates.Samples(c.Letter), templates.Languages()
	switch {
	case !slices.Contains(tiers, templates.Tier(c.Tier)):
		return fmt.Errorf("letter %s has no tier %q", c.Letter, c.Tier)
	case !slices.Contains(samples, c.Sample):
		return fmt.Errorf("--sample: letter %s has no sample %q; there are %s",
			c.Letter, c.Sample, strings.Join(samples, ", "))
	case slices.Contains(tiers, templates.Staff) && !slices.Contains(languages, c.Language):
		return fmt.Errorf("no language %q: %s goes to staff, in %s", c.Language, c.Letter, strings.Join(languages, ", "))
	case !regexp.MustCompile(`^[a-z]{2,3}(-[a-z0-9]{2,8})*$`).MatchString(c.Language):
		return fmt.Errorf("%q is no language tag like fi or fi-selko", c.Language)
	}
	return nil
}

// forAuthority fills in the name, the switchboard and the e-service of an authority.
func forAuthority(sample any, a *policy.Authority) any {
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
