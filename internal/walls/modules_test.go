package walls

import (
	"encoding/json"
	"os/exec"
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
	var direct []string
	for _, m := range mod.Require {
		if !m.Indirect {
			direct = append(direct, m.Path)
		}
	}
	slices.Sort(direct)
	reasons := slices.Sorted(slices.Values(thePlan(t).modules))
	if !slices.Equal(direct, reasons) {
		t.Errorf("go.mod and %s differ\n go.mod %v\n   plan %v", document, direct, reasons)
	}
	if len(direct) > mostModules {
		t.Errorf("%d direct modules, the most is %d", len(direct), mostModules)
	}
}
