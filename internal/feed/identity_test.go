package feed

import "testing"

func TestAnIdentityNumberIsKnownByItsLastCharacter(t *testing.T) {
	for text, want := range map[string]bool{
		"131052-308T": true, "131052-308t": true, "131052+308T": true,
		"010203A9002": true, "010203f9002": true, "010203Y9002": true,
		"131052-308S": false, "131052G308T": false, "131052308T": false, "131052-308T1": false,
		"A-131052-308": false, "S-131052308T": false, "320190-123M": false, "001052-308D": false,
		"011352-308F": false, "13105é-308T": false, "+31052-308T": false, "S-000000012": false,
	} {
		if got := isIdentityCode(text); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
