package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vireilla/internal/policy"
)

func TestOnlyWhatIsALetterInALanguageIsPreviewed(t *testing.T) {
	t.Parallel()
	out := must(t, "preview", "appointment_booked", "ar")
	if fi, en := strings.Index(out, "Lahden kaupunki"), strings.Index(out, "City of Lahti"); fi < 0 || en < fi {
		t.Errorf("the halves of a letter do not name the town each in its language:\n%s", out)
	}
	if out := must(t, "preview", "matter_update", "en", "--sample", "decision"); !strings.Contains(out, "There is a decision") {
		t.Error(out)
	}
	for _, args := range [][]string{{"appointment_booked", "zzzzzzzzzz"}, {"appointment_booked", "<x>"}, {"appointment_booked", "fi\nsv"}, {"coach_digest", "et"},
		{"coach_digest", "fi", "--sample", "decision"}, {"appointment_booked", "fi", "--tier", "staff"}} {
		if out, told, code := vireilla(t, append([]string{"preview"}, args...)...); code != usedWrongly || out != "" || told == "" {
			t.Errorf("%q: exit %d, said %q and %q", args, code, out, told)
		}
	}
}

func TestEveryAnswerCanBeJSON(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "p.yaml")
	if err := os.WriteFile(path, policy.DefaultFile(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"version"}, {"policy", "check", path}, {"policy", "show"}, {"policy", "show", "--words"}, {"migrate"}, {"templates", "check"}} {
		if got := decode[map[string]any](t, must(t, slices.Concat([]string{"--data", t.TempDir()}, args, []string{"--format", "json"})...)); len(got) == 0 {
			t.Errorf("%v tells nothing", args)
		}
	}
	text := strings.Replace(string(policy.DefaultFile()), "floor: 50", "floor: 0", 1)
	if err := os.WriteFile(path, []byte("nonsense: 1\n"+text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _, code := vireilla(t, "policy", "check", path, "--format", "json")
	if got := decode[policyReport](t, out); code != failed || len(got.Faults) != 2 || got.Faults[0].Line != 1 {
		t.Errorf("exit %d, said %s", code, out)
	}
}

func TestWhatIsNoTextIsNotShown(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.yaml")
	for _, text := range []string{"\x7fELF\x02\x01", "version: a\x1b[31mb\n", "version: \xff\n", "version: a\u202eb\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, told, code := vireilla(t, "policy", "check", path); code != failed || out != "" || told != path+":1:"+told[len(path)+3:strings.Index(told, ": ")]+": this is no text: a policy is written in YAML, in UTF-8\n" {
			t.Errorf("%q: exit %d, said %q", text, code, told)
		}
	}
}
