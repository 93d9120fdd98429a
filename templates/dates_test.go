package templates

import (
	"testing"
	"time"
)

func TestDatesReadAsPeopleWriteThem(t *testing.T) {
	zone := time.FixedZone("", 2*60*60)
	for _, c := range []struct {
		language, day, moment string
		at                    time.Time
	}{
		{"fi", "ma 4.3.2024", "ma 4.3.2024 klo 9.00", time.Date(2024, 3, 4, 9, 0, 0, 0, zone)},
		{"sv", "mån 4.3.2024", "mån 4.3.2024 kl. 9.00", time.Date(2024, 3, 4, 9, 0, 0, 0, zone)},
		{"en", "Mon 4 March 2024", "Mon 4 March 2024 at 9:00", time.Date(2024, 3, 4, 9, 0, 0, 0, zone)},
		{"fi", "su 29.12.2024", "su 29.12.2024 klo 15.05", time.Date(2024, 12, 29, 15, 5, 0, 0, zone)},
		{"sv", "tors 31.10.2024", "tors 31.10.2024 kl. 0.30", time.Date(2024, 10, 31, 0, 30, 0, 0, zone)},
		{"en", "Sat 1 June 2024", "Sat 1 June 2024 at 12:00", time.Date(2024, 6, 1, 12, 0, 0, 0, zone)},
	} {
		if got := day(c.language, c.at); got != c.day {
			t.Errorf("got %q, want %q", got, c.day)
		}
		if got := moment(c.language, c.at); got != c.moment {
			t.Errorf("got %q, want %q", got, c.moment)
		}
	}
}

func TestEveryDayOfTheWeekHasItsName(t *testing.T) {
	monday := time.Date(2024, 3, 4, 0, 0, 0, 0, time.UTC)
	want := map[string][]string{
		"fi": {"ma", "ti", "ke", "to", "pe", "la", "su"},
		"sv": {"mån", "tis", "ons", "tors", "fre", "lör", "sön"},
		"en": {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"},
	}
	for language, names := range want {
		for i, name := range names {
			got := day(language, monday.AddDate(0, 0, i))
			if got[:len(name)+1] != name+" " {
				t.Errorf("%s: day %d is %q, want %q", language, i, got, name)
			}
		}
	}
}

func TestOneIsNotMany(t *testing.T) {
	for n, want := range map[int]string{0: "0 uutta", 1: "1 uusi", 2: "2 uutta", 21: "21 uutta"} {
		if got := plural(n, "uusi", "uutta"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
