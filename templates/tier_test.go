package templates

import (
	"reflect"
	"strings"
	"testing"
)

// marked returns data of the letter with every text field set to a word of its
// own, and the words by field. Fields that the templates compare or check keep
// the values of the sample.
func marked(data any) (any, map[string]string) {
	v := reflect.New(reflect.TypeOf(data)).Elem()
	v.Set(reflect.ValueOf(data))
	words := map[string]string{}
	for _, f := range reflect.VisibleFields(v.Type()) {
		switch f.Name {
		case "ServiceURL", "Kind", "Mode", "Organizer", "Attendee":
			continue
		}
		if f.Type.Kind() == reflect.String {
			words[f.Name] = "kanaria" + strings.ToLower(f.Name)
			v.FieldByIndex(f.Index).SetString(words[f.Name])
		}
	}
	return v.Interface(), words
}

func TestALetterTellsOnlyWhatItsTierAllows(t *testing.T) {
	set := load(t)
	for _, letter := range Letters() {
		data, words := marked(sample[any](t, set, letter))
		for _, tier := range Tiers(letter) {
			for _, language := range append(Languages(), "ru") {
				m := render(t, set, letter, language, tier, data)
				for name, word := range words {
					f, _ := reflect.TypeOf(data).FieldByName(name)
					all := m.Subject + m.Text + m.HTML
					if !tier.may(f.Tag.Get("tier")) && strings.Contains(all, word) {
						t.Errorf("%s in %s tells %s to tier %s", letter, language, name, tier)
					}
				}
			}
		}
	}
}

func TestNeutralLettersSayOnlyThatThereIsSomething(t *testing.T) {
	set := load(t)
	for _, letter := range []string{"appointment_booked", "appointment_changed", "appointment_cancelled", "appointment_reminder", "matter_update"} {
		for _, language := range Languages() {
			m := render(t, set, letter, language, Neutral, sample[any](t, set, letter))
			if m.Calendar != nil || m.Method != "" {
				t.Errorf("%s carries an .ics", letter)
			}
			all := strings.ToLower(m.Subject + visible(m.HTML) + m.Text)
			for _, word := range []string{
				"matti", "anna", "esimerkki", "työ", "haastattelu", "koulutus", "selvity", "päätö", "valmentaja", "minuut",
				"jobb", "arbet", "intervju", "utbildning", "utredning", "beslut", "coach", "minut",
				"employment", "interview", "training", "clarification", "decision",
			} {
				if strings.Contains(all, word) {
					t.Errorf("%s in %s says %q to tier neutral", letter, language, word)
				}
			}
		}
	}
}

func TestOnlyTheSecureTierIsToldTheMatter(t *testing.T) {
	set := load(t)
	m := sample[Matter](t, set, "matter_update")
	for _, kind := range []string{"clarification", "decision"} {
		m.Kind = kind
		consented := render(t, set, "matter_update", "en", Consented, m)
		if strings.Contains(consented.Text, kind) || strings.Contains(consented.Text, "11 March") {
			t.Errorf("tier consented is told the matter:\n%s", consented.Text)
		}
		secure := render(t, set, "matter_update", "en", Secure, m)
		if !strings.Contains(secure.Text, kind) || strings.Contains(secure.Subject, kind) {
			t.Errorf("tier secure is not told the matter, or in the subject:\n%s", secure.Text)
		}
	}
}

func TestTiersAreSteps(t *testing.T) {
	for reader, want := range map[Tier]string{
		Neutral:   "neutral",
		Consented: "neutral consented",
		Secure:    "neutral consented secure",
		Staff:     "staff",
		"":        "",
		"other":   "",
	} {
		var got []string
		for _, tag := range []string{"neutral", "consented", "secure", "staff", "", "other"} {
			if reader.may(tag) {
				got = append(got, tag)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("tier %q may see %q, want %q", reader, got, want)
		}
	}
}
