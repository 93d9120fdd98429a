package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestEveryReasonIsSaidInPlainWords reads the words from where they are made: constants of the mailer, of the letters
// and of the rules, fields that the mailer refuses, and words in the program and its SQL.
func TestEveryReasonIsSaidInPlainWords(t *testing.T) {
	known := reasons()
	found := map[string]bool{}
	for folder, names := range map[string]*regexp.Regexp{
		"../mailer": regexp.MustCompile(`^Reason`),
		"../notice": regexp.MustCompile(`^(AlreadyTold|Protected|No[A-Z].*|SuppressedAddress|Too.*|OutsideWindow|HeldByGuard|Superseded)$`),
		"../policy": regexp.MustCompile(`^(Met|NotYet|JobSearchEnded|InService|Employed|SkippedBySixMonths|Withdrawn|OutsideWindow|Other.*)$`),
		"../store":  nil, "../../workers": nil,
	} {
		for _, word := range wordsIn(t, folder, names) {
			found[word] = true
			if known[word] == "" {
				t.Errorf("%s: %q has no plain words", folder, word)
			}
		}
	}
	if len(found) < 35 {
		t.Errorf("found only %d words: %v", len(found), found)
	}
	if Because("something_new") != "something new" {
		t.Error("a word that is not known is lost")
	}
}

// wordsIn gives the values of the constants with certain names, and what is written as the reason of something.
func wordsIn(t *testing.T, folder string, names *regexp.Regexp) (words []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatal(folder, err)
	}
	written := regexp.MustCompile("Why: *\"([a-z_]+)\"|why = '([a-z_]+)'|&refusal\\{\"([a-z_]+)\"")
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range written.FindAllStringSubmatch(string(text), -1) {
			words = append(words, m[1]+m[2]+m[3])
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || names == nil || len(spec.Values) != 1 || !names.MatchString(spec.Names[0].Name) {
				return true
			}
			if v, ok := spec.Values[0].(*ast.BasicLit); ok {
				if word, err := strconv.Unquote(v.Value); err == nil {
					words = append(words, word)
				}
			}
			return true
		})
	}
	return words
}

func TestSpansAreWrittenAsPeopleSayThem(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "less than a minute", 29 * time.Second: "less than a minute", time.Minute: "1 minute", 59 * time.Minute: "59 minutes", time.Hour: "1 hour", 61 * time.Minute: "1 hour 1 minute",
		26*time.Hour + 5*time.Minute: "26 hours 5 minutes", 48 * time.Hour: "2 days", 100 * 24 * time.Hour: "100 days",
	} {
		if got := span(d); got != want {
			t.Errorf("%v is written %q, want %q", d, got, want)
		}
	}
}
