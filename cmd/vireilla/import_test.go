package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whoever imports hears what it would do or did to those who are left without a team; the day's plan says why nobody is
// told.
func TestAClosedTeamIsToldAtItsImportAndInThePlan(t *testing.T) {
	t.Parallel()
	const day = "2024-03-06"
	folder, data := t.TempDir(), t.TempDir()
	must(t, "sample", folder, "--at", day, "--seekers", "300", "--coaches", "20")
	must(t, "--data", data, "import", folder)
	teams := filepath.Join(folder, "teams.csv")
	var kept []string
	for line := range strings.Lines(file(t, teams)) {
		if !strings.HasPrefix(line, "T-2,") {
			kept = append(kept, line)
		}
	}
	if err := os.WriteFile(teams, []byte(strings.Join(kept, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	want := "teams.csv: this import would close 1 of 5 rows; nothing was changed. If the folder is right, repeat with --accept-shrink\n"
	if _, told, code := vireilla(t, "--data", data, "import", folder); code != failed || told != want {
		t.Errorf("exit %d, said %q", code, told)
	}
	want = "coaches.csv: coaches belong to teams that this import closes: T-2 (5)\n"
	if _, told, code := vireilla(t, "--data", data, "import", folder, "--accept-shrink"); code != done || told != want {
		t.Errorf("exit %d, said %q", code, told)
	}
	plan := decode[struct {
		Skips []struct{ Letter, To, Why string }
	}](t, must(t, "--data", data, "plan", "--at", day+"T08:00", "--format", "json"))
	for _, s := range plan.Skips {
		if s.Letter == "lead_escalation" && s.To == "T-2" && s.Why == "no_address" {
			return
		}
	}
	t.Error("the plan does not say why nobody is told")
}
