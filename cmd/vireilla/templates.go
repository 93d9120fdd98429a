package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"vireilla/templates"
)

type templatesCmd struct {
	Check templatesCheck `cmd:"" help:"Render every letter in every language and check keys, links, lengths and HTML."`
}

type templatesCheck struct {
	Folder string `arg:"" optional:"" help:"Folder of the office's own templates, which replace the embedded ones of the same name." type:"existingdir"`
	Format string `help:"Write text or json." default:"text" enum:"text,json"`
}

func (c *templatesCheck) Run(env *environment) error {
	own := cmp.Or(c.Folder, filepath.Join(env.Data, "templates"))
	if _, err := templates.Load(os.DirFS(own)); err != nil {
		return err
	}
	letters, languages := templates.Letters(), templates.Languages()
	if c.Format == "json" {
		return env.json(map[string][]string{"letters": letters, "languages": languages})
	}
	_, err := fmt.Fprintf(env.out, "%d letters in %s: all right\n", len(letters), strings.Join(languages, ", "))
	return err
}
