package templates

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func load(t testing.TB) *Set {
	t.Helper()
	set, err := Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func sample[T any](t testing.TB, set *Set, letter string) T {
	t.Helper()
	data, err := set.Sample(letter, "sample")
	if err != nil {
		t.Fatal(err)
	}
	return data.(T)
}

func render(t testing.TB, set *Set, letter, language string, tier Tier, data any) Message {
	t.Helper()
	m, err := set.Render(letter, language, tier, data)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestLettersReadAsTheGoldenFiles(t *testing.T) {
	set := load(t)
	for _, letter := range Letters() {
		tiers := Tiers(letter)
		for _, of := range Samples(letter) {
			data, err := set.Sample(letter, of)
			if err != nil {
				t.Fatal(err)
			}
			for _, language := range Languages() {
				for _, tier := range tiers {
					m := render(t, set, letter, language, tier, data)
					name := letter + strings.TrimPrefix("."+of, ".sample") + "." + language + "." + string(tier)
					golden(t, name+".txt", "Subject: "+m.Subject+"\n\n"+m.Text)
				}
			}
		}
		data := sample[any](t, set, letter)
		m := render(t, set, letter, "fi", tiers[len(tiers)-1], data)
		golden(t, letter+".html", m.HTML)
		if m.Calendar != nil {
			golden(t, letter+".ics", string(m.Calendar))
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestALanguageThatIsNotWrittenFallsBack(t *testing.T) {
	set := load(t)
	data := sample[Matter](t, set, "matter_update")
	for language, want := range map[string]string{
		"fi": "fi", "sv": "sv", "en": "en", "fi-selko": "fi", "sv-FI": "sv", "EN_gb": "en",
		"ru": "fi, en", "ar": "fi, en", "": "fi, en",
	} {
		m := render(t, set, "matter_update", language, Neutral, data)
		if m.Language != want {
			t.Errorf("language %q is written in %q, want %q", language, m.Language, want)
		}
	}
	m := render(t, set, "matter_update", "ru", Neutral, data)
	if !strings.HasPrefix(m.Text, "In English below.\n") || strings.Count(m.HTML, `<p lang="en">In English below.</p>`) != 1 {
		t.Error("a reader who knows no Finnish is not told to look further")
	}
	fi, en := strings.Index(m.Text, "Sinulle on uusi viesti"), strings.Index(m.Text, "You have a new message")
	if fi < 0 || en < fi {
		t.Errorf("want Finnish with English below it, got:\n%s", m.Text)
	}
	if !strings.Contains(m.HTML, `<section lang="fi" dir="ltr">`) || !strings.Contains(m.HTML, `<section lang="en" dir="ltr">`) {
		t.Error("the parts of the page do not say their language")
	}
}

func TestEachHalfOfALetterNamesTheTownInItsLanguage(t *testing.T) {
	set := load(t)
	for letter, data := range map[string]any{"appointment_booked": sample[Appointment](t, set, "appointment_booked"), "matter_update": sample[Matter](t, set, "matter_update")} {
		m := render(t, set, letter, "ar", Neutral, data)
		for _, part := range []string{m.Text, m.HTML} {
			fi, en := strings.Index(part, "Lahden kaupunki"), strings.Index(part, "City of Lahti")
			if fi < 0 || en < fi || strings.Count(part, "Lahden kaupunki") != 1 {
				t.Errorf("%s:\n%s", letter, part)
			}
		}
	}
	bare := sample[Matter](t, set, "matter_update")
	bare.Town = Names{"fi": "Sysmän kunta"}
	if m := render(t, set, "matter_update", "en", Neutral, bare); !strings.Contains(m.Text, "Sysmän kunta") {
		t.Errorf("a town without a name in the language has none:\n%s", m.Text)
	}
}

func TestWhoHasNoFirstNameLeavesNoGap(t *testing.T) {
	set := load(t)
	d := Digest{Items: []Item{{Seeker: "S-00464", Rule: "initial_interview", Stage: "due", New: true}}}
	for language, want := range map[string]string{"fi": "* S-00464, uusi\n", "sv": "* S-00464, nytt\n", "en": "* S-00464, new\n"} {
		m := render(t, set, "coach_digest", language, Staff, d)
		if !strings.Contains(m.Text, want) || !strings.Contains(m.HTML, "<b>S-00464</b>") {
			t.Errorf("%s\n%s", m.Text, m.HTML)
		}
	}
}

// A phone is narrow: the time stays beside the word that says it is one.
func TestATimeDoesNotBreakOnAPage(t *testing.T) {
	set := load(t)
	a := sample[Appointment](t, set, "appointment_booked")
	a.Start = time.Date(2024, 3, 4, 9, 0, 0, 0, a.Start.Location())
	for language, want := range map[string]string{"fi": "ma\u00a04.3.2024 klo\u00a09.00", "sv": "mån\u00a04.3.2024 kl.\u00a09.00", "en": "Mon\u00a04 March 2024 at\u00a09:00"} {
		m := render(t, set, "appointment_booked", language, Neutral, a)
		if !strings.Contains(m.HTML, "<dd>"+want+"</dd>") {
			t.Errorf("no %q in\n%s", want, m.HTML)
		}
		if strings.Contains(m.Text+m.Subject, "\u00a0") {
			t.Errorf("the text part:\n%s", m.Text)
		}
	}
}

// Each letter with everything left out that may be missing.
func TestLettersDoWithoutWhatIsOptional(t *testing.T) {
	set := load(t)
	appt := sample[Appointment](t, set, "appointment_booked")
	bare := Appointment{
		Town: appt.Town, Switchboard: appt.Switchboard, ServiceURL: appt.ServiceURL, Start: appt.Start,
		ID: appt.ID, Stamp: appt.Stamp, Organizer: appt.Organizer, Attendee: appt.Attendee,
	}
	video := bare
	video.Mode, video.Kind = "video", "some_new_kind"
	same := bare
	same.OldStart = same.Start
	matter := sample[Matter](t, set, "matter_update")
	decision := matter
	decision.Kind, decision.Due = "decision", time.Time{}
	matter.Kind = "something else"
	for letter, all := range map[string][]any{
		"appointment_booked":    {bare, video},
		"appointment_reminder":  {bare, video},
		"appointment_changed":   {bare, video, same},
		"appointment_cancelled": {bare},
		"matter_update":         {matter, decision},
		"coach_digest":          {Digest{}, Digest{Items: []Item{{Rule: "new_rule", Why: "new_reason"}}}},
		"lead_escalation":       {Escalation{}},
	} {
		for _, data := range all {
			for _, tier := range Tiers(letter) {
				for _, language := range Languages() {
					m := render(t, set, letter, language, tier, data)
					if faults := messageFaults(m); faults != nil {
						t.Errorf("%s %s %s: %v", letter, language, tier, faults)
					}
					if strings.Contains(m.Text, "<no value>") || strings.Contains(m.Text, " 1.1.1") {
						t.Errorf("%s %s %s tells what is not there:\n%s", letter, language, tier, m.Text)
					}
				}
			}
		}
	}
}

func TestAChangeOfPlaceAloneTellsNoOldTime(t *testing.T) {
	set := load(t)
	a := sample[Appointment](t, set, "appointment_changed")
	a.OldStart = a.Start
	m := render(t, set, "appointment_changed", "fi", Consented, a)
	if strings.Contains(m.Text, "Aiempi aika") || !strings.Contains(m.Text, "on voimassa") {
		t.Errorf("got:\n%s", m.Text)
	}
}

func TestWrongDataIsRefusedWithoutTellingIt(t *testing.T) {
	set := load(t)
	good := sample[Appointment](t, set, "appointment_booked")
	utc, plain, other, noID, twoLines := good, good, good, good, good
	utc.Start = utc.Start.UTC()
	plain.ServiceURL = "http://asiointi.example.org"
	other.ServiceURL = "https://matti@asiointi.example.org"
	noID.ID = ""
	twoLines.Attendee = "matti@example.org\r\nX-SECRET:1"
	for name, c := range map[string]struct {
		letter string
		tier   Tier
		data   any
	}{
		"no such letter":  {"appointment_boked", Neutral, good},
		"wrong tier":      {"appointment_booked", Staff, good},
		"staff as seeker": {"coach_digest", Secure, Digest{}},
		"wrong data":      {"appointment_booked", Neutral, Matter{FirstName: "Matti"}},
		"pointer":         {"appointment_booked", Neutral, &good},
		"UTC":             {"appointment_booked", Neutral, utc},
		"http":            {"appointment_booked", Neutral, plain},
		"user in the URL": {"appointment_booked", Neutral, other},
		"no id":           {"appointment_booked", Consented, noID},
		"second line":     {"appointment_booked", Consented, twoLines},
	} {
		_, err := set.Render(c.letter, "fi", c.tier, c.data)
		if err == nil {
			t.Errorf("%s: no error", name)
		} else if regexp.MustCompile(`(?i)matti|secret`).MatchString(err.Error()) {
			t.Errorf("%s: the error tells the data: %v", name, err)
		}
	}
}

func TestPagesNameTheirLanguageAndLoadNothing(t *testing.T) {
	set := load(t)
	for _, letter := range Letters() {
		for _, tier := range Tiers(letter) {
			page := render(t, set, letter, "sv", tier, sample[any](t, set, letter)).HTML
			for _, want := range []string{`<html lang="sv" dir="ltr">`, `name="color-scheme"`, "prefers-color-scheme: dark", "<h1>", "<title>"} {
				if !strings.Contains(page, want) {
					t.Errorf("%s: no %s", letter, want)
				}
			}
			for _, href := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(page, -1) {
				if href[1] != "https://asiointi.example.org" {
					t.Errorf("%s links to %s", letter, href[1])
				}
			}
			if found := regexp.MustCompile(`(?i)<(script|img|link|iframe|form)|src=|url\(|\sid=`).FindString(page); found != "" {
				t.Errorf("%s holds %s", letter, found)
			}
		}
	}
}

// The forbidden words are listed here a second time, independent of the patterns of the check, so that a mistake in
// those is found.
func TestNoLetterSaysWhatMailMayNotSay(t *testing.T) {
	set := load(t)
	forbidden := []string{
		"etuus", "etuuden", "etuutta", "työttömyysturva", "karenssi", "seuraamus", "sanktio", "laiminly", "terveys", "sairaus",
		"menetät", "menettää", "uhka", "velvolli", "henkilötunnus", "kotiosoite",
		"förmån", "arbetslöshetsersättning", "karens", "påföljd", "sanktion", "försumm", "hälsa", "sjukdom", "förlora", "personbeteckning",
		"benefit", "sanction", "penalty", "neglect", "health", "illness", "lose ", "obligation", "identity",
	}
	for _, letter := range Letters() {
		for _, language := range Languages() {
			for _, tier := range Tiers(letter) {
				m := render(t, set, letter, language, tier, sample[any](t, set, letter))
				text := strings.ToLower(m.Subject + "\n" + m.Text + "\n" + visible(m.HTML))
				for _, word := range forbidden {
					if strings.Contains(text, word) {
						t.Errorf("%s %s %s says %q", letter, language, tier, word)
					}
				}
				words := wordsOf(text)
				if slices.Contains(words, "muistutus") {
					t.Errorf("%s %s %s says muistutus alone", letter, language, tier)
				}
				if i := slices.Index(words, "påminnelse"); i >= 0 && words[i+1] != "om" {
					t.Errorf("%s %s %s says påminnelse alone", letter, language, tier)
				}
				if !regexp.MustCompile(`vastauksia|svar på|replies`).MatchString(text) {
					t.Errorf("%s %s %s does not say whether replies are read", letter, language, tier)
				}
			}
		}
	}
}
