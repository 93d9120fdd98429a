package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"
)

// version is the release that this source belongs to.
const version = "0.2.0"

// commit is set by a build without a repository at hand: go build -ldflags "-X main.commit=…".
var commit string

type versionCmd struct {
	Modules bool   `help:"Also list the modules that the program is built from."`
	Format  string `help:"Write text or json." default:"text" enum:"text,json"`
}

func (c *versionCmd) Run(env *environment) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return fmt.Errorf("built without build information")
	}
	from, system := builtFrom(info.Settings), runtime.GOOS+"/"+runtime.GOARCH
	if c.Format == "json" {
		modules := map[string]string{}
		for _, m := range info.Deps {
			modules[m.Path] = m.Version
		}
		return env.json(map[string]any{
			"version": version, "commit": from, "go": info.GoVersion, "system": system, "modules": modules,
		})
	}
	fmt.Fprintf(env.out, "vireilla %s, commit %s, %s %s\n", version, from, info.GoVersion, system)
	if c.Modules {
		for _, m := range info.Deps {
			fmt.Fprintln(env.out, m.Path, m.Version)
		}
	}
	return nil
}

// builtFrom gives the commit that the program was built from. The go tool records it, unless -buildvcs=false is set;
// then the build may have been given the commit, or the checkout that it ran in still knows.
func builtFrom(settings []debug.BuildSetting) string {
	revision, dirty := "", ""
	for _, s := range settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "-dirty"
		}
	}
	if revision != "" {
		return short(revision) + dirty
	}
	if commit != "" {
		return short(commit)
	}
	_, source, _, _ := runtime.Caller(0)
	if program, err := os.Executable(); err == nil && filepath.IsAbs(source) { // -trimpath leaves no absolute path
		if file, err := os.Stat(program); err == nil {
			if revision := checkedOut(filepath.Join(filepath.Dir(source), "../.."), file.ModTime()); revision != "" {
				return short(revision) + " (checkout)"
			}
		}
	}
	return "unknown"
}

// checkedOut gives the commit that a clone was at when a program was built in it, or "". A line of git's log of HEAD is
// "OLD NEW NAME <EMAIL> SECONDS ZONE\tWHAT". Whether files were changed since the commit is not known.
func checkedOut(clone string, built time.Time) (revision string) {
	log, err := os.ReadFile(filepath.Join(clone, ".git/logs/HEAD"))
	if err != nil {
		return ""
	}
	for line := range bytes.Lines(log) {
		head, _, _ := bytes.Cut(line, []byte("\t"))
		words := bytes.Fields(head)
		if len(words) < 4 {
			continue
		}
		seconds, err := strconv.ParseInt(string(words[len(words)-2]), 10, 64)
		if err == nil && seconds <= built.Unix() {
			revision = string(words[1])
		}
	}
	return revision
}

func short(revision string) string { return revision[:min(12, len(revision))] }
