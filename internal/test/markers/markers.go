// Package markers marks the people that the tests and the sample make up: each of their names and addresses contains
// one word that occurs nowhere else. Where that word occurs outside SQL and letters, a name or an address has leaked.
// Package leaks searches single texts for it, the command findleaks all files of a folder.
package markers

import (
	"bytes"
	"encoding/base64"
	"slices"
)

// Word is the marker. JSON, HTML, URLs and quoted-printable escape none of its letters.
const Word = "kanaria"

// Name marks a first name, which stays one word: Aino becomes Aino-Kanaria.
func Name(first string) string { return first + "-Kanaria" }

// Address returns the address of a person with an id. The domain is reserved for examples (RFC 2606).
func Address(id string) string { return Word + "." + id + "@example.org" }

// Lines returns the numbers of the lines that contain the marker, in any case or in base64; the first line is 1.
func Lines(text []byte) (found []int) {
	number := 0
	for line := range bytes.Lines(text) {
		number++
		encoded := slices.ContainsFunc(inBase64, func(m []byte) bool { return bytes.Contains(line, m) })
		if encoded || bytes.Contains(bytes.ToLower(line), []byte(Word)) {
			found = append(found, number)
		}
	}
	return found
}

var inBase64 = encodings()

// encodings returns the base64 encodings of the marker, in lower case and with a capital, for each of the three offsets
// at which it may begin, without the characters that contain bits of its neighbours.
func encodings() (marks [][]byte) {
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
