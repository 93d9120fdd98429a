package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAWrongUseIsToldInPlainWords(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"--format needs a value":                                                  {"agenda", "--format"},
		`--format: "xml" is not one of "text", "json", "ndjson"`:                  {"agenda", "--format", "xml"},
		`--log-level: "loud" is not one of "debug", "info", "warn", "error"`:      {"--log-level", "loud", "agenda"},
		"<folder>: there is no /does/not/exist":                                   {"import", "/does/not/exist"},
		`<folder>: "` + file + `" is a file, and a folder is needed`:              {"import", file},
		`<id>: a whole number is needed, not "x"`:                                 {"outbox", "show", "x"},
		"<seeker> is missing":                                                     {"explain"},
		"nothing here is called bogus":                                            {"bogus"},
		`--next needs a value, and "-1" looks like an option: write --next=VALUE`: {"timetable", "--next", "-1"},
	} {
		if out, told, code := vireilla(t, args...); code != usedWrongly || out != "" || !strings.HasPrefix(told, "vireilla: "+want+"\n") {
			t.Errorf("%v: exit %d, said %q and %q", args, code, out, told)
		}
	}
}

func TestWhoAsksForNothingIsShownTheCommands(t *testing.T) {
	for _, args := range [][]string{{}, {"outbox"}} {
		if out, told, code := vireilla(t, args...); code != usedWrongly || out != "" || !strings.Contains(told, "outbox") || !strings.Contains(told, "Commands:") {
			t.Errorf("%v: exit %d, said %q and %q", args, code, out, told)
		}
	}
	if out := must(t, "help", "plan"); out != must(t, "plan", "--help") || out == must(t, "help") {
		t.Error(out)
	}
	if out := must(t, "--version"); out != must(t, "version") {
		t.Error(out)
	}
}
