package templates

import (
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

func TestWordsOfOthersAreMadeHarmless(t *testing.T) {
	for in, want := range map[string]string{
		"Anna-Liisa O’Neil":                "Anna-Liisa O’Neil",
		"Esimerkkikatu 11 C, 2. kerros":    "Esimerkkikatu 11 C, 2. kerros",
		"klo 9.00–12:30":                   "klo 9.00–12:30",
		"J.P.":                             "J. P.",
		"a\r\nBcc: x@example.org\x00":      "a Bcc: x@ example. org",
		"\u202eabc\u2066\u200b\ufeff":      "abc",
		"https://evil.example/x?y=1":       "https: / /evil. example/x?y=1",
		`\\server\share`:                   `\ \server\share`,
		"www.1evil.example":                "www. 1evil. example",
		"www.evil.example":                 "www. evil. example",
		"javascript:alert(1)":              "javascript: alert(1)",
		"line\u2028two\u0085three\xff end": "line two three end",
	} {
		if got := unlink(clean(in)); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
	if got := []rune(clean(strings.Repeat("ä", 1000))); len(got) != maxWord || got[maxWord-1] != '…' {
		t.Errorf("a long word has %d characters", len(got))
	}
}

func TestLongLinesAreFoldedBelowTheirFirstWord(t *testing.T) {
	long := strings.Repeat("sana ", 20)
	got := wrap("\n\n* " + long + "\n\n\n\n  " + long + "\nloppu\n\n")
	want := "* " + strings.TrimSpace(strings.Repeat("sana ", 15)) + "\n  " + strings.TrimSpace(strings.Repeat("sana ", 5)) +
		"\n\n  " + strings.TrimSpace(strings.Repeat("sana ", 15)) + "\n  " + strings.TrimSpace(strings.Repeat("sana ", 5)) + "\nloppu\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// For any text in a field, the page has the same tags as for plain words, the text has no invisible characters, and
// neither has a link to another site.
func FuzzAFieldNeverBecomesALinkATagOrAHeader(f *testing.F) {
	for _, seed := range []string{
		"Matti", `<a href="https://evil.example">x</a>`, "x\r\nBcc: y@example.org\r\n\r\n", "\u202eevil\u2069",
		`" onmouseover="alert(1)`, "{{.Place}}", "https://evil.example", "www.evil.example", `\\evil\x`, "</style><script>x</script>",
		"a\u0000b\u0085c\u2028d", "\xff\xfe", strings.Repeat("ä", 5000), "END:VEVENT\r\nBEGIN:VALARM", "mailto:x@evil.example",
	} {
		f.Add(seed)
	}
	set := load(f)
	a := sample[Appointment](f, set, "appointment_booked")
	tags := func(page string) []string { return htmlTag.FindAllString(page, -1) }
	plain := tags(render(f, set, "appointment_booked", "en", Consented, a).HTML)
	link := regexp.MustCompile(`://|\p{L}\.[\p{L}\d]|\d\.\p{L}|\S@[\p{L}\d]|\\\\`)

	f.Fuzz(func(t *testing.T, s string) {
		a := a
		a.FirstName, a.CoachFirstName, a.Place, a.Kind, a.ChangePhone = "x"+s, "x"+s, "x"+s, s, "x"+s
		a.Town, a.Switchboard = Names{"fi": "x" + s}, "x"+s
		m := render(t, set, "appointment_booked", "en", Consented, a)
		if diff := cmp.Diff(plain, tags(m.HTML)); diff != "" {
			t.Errorf("%q changed the tags:\n%s", s, diff)
		}
		own := func(part string) string {
			return strings.ReplaceAll(strings.ReplaceAll(part, a.ServiceURL, ""), "\n", " ")
		}
		for _, part := range []string{own(m.Text), own(visible(m.HTML)), m.Subject} {
			if found := link.FindString(part); found != "" {
				t.Errorf("%q leaves %q", s, found)
			}
			if strings.ContainsFunc(part, func(r rune) bool { return !unicode.IsGraphic(r) }) {
				t.Errorf("%q leaves a character that cannot be seen", s)
			}
		}
		for line := range strings.Lines(string(m.Calendar)) {
			if !strings.HasSuffix(line, "\r\n") || strings.HasPrefix(line, "BEGIN:VALARM") {
				t.Errorf("%q broke the calendar: %q", s, line)
			}
		}
	})
}
