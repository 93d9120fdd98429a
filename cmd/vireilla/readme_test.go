package main

import (
	"strings"
	"testing"
)

// What README.md tells a newcomer to type works in an empty folder, and each answer shows something: the job seeker of
// the last step has something due.
func TestTheFirstStepsOfTheReadmeWork(t *testing.T) {
	readme := file(t, "../../README.md")
	t.Chdir(t.TempDir())
	answers := map[string]string{"sample": "feed", "import": "seekers.csv", "agenda": "S-00433", "plan": "coach_digest", "explain": "S-00433"}
	for line := range strings.Lines(readme) {
		typed, isCommand := strings.CutPrefix(line, "    ./vireilla ")
		if !isCommand {
			continue
		}
		typed, _, _ = strings.Cut(typed, "#")
		args := strings.Fields(typed)
		if out := must(t, args...); answers[args[0]] == "" || !strings.Contains(out, answers[args[0]]) {
			t.Errorf("%v: %.300q", args, out)
		}
		delete(answers, args[0])
	}
	if len(answers) > 0 {
		t.Errorf("not in the README: %v", answers)
	}
}
