package policy

import (
	"fmt"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
)

func TestTheEmbeddedPolicyIsRight(t *testing.T) {
	if _, faults := Parse(DefaultFile()); len(faults) > 0 {
		t.Fatal(faults)
	}
}

// Every fault is reported at its own line, so that an office can mend its file.
func TestFaultsAreReportedWithLineAndColumn(t *testing.T) {
	lines := strings.Split(string(DefaultFile()), "\n")
	lineOf := func(part string) int {
		for i, l := range lines {
			if strings.Contains(l, part) {
				return i + 1
			}
		}
		t.Fatalf("no line with %q", part)
		return 0
	}
	for _, v := range []struct{ from, to, what string }{
		{"  saturday_counts: false", "  saturdays_count: false", `unknown key "saturdays_count"`},
		{"  saturday_counts: false", `  "": false`, `unknown key ""`},
		{"zone: Europe/Helsinki", `"": Europe/Helsinki`, `unknown key ""`},
		{"zone: Europe/Helsinki", `"-": Europe/Helsinki`, `unknown key "-"`},
		{"from: 2022-05-02", "from: 2022-05-01", "overlaps"},
		{"from: 2022-05-02", "from: 2022-05-12", "a gap"},
		{"from: 2022-05-02", "from: 2022-02-30", "not a day"},
		{"supplementary_discussion: {upcoming: 3,", "supplementary_discussion: {upcoming: 13,", "cannot happen"},
		{`cron: "40 3 * * *"`, `cron: "0 0 31 2 *"`, "has no tick"},
		{`cron: "40 3 * * *"`, `cron: "TZ=0 40 3 * * *"`, "cron"},
		{"catch_up_within: 1 hour}", "catch_up_within: 1 fortnight}", `"1 fortnight" is not`},
		{"catch_up_within: 1 hour}", "catch_up_within: 0 hours}", `"0 hours" is not`},
		{"catch_up_within: 1 week}", "catch_up_within: 5 weeks}", "at most 4 weeks"},
		{`cron: "40 3 * * *",          catch_up: latest`, `cron: "40 3 * * *", catch_up: newest`,
			`"newest" is not one of all, latest, none`},
		{"due: 2 weeks after", "due: 2 fortnights after", "fortnights"},
		{"when: [no_discussion_held]", "when: [no_discusion_held]", "no such condition"},
		{"anchor: decided_on", "anchor: decided", "no such anchor"},
		{"eras: [periodic]", "eras: [baroque]", `no era "baroque"`},
		{`at: "07:30"`, `at: "25:30"`, "time of day"},
		{"max_items: 50", "max_items: lots", `"lots" stands where a whole number is needed`},
		{"saturday_counts: false", "saturday_counts: perhaps", `"perhaps" stands where true or false is needed`},
		{"hours: [72, 24]", "hours: [72, 2400000000000000000000]", "stands where a whole number is needed"},
		{"hours: [72, 24]", "hours: [72, [24]]", `"[" stands where a whole number is needed`},
		{"zone: Europe/Helsinki", "zone: [Europe, Helsinki]", `"[" stands where a word is needed`},
		{"zone: Europe/Helsinki", "zone: !x Europe/Helsinki", `"!x" stands where a word is needed`},
		{"hours: [72, 24]", "hours: *usual", `"*" stands where a list is needed`},
		{"saturday_counts: false", "saturday_counts: {false: 1}", "stands where true or false is needed"},
		{"guard: {floor: 50", "guard: {floor: 50, floor: 60", `key "floor" already defined`},
		{"name: {fi: Lahden", "name: {? x : y, fi: Lahden", `"?" stands where a word is needed`},
		{"name: {fi: Lahden", "name: {&x no: y, fi: Lahden", `"&" stands where a word is needed`},
		{"name: {fi: Lahden", "name: {sv, fi: Lahden", `key "sv" stands twice`},
		{"hours: [72, 24]", "hours: 72", `"72" stands where a list is needed`},
		{"weekly: true ", "weekly: 1 ", `"1" stands where true or false is needed`},
		{"floor: 50", "floor: 0", "at least 1"},
		{"{name: Lahti, from: 2025-01-01}", "{name: Lahti, from: 2024-12-31}", "overlaps"},
		{"{name: Lahti, from: 2025-01-01}", "{name: Lahti, from: 2025-02-01}", "a gap"},
		{"zone: Europe/Helsinki", "zone: Europe/Lahti", "zone"},
		{"service_url: https:", "service_url: http:", "https"},
		{"coach_digest:          {unsure: again}", "coach_digest:          {unsure: perhaps}", "perhaps"},
	} {
		text := strings.Replace(string(DefaultFile()), v.from, v.to, 1)
		if text == string(DefaultFile()) {
			t.Fatalf("%q is not in the file", v.from)
		}
		_, faults := Parse([]byte(text))
		found := false
		for _, f := range faults {
			found = found || strings.Contains(f.What, v.what)
			if !strings.Contains(v.what, "gap") && strings.Contains(f.What, v.what) {
				if want := lineOf(v.from); f.Line != want || f.Column < 1 {
					t.Errorf("%s: reported at %s, want line %d", v.to, f, want)
				}
			}
		}
		if !found {
			t.Errorf("%s: %v", v.to, faults)
		}
	}
}

func TestLinesAfterABarAreOneText(t *testing.T) {
	p, faults := Parse([]byte(strings.Replace(string(DefaultFile()), "version: lahti-2026.1", "version: |\n  one\n  two", 1)))
	if len(faults) > 0 || p.Version != "one\ntwo\n" {
		t.Errorf("%v, %v", p, faults)
	}
}

// A number is read as `policy show --format json` prints it.
func TestNumbersAreReadAsYAMLWritesThem(t *testing.T) {
	for text, want := range map[string]int{"060": 48, "0x3c": 60, "0o74": 60, "0b11": 3, "1_000": 1000, "60": 60} {
		file := strings.Replace(string(DefaultFile()), "floor: 50,", "floor: "+text+",", 1)
		p, faults := Parse([]byte(file))
		shown, err := JSON([]byte(file))
		if len(faults) > 0 || err != nil || p.Guard.Floor != want || !strings.Contains(string(shown), fmt.Sprintf(`"floor": %d,`, want)) {
			t.Errorf("%s: %v, %v, %v", text, p, faults, err)
		}
	}
}

func TestWithoutALimitTicksAreCaughtUpForThreeDays(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"": 72 * time.Hour, ", catch_up_within: 1 minute": time.Minute, ", catch_up_within: 10 minutes": 10 * time.Minute, ", catch_up_within: 4 weeks": 4 * 7 * 24 * time.Hour,
	} {
		p, faults := Parse([]byte(strings.Replace(string(DefaultFile()), ", catch_up_within: 1 week", text, 1)))
		if len(faults) > 0 {
			t.Errorf("%q: %v", text, faults)
		} else if e := p.Timetable[len(p.Timetable)-1]; time.Duration(e.CatchUpWithin) != want {
			t.Errorf("%q: %s is caught up within %s", text, e.Name, e.CatchUpWithin)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(DefaultFile())
	f.Add([]byte("eras: [{name: a, from: 2024-01-01}]"))
	f.Add([]byte("rules: {a: [}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, faults := Parse(text)
		if (p == nil) == (len(faults) == 0) {
			t.Fatalf("policy %v, faults %v", p, faults)
		}
	})
}
