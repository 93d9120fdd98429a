// Package markers marks the people whom the tests and the sample make up: each of their names and addresses holds one word that stands nowhere else. Where that
// word turns up outside of SQL and of letters, a name or an address leaked. Test code of package leaks looks for it where something was written down,
// command look in what the whole suite left behind.
package markers

import (
	"bytes"
	"encoding/base64"
	"slices"
)

// Word is the mark. It has no letter that JSON, HTML, URLs or quoted-printable would write otherwise.
const Word = "kanaria"

// Name marks a first name, which stays one word: Aino becomes Aino-Kanaria.
func Name(first string) string { return first + "-Kanaria" }

// Address is the address of somebody with an id. The domain belongs to nobody (RFC 2606).
func Address(id string) string { return Word + "." + id + "@example.org" }

// Lines gives the numbers of the lines that hold the mark, in any case or in base64; the first line is 1.
func Lines(text []byte) (found []int) {
	number := 0
	for line := range bytes.Lines(text) {
		number++
		if bytes.Contains(bytes.ToLower(line), []byte(Word)) || slices.ContainsFunc(inBase64, func(m []byte) bool { return bytes.Contains(line, m) }) {
			found = append(found, number)
		}
	}
	return found
}

var inBase64 = encoded()

// encoded gives what base64 makes of the mark, small and with a capital, at each of the three places at which it may begin: without the characters that hold bits of
// its neighbours.
func encoded() (marks [][]byte) {
	for _, word := range []string{Word, "K" + Word[1:]} {
		for before := range 3 {
			text := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), word...))
			first := (before*8 + 5) / 6
			last := (before + len(word)) * 8 / 6
			marks = append(marks, []byte(text[first:last]))
		}
	}
	return marks
}
