package templates

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

// replaced loads the letters with one file changed.
func replaced(t *testing.T, name, old, new string) error {
	t.Helper()
	text, err := fs.ReadFile(builtIn, name)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("%s does not hold %q", name, old)
	}
	changed := strings.Replace(string(text), old, new, 1)
	_, err = Load(fstest.MapFS{name: {Data: []byte(changed)}})
	return err
}

func TestTheEmbeddedLettersAreRight(t *testing.T) {
	if _, err := Load(fstest.MapFS{}); err != nil {
		t.Error(err)
	}
}

func TestAFaultyLetterStopsTheStartAndSaysWhere(t *testing.T) {
	const booked, hello = "appointment_booked/sv.txt", `{{template "hello" .}}`
	for name, c := range map[string]struct{ file, old, new, want string }{
		"field above the tier":  {booked, hello, hello + "\n\n{{.Place}}", `templates/appointment_booked/sv.txt:5: field "Place" is not allowed in tier neutral`},
		"field in HTML":         {"appointment_booked/fi.html", hello, "{{.FirstName}}", `templates/appointment_booked/fi.html:1: field "FirstName" is not allowed in tier neutral`},
		"secure in consented":   {"matter_update/fi.txt", hello, "{{if .Consented}}{{day .Due}}{{end}}", `templates/matter_update/fi.txt:3: field "Due" is not allowed in tier consented`},
		"else of a tier":        {booked, hello, "{{if .Secure}}{{else}}{{.Minutes}}{{end}}", `sv.txt:3: field "Minutes" is not allowed in tier neutral`},
		"by way of the root":    {booked, hello, "{{with .Town}}{{$.Place}}{{end}}", `sv.txt:3: field "Place" is not allowed in tier neutral`},
		"in the layout":         {"layout/en.txt", "{{.Town}}", "{{.Minutes}}", `templates/layout/en.txt:29: field "Minutes" is not allowed in tier neutral`},
		"only for the .ics":     {booked, hello, "{{if .Secure}}{{.Attendee}}{{end}}", `field "Attendee" is not allowed in tier secure`},
		"no such field":         {booked, hello, "{{.Plase}}", `sv.txt:3: letter appointment_booked has no field "Plase"`},
		"seeker in the subject": {"coach_digest/en.txt", "{{.New}} new", "{{range .Items}}{{.Seeker}}{{end}}", `templates/coach_digest/en.txt:1: field "Items" is not allowed in a subject`},
		"no subject":            {booked, "Subject: Du har en bokad tid {{moment .Start}}\n", "", `templates/appointment_booked/sv.txt:1: the first line must be "Subject: …"`},
		"empty subject":         {"matter_update/en.txt", "You have a new message in the e-service", "{{with .Town}}{{end}}", `subject has 0 characters`},
		"long subject":          {booked, "Du har", strings.Repeat("Du har ", 9), `tier neutral: the subject has 97 characters`},
		"broken template":       {booked, hello, "{{if}}", `templates/appointment_booked/sv.txt:3: missing value for if`},
		"no such template":      {booked, hello, `{{template "helo" .}}`, `sv.txt:3:11: executing`},
		"a link of its own":     {booked, hello, "Se https://example.org", `templates/appointment_booked/sv.txt:3: "https:": links go only to {{.ServiceURL}}`},
		"another href":          {"layout/fi.html", `href="{{.ServiceURL}}"`, `href="{{.Town}}"`, `templates/layout/fi.html:20: links go only to`},
		"an image":              {"layout/page.html", "<main>", "<main><img alt=''>", `"<img": the element loads or sends something`},
		"a script":              {"layout/page.html", "<main>", "<main><script>", `the element loads`},
		"a remote style":        {"layout/page.html", "p {", "p { background: url(//x);", `"url(": the attribute or style`},
		"a handler":             {"layout/page.html", "<main>", `<main onclick="x">`, `the attribute or style`},
		"a word":                {booked, hello, "Din förmån", `templates/appointment_booked/sv.txt:3: "förmån": a word`},
		"a word in the words":   {"layout/fi.json", `"tapaaminen"`, `"terveystapaaminen"`, `templates/layout/fi.json:7: "terveys": a word`},
		"the law's step":        {"appointment_reminder/fi.txt", "Ajanvarausmuistutus:", "Muistutus:", `appointment_reminder/fi.txt:1: "Muistutus": write`},
		"the law's step, sv":    {"appointment_reminder/sv.txt", "om bokad tid", "", `appointment_reminder/sv.txt:1: "Påminnelse": write`},
		"an unseen character":   {booked, hello, hello + "\u202e", `sv.txt:3: the line holds characters that cannot be seen`},
		"parts that differ":     {booked, "En tid har", "En ny tid har", `templates/appointment_booked/sv.txt: tier neutral: the parts differ: text has "Hej En ny tid har", HTML has "Hej En tid har bokats"`},
		"an endless word":       {booked, hello, strings.Repeat("x", 90), `a word that is too long: 90 characters`},
		"a code without word":   {"layout/sv.json", `"statement"`, `"statment"`, `templates/layout/sv.json: no word for do.statement`},
		"words that are broken": {"layout/sv.json", `{`, ``, `templates/layout/sv.json:`},
		"an unknown in sample":  {"matter_update/sample.json", `"Kind"`, `"Kinds"`, `templates/matter_update/sample.json: json: unknown field "Kinds"`},
	} {
		t.Run(name, func(t *testing.T) {
			err := replaced(t, c.file, c.old, c.new)
			if err == nil {
				t.Fatal("no fault found")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestAnOverlayReplacesSingleFiles(t *testing.T) {
	words, err := fs.ReadFile(builtIn, "layout/fi.json")
	if err != nil {
		t.Fatal(err)
	}
	own := strings.Replace(string(words), "alkuhaastattelu", "ensitapaaminen", 1)
	dir := t.TempDir()
	if err := os.Mkdir(dir+"/layout", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/layout/fi.json", []byte(own), 0o644); err != nil {
		t.Fatal(err)
	}
	set, err := Load(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	m := render(t, set, "appointment_booked", "fi", Consented, sample[Appointment](t, set, "appointment_booked"))
	if !strings.Contains(m.Text, "ensitapaaminen") {
		t.Errorf("the overlay has no effect:\n%s", m.Text)
	}
}

func TestAMisspeltFileOfAnOverlayIsAFault(t *testing.T) {
	_, err := Load(fstest.MapFS{
		"appointment_boked/fi.txt": {Data: []byte("Subject: x\n")},
		"README.md":                {Data: []byte("no letter")},
	})
	want := "templates/appointment_boked/fi.txt: replaces no file of the letters"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
