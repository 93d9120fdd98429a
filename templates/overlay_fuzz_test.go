package templates

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

// FuzzOverlay holds: whatever stands in a file that an office lays over ours, the letters are refused with the file's name, or every letter still tells each reader no
// more than his tier may know, links only to the e-service and loads nothing.
func FuzzOverlay(f *testing.F) {
	names := wanted()
	for at, name := range names {
		if folder := path.Dir(name); folder != "layout" && folder != "appointment_booked" && folder != "coach_digest" || strings.Contains(name, "/sv.") || strings.Contains(name, "/en.") {
			continue // of its kind there is one already
		}
		text, err := fs.ReadFile(builtIn, name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(at, string(text))
	}
	f.Add(1, `{{define "x"}}{{template "x" .}}{{end}}{{template "x" .}}`)
	f.Add(2, "Subject: x\n{{range $i, $e := .}}{{$}}{{end}}")
	f.Add(3, "Subject: {{printf \"%v\" .}}\n\n{{index . \"Place\"}}")
	f.Add(4, "Subject: x\n\n<a href=\"{{.ServiceURL}}\" HREF = 'x'>{{html .}}</a>")
	f.Add(0, "{{define \"page\"}}<a hre\u0000f=x>{{.}}{{end}}")
	f.Fuzz(func(t *testing.T, at int, text string) {
		if at < 0 || at >= len(names) || len(text) > 16<<10 {
			return
		}
		name := names[at]
		set, err := Load(fstest.MapFS{name: {Data: []byte(text)}})
		if err != nil {
			if !strings.Contains(err.Error(), "templates/") && !strings.Contains(err.Error(), "letter ") {
				t.Fatalf("%s is refused, and nothing says where: %v", name, err)
			}
			return
		}
		checkOverlaid(t, set)
	})
}

var loads = regexp.MustCompile(`(?i)<\s*(script|img|picture|svg|video|audio|iframe|object|embed|form|input|link|base)\b|\s(src|srcset|background|ping)\s*=|\son[a-z]+\s*=`)

func checkOverlaid(t *testing.T, set *Set) {
	t.Helper()
	for _, letter := range Letters() {
		data, words := canaries(sample[any](t, set, letter))
		fields := set.fields[letter]
		for _, tier := range Tiers(letter) {
			for _, language := range Languages() {
				m, err := set.Render(letter, language, tier, data)
				if err != nil {
					continue // it fails, and goes to nobody
				}
				all := m.Subject + m.Text + m.HTML
				for _, field := range fields {
					if word := words[field.name]; word != "" && !tier.may(field.tier) && strings.Contains(all, word) {
						t.Fatalf("%s in %s tells %s to tier %s", letter, language, field.name, tier)
					}
				}
				if found := loads.FindString(m.HTML); found != "" {
					t.Fatalf("%s in %s loads or runs %q", letter, language, found)
				}
				for _, href := range regexp.MustCompile(`(?i)href\s*=\s*("[^"]*"|\S*)`).FindAllStringSubmatch(m.HTML, -1) {
					if !strings.HasPrefix(href[1], `"https://`) {
						t.Fatalf("%s in %s links to %s", letter, language, href[1])
					}
				}
			}
		}
	}
}
