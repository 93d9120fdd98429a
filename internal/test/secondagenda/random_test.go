package secondagenda

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

var feedFiles = [...]string{"teams.csv", "coaches.csv", "absences.csv", "seekers.csv", "contacts.csv",
	"appointments.csv", "training.csv"}

func TestRandomFeedsYieldEveryRuleEraAndStage(t *testing.T) {
	seen := map[string]int{}
	for seed, around := range []string{"2021-12-30", "2022-05-10", "2023-12-27", "2024-12-30", "2025-06-18",
		"2026-01-05", "2026-06-24"} {
		folder := t.TempDir()
		if err := RandomFeed(folder, int64(seed), 250, around); err != nil {
			t.Fatal(err)
		}
		for shift := -15; shift <= 15; shift += 5 {
			day := show(mustDay(t, around).AddDate(0, 0, shift))
			lines, err := Agenda(folder, day)
			if err != nil {
				t.Fatalf("seed %d at %s: %v", seed, day, err)
			}
			for _, text := range lines {
				var l line
				if err := json.Unmarshal([]byte(text), &l); err != nil {
					t.Fatal(err)
				}
				seen[l.Rule+" era "+l.Era]++
				seen[l.Rule+" stage "+l.Stage]++
				seen["owner "+l.Owner[:2]]++
				if l.Due != l.DueStrict {
					seen[l.Rule+" rolled"]++
				}
			}
		}
	}

	stages := []string{"", "upcoming", "due", "overdue", "escalated"}
	for rule, eras := range map[string][]string{
		"first_interview":          {"periodic"},
		"periodic_interview":       {"periodic"},
		"initial_interview":        {"nordic", "municipal", "needs_based"},
		"job_search_discussion":    {"nordic", "municipal", "needs_based"},
		"supplementary_discussion": {"nordic", "municipal", "needs_based"},
		"intensive_month":          {"nordic", "municipal"},
		"statement":                {"", "periodic", "nordic", "municipal", "needs_based"},
		"clarification":            {"periodic", "nordic", "municipal", "needs_based"},
		"decision_before_start":    {"periodic", "nordic", "municipal", "needs_based"},
		"selection_result":         {"periodic", "nordic", "municipal", "needs_based"},
		"notify_decision":          {"periodic", "nordic", "municipal", "needs_based"},
	} {
		for _, era := range eras {
			if seen[rule+" era "+era] == 0 {
				t.Errorf("no %s of the era %q", rule, era)
			}
		}
		for _, stage := range stages {
			// A statement is escalated on the first working day after it was due, so never merely overdue.
			want := rule != "statement" || stage != "overdue"
			if (seen[rule+" stage "+stage] > 0) != want {
				t.Errorf("%s with stage %q: %d times", rule, stage, seen[rule+" stage "+stage])
			}
		}
		switch rule {
		case "initial_interview", "decision_before_start", "selection_result", "notify_decision":
			if seen[rule+" rolled"] > 0 {
				t.Errorf("%s: working days were rolled", rule)
			}
		default:
			if seen[rule+" rolled"] == 0 {
				t.Errorf("%s: none was rolled", rule)
			}
		}
	}
	for _, owner := range []string{"C-", "T-", "S-"} {
		if seen["owner "+owner] == 0 {
			t.Errorf("nothing is owned by a %s", owner)
		}
	}
}

func TestRandomFeedIsTheSameForTheSameSeed(t *testing.T) {
	read := func(seed int64) string {
		folder := t.TempDir()
		if err := RandomFeed(folder, seed, 40, "2024-03-04"); err != nil {
			t.Fatal(err)
		}
		all := ""
		for _, name := range feedFiles {
			content, err := os.ReadFile(filepath.Join(folder, name))
			if err != nil {
				t.Fatal(err)
			}
			all += fmt.Sprintf("%s\n%s\n", name, content)
		}
		return all
	}
	first, again := read(7), read(7)
	if first != again {
		t.Error("the same seed wrote two feeds")
	}
	if first == read(8) {
		t.Error("two seeds wrote one feed")
	}
}
