package templates

import (
	"bytes"
	"encoding/json"
	"fmt"
	htmltemplate "html/template"
	"reflect"
	"strings"
	texttemplate "text/template"
	"time"
)

// letterTemplate is one letter in one language. Its main templates are named after their files, so that the library's
// errors contain file and line.
type letterTemplate struct {
	letter, language string
	words            words
	subject, text    *texttemplate.Template
	html             *htmltemplate.Template
}

// words are the phrases of a language for codes: category ("do", "kind", …), code, phrase. The code "other" stands for
// all that are not listed.
type words map[string]map[string]string

func (w words) word(category, code string) (string, error) {
	for _, code := range []string{code, "other"} {
		if phrase, ok := w[category][code]; ok {
			return phrase, nil
		}
	}
	return "", fmt.Errorf("no word for %s %q in the layout", category, code)
}

// part is a letter to one reader in one language.
type part struct {
	Language, Dir string
	Subject, Text string
	HTML          htmltemplate.HTML
}

// reach says which letters in which languages are parsed and checked.
type reach struct {
	kinds     []kind
	languages []string
}

func everything() reach { return reach{kinds(), Languages()} }

// parseFiles parses the files of the letters and languages in reach.
func parseFiles(files map[string]string, r reach) (*Set, []error) {
	s := &Set{letters: map[string]map[string]*letterTemplate{}, words: map[string]words{}, fields: map[string][]field{}, samples: map[string]any{}}
	s.buffers.New = func() any { return new(bytes.Buffer) }
	var faults []error
	note := func(err error) {
		if err != nil {
			faults = append(faults, err)
		}
	}
	var err error
	s.page, err = htmltemplate.New(shown("layout/page.html")).Option("missingkey=error").Parse(files["layout/page.html"])
	note(err)
	for _, language := range Languages() {
		s.words[language], err = parseWords(language, files)
		note(err)
	}
	for _, k := range r.kinds {
		s.letters[k.name] = map[string]*letterTemplate{}
		s.fields[k.name] = fieldsOf(reflect.TypeOf(k.data))
		for _, name := range Samples(k.name) {
			name = k.name + "/" + name
			s.samples[name], err = parseSample(k, name+".json", files)
			note(err)
		}
		for _, language := range r.languages {
			lt, err := parseLetter(k.name, language, s.words[language], files)
			note(err)
			s.letters[k.name][language] = lt
		}
	}
	return s, faults
}

func parseWords(language string, files map[string]string) (w words, err error) {
	name := "layout/" + language + ".json"
	if err := json.Unmarshal([]byte(files[name]), &w); err != nil {
		return nil, fmt.Errorf("%s: %w", shown(name), err)
	}
	return w, nil
}

func parseSample(k kind, name string, files map[string]string) (any, error) {
	v := reflect.New(reflect.TypeOf(k.data))
	decoder := json.NewDecoder(strings.NewReader(files[name]))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v.Interface()); err != nil {
		return nil, fmt.Errorf("%s: %w", shown(name), err)
	}
	return v.Elem().Interface(), nil
}

func parseLetter(letter, language string, w words, files map[string]string) (*letterTemplate, error) {
	lt := &letterTemplate{letter: letter, language: language, words: w}
	layout := "layout/" + language
	functions := map[string]any{
		"day":    func(t time.Time) string { return day(language, t) },
		"moment": func(t time.Time) string { return moment(language, t) },
		"word":   w.word,
		"plural": plural,
		"groups": groups,
		"moved":  moved,
	}
	text, ok := liftSubject(files[lt.file(".txt")])
	if !ok {
		return nil, fmt.Errorf("%s:1: the first line must be \"Subject: …\"", shown(lt.file(".txt")))
	}
	lt.text = texttemplate.New("").Option("missingkey=error").Funcs(functions)
	lt.html = htmltemplate.New("").Option("missingkey=error").Funcs(functions).Funcs(map[string]any{
		"day":    func(t time.Time) string { return unbroken(day(language, t)) },
		"moment": func(t time.Time) string { return unbroken(moment(language, t)) },
	})
	var err error
	for _, t := range []struct{ name, text string }{{layout + ".txt", files[layout+".txt"]}, {lt.file(".txt"), text}} {
		if lt.text, err = lt.text.New(shown(t.name)).Parse(t.text); err != nil {
			return nil, err
		}
	}
	lt.subject = lt.text.Lookup("subject")
	for _, name := range []string{layout + ".html", lt.file(".html")} {
		if lt.html, err = lt.html.New(shown(name)).Parse(files[name]); err != nil {
			return nil, err
		}
	}
	return lt, nil
}

// file returns the path of the letter's file with the extension ext.
func (lt *letterTemplate) file(ext string) string { return lt.letter + "/" + lt.language + ext }

// liftSubject turns the first line of a text part into the template "subject". The line numbers stay the same.
func liftSubject(text string) (string, bool) {
	first, rest, _ := strings.Cut(text, "\n")
	subject, ok := strings.CutPrefix(first, "Subject: ")
	return `{{define "subject"}}` + subject + "{{end}}\n" + rest, ok && strings.TrimSpace(subject) != ""
}

// write renders the letter with the facts that the reader may know. It overwrites out.
func (lt *letterTemplate) write(out *bytes.Buffer, facts map[string]any) (part, error) {
	p := part{Language: lt.language, Dir: "ltr"}
	out.Reset()
	if err := lt.subject.Execute(out, facts); err != nil {
		return p, err
	}
	p.Subject = clean(out.String())
	out.Reset()
	if err := lt.text.Execute(out, facts); err != nil {
		return p, err
	}
	p.Text = wrap(out.String())
	out.Reset()
	if err := lt.html.Execute(out, facts); err != nil {
		return p, err
	}
	// The output of the template is escaped already; the page includes it unchanged.
	p.HTML = htmltemplate.HTML(tight(strings.TrimSpace(out.String())))
	return p, nil
}

// tight removes empty lines.
func tight(page string) string {
	var out strings.Builder
	out.Grow(len(page))
	for line := range strings.Lines(page) {
		if strings.Trim(line, " \t\f\r\n") != "" {
			out.WriteString(line)
		}
	}
	return out.String()
}
