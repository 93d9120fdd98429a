package notice

import (
	"maps"
	"slices"
	"testing"

	"vireilla/internal/policy"
)

func TestThePolicyKnowsEveryLetterAndEachRunItsEntry(t *testing.T) {
	p := policy.Default()
	if names := slices.Sorted(maps.Keys(p.Letters)); !slices.Equal(names, Letters()) {
		t.Errorf("the policy has %v, the table %v", names, Letters())
	}
	for _, kind := range RunKinds() {
		if !slices.ContainsFunc(p.Timetable, func(e policy.Entry) bool { return e.Name == kind }) {
			t.Errorf("the timetable has no entry %s", kind)
		}
	}
	if n := len(RunKinds()); n != 4 {
		t.Errorf("%d kinds of run", n)
	}
}
