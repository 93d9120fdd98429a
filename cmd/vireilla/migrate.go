package main

import "fmt"

type migrateCmd struct {
	Format string `help:"Write text or json." default:"text" enum:"text,json"`
}

func (c *migrateCmd) Run(env *environment) error {
	s, err := env.storeOrNew() // opening it migrates it
	if err != nil {
		return err
	}
	defer s.Close()
	schema, err := s.Schema(env.ctx)
	if err != nil {
		return err
	}
	if c.Format == "json" {
		return env.json(map[string]int64{"schema": schema})
	}
	_, err = fmt.Fprintf(env.out, "schema %d\n", schema)
	return err
}
