package feed

import (
	"strings"
	"testing"

	"vireilla/internal/caseload"
)

// wrongFields are refused in a column. They have the letter q, which no fault of a secret column may repeat.
func wrongFields(c caseload.Column) []string {
	wrong := []string{strings.Repeat("q", 4097), "qa\xff", "q\x00q", "q\u202eq", "q\nq"}
	switch c.Kind {
	case caseload.ID:
		return append(wrong, "q q", " q-1", "q-1 ", "q/1", "q@example.org", "ä", strings.Repeat("q", 65),
			"131052-308T", "131052-308t", "010203Y9002", "311299F999E")
	case caseload.Word:
		return append(wrong, strings.ToUpper(c.Words[0]), c.Words[0]+" ", "qqq")
	case caseload.Tag:
		return append(wrong, "FI", "f", "suom", "fi-", "fi-x", "fi_selko", "1fi", "-fi",
			"fi-selkokielinen", "fi-aaaaaaaa-bbbbbbb")
	case caseload.Email:
		return append(wrong, "qqq", "q@", "@q.example", "q@q.example,q@q.example", "Q <q@q.example>",
			`"q"@q.example`, " q@q.example", "q@[192.0.2.1]", "q@q.example\r\nBcc: q@q.example")
	case caseload.Name:
		return append(wrong, "Qqq1", "Qqq<b>", "Qqq@", "=Qqq", "Q\u200fq", "Q\tq", "-", "Q,q", `Q"q`,
			strings.Repeat("ä", 101))
	case caseload.DayKind:
		return append(wrong, "2024-02-30", "2023-02-29", "1899-12-31", "2200-01-01", "4.3.2024",
			"2024-3-4", "2024-03-04 ", "2024-03-04T00:00", "20240304", "2024-13-01", "2024-00-10", "2024-01-00", "0000-00-00")
	case caseload.Moment:
		return append(wrong, "2024-03-04", "2024-03-04 09:00", "2024-03-04T24:00", "2024-03-04T09:60",
			"2024-03-04T09:00:60", "2024-03-04T9:00", "2024-03-04T09:00+0200", "2024-03-04T09:00+15:00",
			"2024-03-04T09:00+02:60", "2024-03-04T09:00z", "2024-03-04T09:00:", "2024-03-04T09:00x02:00", "2024-02-30T09:00",
			"1899-12-31T09:00", "2200-01-01T00:00", "2199-12-31T23:30Z", "2024-03-31T03:30", "2024-03-04T09:00:00.5",
			"1970-01-01T00:00Z")
	case caseload.Number:
		return append(wrong, "0", "-1", "+5", "1.5", "1e2", "99999", "9999999999999999999", " 5", "٣")
	case caseload.Flag:
		return append(wrong, "TRUE", "1", "0", "yes", "kyllä", "false ")
	}
	return append(wrong, "=1+1", "@SUM(A1)", "+SUM(A1)", "-2+3+cmd|' /C calc'!A0", " =1+1",
		"q\tq", "q\rq", "q\u2028q", "q\u2066q", "q\u200fq", "q\u0085q", "q\x7fq")
}

func TestEveryFieldThatIsWrongIsToldWithItsLineAndColumnAndNotRepeated(t *testing.T) {
	for _, f := range caseload.Files() {
		for _, c := range f.Columns {
			if c.From != "" {
				continue
			}
			for _, field := range wrongFields(c) {
				text := mustRefuseField(t, f, c, field)
				if want := f.Name + ":2: " + c.Name + ": "; !strings.HasPrefix(text, want) || strings.Contains(text, "\n") {
					t.Errorf("%q gives %q; want one fault that begins with %q", field, text, want)
				}
				if secret(c) && (strings.Contains(text, "q") || strings.Contains(text, "Q")) {
					t.Errorf("%q is repeated in %q", field, text)
				}
			}
			if !c.Required {
				continue
			}
			if text, want := mustRefuseField(t, f, c, ""), f.Name+":2: "+c.Name+": is missing"; text != want {
				t.Errorf("empty gives %q, want %q", text, want)
			}
		}
	}
}

// mustRefuseField imports a file with one row that has a wrong field, and gives the text of its faults.
func mustRefuseField(t *testing.T, f caseload.File, c caseload.Column, field string) string {
	t.Helper()
	return mustRefuse(t, folder(f.Name, oneRow(f.Name, map[string]string{c.Name: field})), sinkWithAllIDs(), Options{})
}

// hostileFields try to break out of the place that the field is written to.
func hostileFields() map[string]string {
	return map[string]string{
		"a second header": "q\r\nBcc: q@q.example", "a line": "q\nq", "a return": "q\rq",
		"NUL": "q\x00q", "escape": "q\x1b[31mq", "delete": "q\x7fq", "next line": "q\u0085q", "line separator": "q\u2028q",
		"right to left": "q\u202eq", "isolate": "q\u2066q", "mark": "q\u200fq", "Arabic mark": "q\u061cq",
		"bad UTF-8": "q\xffq", "surrogate": "q\xed\xa0\x80q", "overlong": "q\xc0\x8aq",
		"1 MB": strings.Repeat("q", 1<<20), "1 MB in two bytes": strings.Repeat("ä", 1<<19),
		"a formula": "=q()", "a macro": "@q(q)", "a call": "-q+q|' /C q'!A0", "a sum": "+q(1)",
		"a formula after spaces": " \u00a0=q()",
	}
}

func TestWhatWouldBreakOutOfAFieldIsRefusedInEveryColumnByFileAndLine(t *testing.T) {
	for _, f := range caseload.Files() {
		for _, c := range f.Columns {
			if c.From != "" {
				continue
			}
			for name, field := range hostileFields() {
				text := mustRefuseField(t, f, c, field)
				repeated := secret(c) && strings.Contains(strings.ReplaceAll(text, "quotation", ""), "q")
				if first, _, _ := strings.Cut(text, "\n"); !strings.HasPrefix(first, f.Name+":2: ") || repeated {
					t.Errorf("%s in %s gives %.300q", name, c.Name, text)
				}
			}
		}
	}
}

// Free text may have tags and links, for instance in a place. The letters make them harmless (FuzzLetter of package
// workers, FuzzAFieldNeverBecomesALinkATagOrAHeader of package templates).
func TestATagIsTakenOnlyByFreeText(t *testing.T) {
	for _, f := range caseload.Files() {
		for _, c := range f.Columns {
			if c.From != "" || c.Kind == caseload.Text {
				continue
			}
			for _, field := range []string{
				`<a href="https://q.example">q</a>`, "https://q.example", `q" onclick="q`, "{{.Q}}", "=?utf-8?q?q?=",
			} {
				if text := mustRefuseField(t, f, c, field); !strings.HasPrefix(text, f.Name+":2: "+c.Name+": ") {
					t.Errorf("%s gives %q", field, text)
				}
			}
		}
	}
}

// secret reports whether a field of the column may be personal; no fault of these columns has the letter q.
func secret(c caseload.Column) bool {
	return c.Kind == caseload.Email || c.Kind == caseload.Name || c.Kind == caseload.Text || c.Kind == caseload.ID
}

func TestEveryFieldThatIsRightIsKeptAsItIsKeptInSQL(t *testing.T) {
	march4 := int64(1709535600000) // 2024-03-04T07:00Z
	for _, x := range []struct {
		file, column, field string
		want                any
	}{
		{"seekers.csv", "seeker_id", "aZ0._:-", "aZ0._:-"},
		{"seekers.csv", "first_name", "Anna-Liisa O’Neil Jr.", "Anna-Liisa O’Neil Jr."},
		{"seekers.csv", "first_name", " Zoe\u0308 ", "Zoe\u0308"},
		{"seekers.csv", "first_name", strings.Repeat("ä", 100), strings.Repeat("ä", 100)},
		{"seekers.csv", "first_name", "", ""},
		{"seekers.csv", "email", "", ""},
		{"seekers.csv", "email", "a@Työllisyys.example", "a@xn--tyllisyys-17a.example"},
		{"seekers.csv", "email_tier", "", "neutral"},
		{"seekers.csv", "email_tier", "secure", "secure"},
		{"seekers.csv", "service_language", "", "fi"},
		{"seekers.csv", "service_language", "zh-hant-tw", "zh-hant-tw"},
		{"seekers.csv", "job_search_started", "2024-02-29", "2024-02-29"},
		{"seekers.csv", "job_search_started", "1900-01-01", "1900-01-01"},
		{"seekers.csv", "job_search_started", "2199-12-31", "2199-12-31"},
		{"seekers.csv", "job_search_started", "", ""},
		{"seekers.csv", "status", "", "unemployed"},
		{"seekers.csv", "supplementary_weeks", "104", int64(104)},
		{"seekers.csv", "supplementary_weeks", "", int64(0)},
		{"seekers.csv", "protected", "true", int64(1)},
		{"seekers.csv", "protected", "false", int64(0)},
		{"seekers.csv", "protected", "", int64(0)},
		{"appointments.csv", "minutes", "", int64(45)},
		{"appointments.csv", "mode", "", ""},
		{"appointments.csv", "state", "", "booked"},
		{"appointments.csv", "changed_at", "", int64(0)},
		{"appointments.csv", "place", "-1. krs", "-1. krs"},
		{"appointments.csv", "place", "+358 3 814 0000", "+358 3 814 0000"},
		{"appointments.csv", "place", " Palvelupiste; \"A\", <b> ", "Palvelupiste; \"A\", <b>"},
		{"appointments.csv", "place", strings.Repeat("q", 4096), strings.Repeat("q", 4096)},
		{"contacts.csv", "held_at", "2024-03-04T09:00", march4},
		{"contacts.csv", "held_at", "2024-03-04T09:00:30", march4 + 30_000},
		{"contacts.csv", "held_at", "2024-03-04T07:00Z", march4},
		{"contacts.csv", "held_at", "2024-03-04T02:00:01-05:00", march4 + 1000},
		{"contacts.csv", "held_at", "2024-03-31T04:00", int64(1711846800000)}, // the first minute of summer time
		{"contacts.csv", "held_at", "2024-10-27T03:30", int64(1729989000000)}, // comes twice: 00:30Z and 01:30Z
		{"contacts.csv", "held_on", "", "2024-03-04"},
		{"teams.csv", "lead_email", "Etu.Kanaria@EXAMPLE.org", "Etu.Kanaria@example.org"},
	} {
		s := sinkWithAllIDs()
		mustImport(t, folder(x.file, oneRow(x.file, map[string]string{x.column: x.field})), s, Options{})
		if got := s.value(t, x.file, x.column); got != x.want {
			t.Errorf("%s %q is kept as %v (%T), want %v", x.column, x.field, got, got, x.want)
		}
	}
}

func TestTheLocalDateOfAMomentIsKeptBesideIt(t *testing.T) {
	for held, want := range map[string]string{
		"2024-03-04T23:59":  "2024-03-04",
		"2024-03-04T21:59Z": "2024-03-04",
		"2024-03-04T22:00Z": "2024-03-05",
		"2024-07-04T21:00Z": "2024-07-05",
	} {
		s := sinkWithAllIDs()
		mustImport(t, folder("contacts.csv", oneRow("contacts.csv", map[string]string{"held_at": held})), s, Options{})
		if got := s.value(t, "contacts.csv", "held_on"); got != want {
			t.Errorf("%s is on %v, want %s", held, got, want)
		}
	}
}
