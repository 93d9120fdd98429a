package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var smallDemo = []string{"demo", "--once", "--at", "2024-03-04", "--seekers", "120", "--coaches", "3"}

func demoIn(data string) []string { return append([]string{"--data", data}, smallDemo...) }

func TestADemoNeverTouchesARealCaseload(t *testing.T) {
	t.Parallel()
	data, _ := office(t, "2024-03-04")
	agenda := func() string { return must(t, "--data", data, "agenda", "--at", "2024-03-04", "--format", "ndjson") }
	before := agenda()
	t.Run("that the environment names", func(t *testing.T) {
		env := settings{"VIREILLA_DATA": data, "DATABASE_URL": "sqlite:" + filepath.Join(data, "vireilla.db")}
		env.must(t, smallDemo...)
	})
	t.Run("that somebody names", func(t *testing.T) {
		if _, told, code := vireilla(t, demoIn(data)...); code != failed || !strings.Contains(told, "no demo made") {
			t.Errorf("exit %d, said %q", code, told)
		}
	})
	if agenda() != before {
		t.Error("the caseload is another")
	}
}

func TestADemoTakesNoFolderInWhichSomethingElseLies(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "sent.journal"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, told, code := vireilla(t, demoIn(data)...); code != failed || !strings.Contains(told, "no demo made") {
		t.Errorf("exit %d, said %q", code, told)
	}
	if _, err := os.Stat(filepath.Join(data, "vireilla.db")); err == nil {
		t.Error("made a database there")
	}
}

// The default folder, named, is a folder like any other: kept, and open to the other commands.
func TestADemoKeepsTheFolderThatSomebodyNames(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, demoIn("./data")...)
	if out := must(t, "agenda", "--at", "2024-03-04"); !strings.Contains(out, "S-000") {
		t.Errorf("agenda %.200q", out)
	}
}

func TestASecondDemoOfADaySaysWhoseLettersItCounts(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	if _, told, code := vireilla(t, demoIn(data)...); code != done || told != "" {
		t.Fatalf("exit %d, said %q", code, told)
	}
	out, told, code := vireilla(t, append(demoIn(data), "--format", "json")...)
	if r := decode[dayReport](t, out); code != done || !strings.Contains(told, "holds an earlier demo of 2024-03-04: its letters are counted too") || r.Inbox.Accepted != 0 {
		t.Errorf("exit %d, said %q, accepted %d", code, told, r.Inbox.Accepted)
	}
}

func TestWhatIsImportedIntoADemosFolderIsSafeFromTheNextDemo(t *testing.T) {
	t.Parallel()
	data, folder := t.TempDir(), filepath.Join(t.TempDir(), "feed")
	must(t, demoIn(data)...)
	must(t, "sample", folder, "--at", "2024-03-04", "--seekers", "120", "--coaches", "3", "--seed", "2")
	must(t, "--data", data, "import", folder, "--accept-shrink")
	if _, told, code := vireilla(t, demoIn(data)...); code != failed || !strings.Contains(told, "no demo made") {
		t.Errorf("exit %d, said %q", code, told)
	}
}
