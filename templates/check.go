package templates

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// unfit are patterns that no line of a letter may contain, with the reason. The legal terms for the consequences of a
// missed step, and what is secret, do not belong in mail (Act 621/1999 s 24). The words muistutus and påminnelse alone
// are a step of the law of 2022–2025.
var unfit = []struct {
	pattern *regexp.Regexp
	why     string
}{
	{regexp.MustCompile(`(?i)https?:|www\.|javascript:|mailto:`), "links go only to {{.ServiceURL}}"},
	{regexp.MustCompile(`(?i)<\s*(script|img|picture|svg|video|audio|iframe|object|embed|form|input|link|base)\b`), "the element loads or sends something"},
	{regexp.MustCompile(`(?i)\s(src|srcset|background|action|ping|http-equiv)\s*=|\son[a-z]+\s*=|url\s*\(|@import`), "the attribute or style loads or runs something"},
	{regexp.MustCompile(`(?i)(^|\P{L})muistutu[ks]`), "write ajanvarausmuistutus, kooste or ilmoitus"},
	{regexp.MustCompile(`(?i)(^|\P{L})påminnelsen?(\P{L}|$)`), "write påminnelse om bokad tid, sammandrag or meddelande"},
	{regexp.MustCompile(`(?i)etuu|työttömyysturva|työttömyyspäiväraha|karenssi|korvaukset|seuraamu|sankti|laiminly|terveyd|terveyt|terveys|sairau|lääk[äe]ri|vammai|henkilötunnu`), "a word that does not belong in a letter"},
	{regexp.MustCompile(`(?i)förmån|arbetslöshet|karens|påföljd|försum|hälsa|hälso|sjuk|läkare|funktionsned|personbeteckning`), "a word that does not belong in a letter"},
	{regexp.MustCompile(`(?i)benefit|unemployment|allowance|sanction|penalt|neglect|health|illness|\bsick|doctor|disabilit|identity code`), "a word that does not belong in a letter"},
}

// remindOK is the one use of the Swedish word that is not the legal step.
var remindOK = regexp.MustCompile(`(?i)påminnelse om bokad tid`)

var anyHref = regexp.MustCompile(`(?i)href`)

const serviceHref = `href="{{.ServiceURL}}"`

// checkSources checks the source lines of the letters, also in branches that no sample takes.
func checkSources(files map[string]string) []error {
	var faults []error
	for _, name := range sorted(files) {
		if strings.HasSuffix(name, ".json") && !strings.HasPrefix(name, "layout/") { // a sample
			continue
		}
		number := 0
		for line := range strings.Lines(files[name]) {
			number++
			for _, why := range lineFaults(line) {
				faults = append(faults, fmt.Errorf("%s:%d: %s", shown(name), number, why))
			}
		}
	}
	return faults
}

func lineFaults(line string) []string {
	var faults []string
	odd := func(r rune) bool { return r != '\n' && r != '\r' && r != '\t' && !unicode.IsGraphic(r) }
	if !utf8.ValidString(line) || strings.ContainsFunc(line, odd) {
		faults = append(faults, "the line holds characters that cannot be seen, or is not UTF-8")
	}
	if len(anyHref.FindAllString(line, -1)) != strings.Count(line, serviceHref) {
		faults = append(faults, "links go only to {{.ServiceURL}}")
	}
	line = remindOK.ReplaceAllString(line, "")
	for _, u := range unfit {
		if found := u.pattern.FindString(line); found != "" {
			faults = append(faults, fmt.Sprintf("%q: %s", strings.TrimSpace(found), u.why))
		}
	}
	return faults
}

// checkWords checks that the words of the layout have the same codes in each language.
func (s *Set) checkWords(reach) []error {
	var faults []error
	codes := func(language string) []string {
		var all []string
		for category, phrases := range s.words[language] {
			for code := range phrases {
				all = append(all, category+"."+code)
			}
		}
		slices.Sort(all)
		return all
	}
	first := codes(Languages()[0])
	for _, language := range Languages()[1:] {
		own := codes(language)
		for _, code := range first {
			if !slices.Contains(own, code) {
				faults = append(faults, fmt.Errorf("%s: no word for %s", shown("layout/"+language+".json"), code))
			}
		}
		for _, code := range own {
			if !slices.Contains(first, code) {
				faults = append(faults, fmt.Errorf("%s: no other language has a word for %s", shown("layout/"+language+".json"), code))
			}
		}
	}
	return faults
}

// checkFields checks which fields each template reads, in every branch.
func (s *Set) checkFields(r reach) []error {
	var faults []error
	for _, k := range r.kinds {
		for _, language := range r.languages {
			faults = append(faults, s.letters[k.name][language].fieldFaults(k)...)
		}
	}
	return faults
}

// checkSamples renders every sample of every letter in each language and tier.
func (s *Set) checkSamples(r reach) []error {
	var faults []error
	for _, k := range r.kinds {
		for _, language := range r.languages {
			for _, tier := range k.tiers {
				for _, name := range Samples(k.name) {
					m, err := s.Render(k.name, language, tier, s.samples[k.name+"/"+name])
					if err != nil {
						faults = append(faults, err)
						continue
					}
					for _, why := range messageFaults(m) {
						faults = append(faults, fmt.Errorf("%s: tier %s: %s", shown(k.name+"/"+language+".txt"), tier, why))
					}
				}
			}
		}
	}
	return faults
}

func messageFaults(m Message) []string {
	var faults []string
	if n := utf8.RuneCountInString(m.Subject); n == 0 || n > maxSubject {
		faults = append(faults, fmt.Sprintf("the subject has %d characters, not 1 to %d", n, maxSubject))
	}
	number := 0
	for line := range strings.Lines(m.Text) {
		number++
		if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > maxLine {
			faults = append(faults, fmt.Sprintf("line %d of the text part has a word that is too long: %d characters", number, n))
		}
	}
	text, page := wordsOf(m.Text), wordsOf(visible(m.HTML))
	for i := range max(len(text), len(page)) {
		if i >= len(text) || i >= len(page) || text[i] != page[i] {
			faults = append(faults, fmt.Sprintf("the parts differ: text has %q, HTML has %q", around(text, i), around(page, i)))
			break
		}
	}
	return faults
}

var (
	htmlHead = regexp.MustCompile(`(?s)<head>.*</head>`)
	htmlTag  = regexp.MustCompile(`<[^>]*>`)
)

// visible returns the visible text of a page.
func visible(page string) string {
	return html.UnescapeString(htmlTag.ReplaceAllString(htmlHead.ReplaceAllString(page, ""), " "))
}

func wordsOf(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// around returns the words near the i-th.
func around(words []string, i int) string {
	return strings.Join(words[min(max(i-2, 0), len(words)):min(i+3, len(words))], " ")
}
