package templates

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// laid compiles only the letters that an overlay file affects. Load checks all letters, which takes a hundred times as
// long.
func laid(files map[string]string, name, text string) (*Set, reach, error) {
	r := everything()
	folder, file := path.Split(name)
	if k, ok := kindOf(path.Clean(folder)); ok {
		r.kinds = []kind{k}
	}
	if language, _, _ := strings.Cut(file, "."); slices.Contains(Languages(), language) {
		r.languages = []string{language}
	}
	if faults := checkSources(map[string]string{name: text}); len(faults) > 0 {
		return nil, r, joinFaults(faults)
	}
	files = maps.Clone(files)
	files[name] = text
	set, err := compile(files, r)
	return set, r, err
}

func TestAFileLaidOverOursReachesNoOtherLetters(t *testing.T) {
	files, _ := readFiles(nil)
	for _, c := range []struct{ name, old, new, fault string }{
		{"layout/page.html", "<body", "<body ", ""},
		{"layout/page.html", "</body>", "<img></body>", "loads or sends"},
		{"layout/fi.txt", "Hei", "Hei hei", "the parts differ"},
		{"layout/fi.json", `"job_search_discussion"`, `"another"`, "no word for"},
		{"layout/sv.json", "{", "", "layout/sv.json"},
		{"coach_digest/en.txt", "{{.Coach}}", "{{.FirstName}}", "no field"},
		{"appointment_booked/fi.txt", "{{template \"details\" .}}", "{{.Place}}", "not allowed in tier"},
		{"appointment_booked/sample.json", "{", "{\"x\":1,", "unknown field"},
		{"matter_update/sv.html", "<p", "<p ", ""},
	} {
		text := strings.Replace(files[c.name], c.old, c.new, 1)
		if text == files[c.name] {
			t.Fatalf("%s holds no %s", c.name, c.old)
		}
		_, whole := Load(fstest.MapFS{c.name: {Data: []byte(text)}})
		_, _, part := laid(files, c.name, text)
		if fmt.Sprint(whole) != fmt.Sprint(part) || (part == nil) != (c.fault == "") || part != nil && !strings.Contains(part.Error(), c.fault) {
			t.Errorf("%s: %v, and of all letters %v; want %q", c.name, part, whole, c.fault)
		}
	}
}

// FuzzOverlay checks for any content of an overlay file: either Load fails and names the file, or every letter says to
// each reader only what the tier allows, links only to the e-service and loads nothing.
func FuzzOverlay(f *testing.F) {
	names := wanted()
	files, faults := readFiles(nil)
	if len(faults) > 0 {
		f.Fatal(faults)
	}
	for at, name := range names {
		if folder := path.Dir(name); folder != "layout" && folder != "appointment_booked" && folder != "coach_digest" || strings.Contains(name, "/sv.") || strings.Contains(name, "/en.") {
			continue // of its kind there is one already
		}
		f.Add(at, files[name])
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
		set, reached, err := laid(files, name, text)
		if err != nil {
			if !strings.Contains(err.Error(), "templates/") && !strings.Contains(err.Error(), "letter ") {
				t.Fatalf("%s is refused, and nothing says where: %v", name, err)
			}
			return
		}
		checkOverlaid(t, set, reached)
	})
}

var loads = regexp.MustCompile(`(?i)<\s*(script|img|picture|svg|video|audio|iframe|object|embed|form|input|link|base)\b|\s(src|srcset|background|ping)\s*=|\son[a-z]+\s*=`)

func checkOverlaid(t *testing.T, set *Set, reached reach) {
	t.Helper()
	for _, k := range reached.kinds {
		letter := k.name
		data, words := marked(sample[any](t, set, letter))
		fields := set.fields[letter]
		for _, tier := range Tiers(letter) {
			for _, language := range reached.languages {
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
