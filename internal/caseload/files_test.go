package caseload

import (
	"slices"
	"testing"
)

func TestKeysAndReferencesNameColumnsAndFilesThatExist(t *testing.T) {
	var earlier []string
	for _, f := range Files() {
		for _, k := range f.Key {
			if !slices.ContainsFunc(f.Columns, func(c Column) bool { return c.Name == k && c.Required }) {
				t.Errorf("%s: the key names %s, which is not a required column", f.Name, k)
			}
		}
		for _, c := range f.Columns {
			if c.Ref != "" && !slices.Contains(earlier, c.Ref) {
				t.Errorf("%s %s refers to %s, which does not come earlier", f.Name, c.Name, c.Ref)
			}
			moment := func(from Column) bool { return from.Name == c.From && from.Kind == Moment }
			if c.From != "" && !slices.ContainsFunc(f.Columns, moment) {
				t.Errorf("%s %s is the local date of %s, which is not a moment", f.Name, c.Name, c.From)
			}
		}
		earlier = append(earlier, f.Name)
	}
}
