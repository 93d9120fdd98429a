// Package templates contains the letters: one folder for each letter, with its text and its HTML in every language, a
// shared layout, and a sample to try it with.
//
// What a letter may say depends on the reader's Tier. The struct tag `tier` of each field of the data has the rule,
// which is kept twice: a template that names a field where its tier does not allow it is rejected when it is checked,
// and Render passes a template only the fields of its tier. Names and places, which other people wrote, are made
// harmless before they reach a template.
//
// A letter's .txt begins with "Subject: …". Both parts have the same words. What only some readers may know stands in
// {{if .Consented}} … {{end}} or {{if .Secure}} … {{end}}. Beside the functions of the standard library, templates
// have:
//
//	day .Due, moment .Start   a day, a day with time, as people write them
//	word "kind" .Kind         the phrase for a code, from layout/<language>.json
//	plural .New "one" "many"  the number with the form that fits it
//	groups .Items             the items under headings (.Name, .For, .Items)
//	moved .OldStart .Start    whether an earlier letter named another time
package templates

import (
	"bytes"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Message is one rendered letter. Lines end in LF, those of Calendar in CRLF.
type Message struct {
	Subject  string
	Text     string
	HTML     string
	Language string // value of Content-Language: "sv", or "fi, en" for a letter in two languages
	Calendar []byte // iCalendar object (RFC 5545), nil when the letter has none
	Method   string // iTIP method of Calendar (RFC 5546): "REQUEST", "CANCEL" or ""
}

// Set is all letters in all languages, parsed. Several goroutines may use it at once.
type Set struct {
	page    *htmltemplate.Template
	letters map[string]map[string]*letterTemplate // letter, language
	words   map[string]words                      // language
	fields  map[string][]field                    // letter
	samples map[string]any                        // letter/name
	buffers sync.Pool                             // of *bytes.Buffer
}

// Letters returns the names of all letters, in the order of the alphabet.
func Letters() []string {
	names := make([]string, 0, len(kinds()))
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return names
}

// Languages returns the languages that every letter is written in.
func Languages() []string { return []string{"fi", "sv", "en"} }

// Tiers returns the tiers of a letter, the one that says least first; none for a letter that does not exist.
func Tiers(letter string) []Tier {
	k, _ := kindOf(letter)
	return slices.Clone(k.tiers)
}

// Load parses the letters, and checks each in every language and tier. A file of overlay replaces the embedded file of
// the same path, such as "appointment_booked/sv.txt" or "layout/fi.json". Where overlay is nil, only the parsing is
// left: the tests of this package check the embedded letters. The error lists every fault as file:line: what is wrong.
func Load(overlay fs.FS) (*Set, error) {
	files, faults := readFiles(overlay)
	if overlay == nil {
		set, more := parseFiles(files, everything())
		return set, joinFaults(append(faults, more...))
	}
	if faults = append(faults, checkSources(files)...); len(faults) > 0 {
		return nil, joinFaults(faults)
	}
	return compile(files, everything())
}

// compile parses and checks the letters in reach; the lines of the files are checked already.
func compile(files map[string]string, r reach) (*Set, error) {
	set, faults := parseFiles(files, r)
	if len(faults) > 0 {
		return nil, joinFaults(faults)
	}
	for _, check := range []func(reach) []error{set.checkWords, set.checkFields, set.checkSamples} {
		if faults := check(r); len(faults) > 0 {
			return nil, joinFaults(faults)
		}
	}
	return set, nil
}

// joinFaults joins faults and removes repeated ones: every letter reports the same fault in the layout.
func joinFaults(faults []error) error {
	seen := map[string]bool{}
	return errors.Join(slices.DeleteFunc(faults, func(fault error) bool {
		again := seen[fault.Error()]
		seen[fault.Error()] = true
		return again
	})...)
}

// Samples returns the names of a letter's samples, the usual one first.
func Samples(letter string) []string {
	k, _ := kindOf(letter)
	return append([]string{"sample"}, k.samples...)
}

// Sample returns the data of a sample, <name>.json in the letter's folder, in the type that Render takes.
func (s *Set) Sample(letter, name string) (any, error) {
	data, ok := s.samples[letter+"/"+name]
	if !ok {
		return nil, fmt.Errorf("letter %q has no sample %q", letter, name)
	}
	return data, nil
}

// Render writes a letter in the reader's language, else in its base language (fi for fi-selko), else in Finnish with
// English below it. data is the struct of the letter (Digest, Escalation, Appointment or Matter), not a pointer to it.
// The error contains nothing of the data.
func (s *Set) Render(letter, language string, tier Tier, data any) (Message, error) {
	k, ok := kindOf(letter)
	if !ok {
		return Message{}, fmt.Errorf("no letter %q", letter)
	}
	if !slices.Contains(k.tiers, tier) {
		return Message{}, fmt.Errorf("letter %s has no tier %q", letter, tier)
	}
	data, err := k.take(data)
	if err != nil {
		return Message{}, fmt.Errorf("letter %s: %w", letter, err)
	}
	languages := languagesFor(language)
	written := make([]part, 0, len(languages))
	out := s.buffers.Get().(*bytes.Buffer)
	defer s.buffers.Put(out)
	for _, language := range languages {
		p, err := s.letters[letter][language].write(out, facts(tier, s.fields[letter], language, data))
		if err != nil {
			return Message{}, fmt.Errorf("letter %s: %w", letter, err)
		}
		written = append(written, p)
	}
	m, err := s.join(out, written)
	if err != nil {
		return Message{}, fmt.Errorf("letter %s: %w", letter, err)
	}
	if k.method != "" && tier != Neutral {
		m.Method = k.method
		m.Calendar, err = s.letters[letter][languages[0]].invitation(k.method, data.(Appointment))
		if err != nil {
			return Message{}, fmt.Errorf("letter %s: %w", letter, err)
		}
	}
	return m, nil
}

// languagesFor returns the languages of a letter for a reader's language tag.
func languagesFor(language string) []string {
	base, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(language), "_", "-"), "-")
	if slices.Contains(Languages(), base) {
		return []string{base}
	}
	return []string{"fi", "en"}
}

// maxSubject is the longest subject in characters (RFC 5322 section 2.1.1).
const maxSubject = 78

// join makes one letter of its parts in several languages, the reader's best language first.
func (s *Set) join(out *bytes.Buffer, parts []part) (Message, error) {
	var m Message
	var subjects, texts, languages []string
	for _, p := range parts {
		subjects = append(subjects, p.Subject)
		texts = append(texts, p.Text)
		languages = append(languages, p.Language)
	}
	m.Subject = strings.Join(subjects, " / ")
	if utf8.RuneCountInString(m.Subject) > maxSubject {
		m.Subject = subjects[0]
	}
	m.Text = strings.Join(texts, "\n"+strings.Repeat("-", 40)+"\n\n")
	below := ""
	if len(parts) > 1 { // a reader who knows no Finnish would not read on
		below = "In English below."
		m.Text = below + "\n\n" + m.Text
	}
	m.Language = strings.Join(languages, ", ")

	out.Reset()
	err := s.page.ExecuteTemplate(out, "page", map[string]any{
		"Language": parts[0].Language, "Subject": m.Subject, "Parts": parts, "Below": below,
	})
	m.HTML = out.String()
	return m, err
}
