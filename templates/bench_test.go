package templates

import "testing"

// BenchmarkRender renders one letter of each kind, in the tier that says most.
func BenchmarkRender(b *testing.B) {
	set := load(b)
	for _, letter := range Letters() {
		data, tiers := sample[any](b, set, letter), Tiers(letter)
		b.Run(letter, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				render(b, set, letter, "fi", tiers[len(tiers)-1], data)
			}
		})
	}
}
