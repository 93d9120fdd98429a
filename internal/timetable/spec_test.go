package timetable

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
)

// A tester is a *testing.T, *testing.B or *rapid.T.
type tester interface {
	Helper()
	Fatal(...any)
}

func zone(t tester, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func spec(t tester, text string, z *time.Location) Spec {
	t.Helper()
	s, err := Parse(text, z)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestParseSaysWhatToWriteInstead(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "is empty"},
		{" \t ", "is empty"},
		{"TZ=Europe/Helsinki 30 6 * * *", "leave the zone out"},
		{"TZ=0", "leave the zone out"},
		{"TZ=", "leave the zone out"},
		{"TZ= * * * * *", "leave the zone out"},
		{" CRON_TZ=UTC", "leave the zone out"},
		{"cron_tz=UTC 30 6 * * *", "leave the zone out"},
		{"@every 10m", `"*/10 * * * *" for every ten minutes`},
		{"@every 500ms", "counts from the start of each process"},
		{"@every", "counts from the start of each process"},
		{"@reboot", "no such word"},
		{"@Daily", "no such word"},
		{"30 6 * *", "has 4 fields, wants 5"},
		{"0 30 6 * * *", "has 6 fields, wants 5"},
		{"60 6 * * *", `minute "60": write 0-59`},
		{"0 24 * * *", `hour "24": write 0-23`},
		{"0 18-6 * * *", `hour "18-6": write 0-23`},
		{"0 6 0 * *", `day of month "0": write 1-31`},
		{"0 6 L * *", `day of month "L": write 1-31`},
		{"0 6 * 13 *", `month "13": write 1-12 or jan-dec`},
		{"0 6 * * 7", `day of week "7": write 0-6 (Sunday is 0)`},
		{"0 6 * * mon#1", `day of week "mon#1"`},
		{"0 6 * * ma-pe", `day of week "ma-pe": write 0-6 (Sunday is 0) or sun-sat`},
		{"0 6 ? * *", `day of month "?"`},
		{"0 +6 * * *", `hour "+6"`},
		{"0 -6 * * *", `hour "-6"`},
		{"0 *-6 * * *", `hour "*-6"`},
		{"0 1-2-3 * * *", `hour "1-2-3"`},
		{"0 1/2/3 * * *", `hour "1/2/3"`},
		{"0 6,,7 * * *", `hour "6,,7": a comma too many`},
		{", 6 * * *", `minute ",": a comma too many`},
		{"*/0 * * * *", `minute "*/0"`},
		{"*/90 * * * *", `minute "*/90": the step is larger than the range and leaves only 0`},
		{"*/60 * * * *", `leaves only 0`},
		{"50/20 * * * *", `leaves only 50`},
		{"0 6 * * mon-fri/5", `day of week "mon-fri/5": the step is larger than the range and leaves only 1`},
		{"0 99999999999999999999 * * *", `hour "99999999999999999999": write 0-23`},
		{"0 0 31 2 *", "has no tick"},
		{"0 0 30-31 feb *", "has no tick"},
		{"* * 31 4,6,9,11 *", "has no tick"},
	} {
		s, err := Parse(c.text, time.UTC)
		switch {
		case err == nil:
			t.Errorf("Parse(%q) = %q, want an error with %q", c.text, s, c.want)
		case !strings.Contains(err.Error(), c.want):
			t.Errorf("Parse(%q): %v, want %q in it", c.text, err, c.want)
		}
	}
	if _, err := Parse("0 6 * * *", nil); err == nil {
		t.Error("a spec without a zone was accepted")
	}
}

func TestAPanicOfTheLibraryIsAnError(t *testing.T) {
	if _, err := parseFive("TZ=0"); err == nil {
		t.Error("no error")
	}
}

func TestWordsMeanTheirFields(t *testing.T) {
	from := time.Date(2024, time.February, 28, 12, 30, 0, 0, time.UTC)
	for word, want := range map[string]string{
		"@hourly":   "2024-02-28 13:00",
		"@daily":    "2024-02-29 00:00",
		"@midnight": "2024-02-29 00:00",
		"@weekly":   "2024-03-03 00:00",
		"@monthly":  "2024-03-01 00:00",
		"@yearly":   "2025-01-01 00:00",
		"@annually": "2025-01-01 00:00",
	} {
		s := spec(t, word, time.UTC)
		if got := s.Next(from).Format("2006-01-02 15:04"); got != want {
			t.Errorf("%s: next is %s, want %s", word, got, want)
		}
		if s.String() != word {
			t.Errorf("%s is shown as %q", word, s)
		}
	}
}

func TestASpecIsShownWithSingleSpaces(t *testing.T) {
	if got := spec(t, "  30  6 *\t* MON-fri ", time.UTC).String(); got != "30 6 * * MON-fri" {
		t.Errorf("got %q", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"30 6 * * 1-5", "*/5 0-23 1,15 jan-mar/2 sun", "@daily", "@every 1h", "TZ=0", "CRON_TZ=UTC",
		"0 0 31 2 *", "0 0 29 2 *", "*/90 * * * *", "0,30 3 * * *", "*-5 ? +1 * *", "@", ",,,,", "0 0 1-31/30 * *",
	} {
		f.Add(seed)
	}
	helsinki := zone(f, "Europe/Helsinki")
	from := time.Date(2021, time.March, 28, 0, 30, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text, helsinki)
		if err != nil {
			return
		}
		first := s.Next(from)
		if !first.After(from) || !s.Next(first).After(first) {
			t.Fatalf("%q: %v, then %v", text, first, s.Next(first))
		}
		again, err := Parse(s.String(), helsinki)
		if err != nil || again != s {
			t.Fatalf("%q is shown as %q, which reads as %v, %v", text, s, again, err)
		}
	})
}
