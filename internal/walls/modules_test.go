package walls

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"testing"
)

// mostModules is how many direct dependencies the house has room for.
const mostModules = 24

func TestEveryDirectModuleHasItsReason(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json", "../../go.mod").Output()
	if err != nil {
		t.Fatal(err)
	}
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	var direct, reasons []string
	for _, m := range mod.Require {
		if !m.Indirect {
			direct = append(direct, m.Path)
		}
	}
	text, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range regexp.MustCompile(`(?m)^\| (\S+\.\S+/\S+) \| [^|]+ \| [^|]+ \|$`).FindAllStringSubmatch(string(text), -1) {
		reasons = append(reasons, row[1])
	}
	for _, path := range direct {
		if !slices.Contains(reasons, path) {
			t.Errorf("%s is in go.mod and has no line in docs/architecture.md", path)
		}
	}
	for _, path := range reasons {
		if !slices.Contains(direct, path) {
			t.Errorf("%s has a line in docs/architecture.md and is not in go.mod", path)
		}
	}
	if len(direct) == 0 || len(direct) > mostModules {
		t.Errorf("%d direct modules, the most is %d", len(direct), mostModules)
	}
}
