package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"vireilla/internal/policy"
)

type policyCmd struct {
	Show  policyShow  `cmd:"" help:"Show the policy in force."`
	Check policyCheck `cmd:"" help:"Check a policy file and name each fault by line and column."`
}

type policyShow struct {
	Words  bool   `help:"List the words that a policy file may use."`
	Format string `help:"Write text or json." default:"text" enum:"text,json"`
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
	text, err := env.policyText()
	if err != nil {
		return err
	}
	if c.Format == "json" {
		text, err := policy.JSON(text)
		if err != nil {
			return errors.New("policy: the file cannot be read; vireilla policy check FILE tells where")
		}
		return env.json(json.RawMessage(text))
	}
	_, err = env.out.Write(text)
	return err
}

type policyCheck struct {
	File   string `arg:"" help:"Policy file to check." type:"existingfile"`
	Format string `help:"Write text or json." default:"text" enum:"text,json"`
}

// policyReport is the answer of policy check. A file with faults has no version and counts nothing.
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
	_, err = fmt.Fprintf(env.out, "policy %s: %d eras, %d rules, %d entries of the timetable: all right\n",
		p.Version, len(p.Eras), len(p.Rules), len(p.Timetable))
	return err
}
