package feed

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"vireilla/internal/caseload"
)

var update = flag.Bool("update", false, "write the tables of docs/feed.md anew")

const document = "../../docs/feed.md"

// table matches the table of one file in the document.
func table(f *caseload.File) *regexp.Regexp {
	begin := regexp.QuoteMeta("<!-- columns of " + f.Name + " -->\n")
	return regexp.MustCompile(`(?s)(` + begin + `).*?(<!-- end -->\n)`)
}

// meaning matches what a table says of a file, and of each column: that is written by hand, all else comes from the
// code.
var (
	fileMeaning   = regexp.MustCompile(`(?m)^(.*) Key: `)
	columnMeaning = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|.*\\| (.*) \\|$")
)

// columnTable writes what the columns of a file may hold, and what old, the table of the document, says that they mean.
func columnTable(t *testing.T, f *caseload.File, old string) string {
	t.Helper()
	sentence := func(what, text string) string {
		if !strings.HasSuffix(text, ".") {
			t.Errorf("docs/feed.md does not say in a sentence what %s means", what)
		}
		return text
	}
	meaning := map[string]string{}
	for _, row := range columnMeaning.FindAllStringSubmatch(old, -1) {
		meaning[row[1]] = row[2]
	}
	var b strings.Builder
	about := fileMeaning.FindStringSubmatch(old)
	if about == nil {
		about = []string{"", ""}
	}
	fmt.Fprintf(&b, "%s Key: `%s`.\n\n", sentence(f.Name, about[1]), strings.Join(f.Key, "`, `"))
	b.WriteString("| column | required | may hold | when empty | refers to | meaning |\n|---|---|---|---|---|---|\n")
	for _, c := range f.Columns {
		if c.From != "" {
			continue
		}
		required, empty, ref := "", "not set", ""
		if c.Required {
			required, empty = "yes", ""
		}
		if c.Default != "" {
			empty = "`" + c.Default + "`"
		}
		if c.Kind == caseload.Flag {
			empty = "`false`"
		}
		if c.Ref != "" {
			ref = fmt.Sprintf("[%s](#%s)", c.Ref, strings.ReplaceAll(c.Ref, ".", ""))
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", c.Name, required, mayHold(&c), empty, ref,
			sentence(f.Name+": "+c.Name, meaning[c.Name]))
	}
	return b.String()
}

func mayHold(c *caseload.Column) string {
	switch c.Kind {
	case caseload.ID:
		return "id"
	case caseload.Word:
		return "`" + strings.Join(c.Words, "`, `") + "`"
	case caseload.Tag:
		return "language tag"
	case caseload.Email:
		return "address"
	case caseload.Name:
		return "first name"
	case caseload.DayKind:
		return "day"
	case caseload.Moment:
		return "moment"
	case caseload.Number:
		return fmt.Sprintf("number from %d to %d", c.Least, c.Most)
	case caseload.Flag:
		return "`true`, `false`"
	}
	return "text"
}

func TestTheDocumentDescribesEveryColumn(t *testing.T) {
	text := readDocument(t)
	want := text
	for _, f := range caseload.Files() {
		if n := len(table(&f).FindAllString(want, -1)); n != 1 {
			t.Fatalf("docs/feed.md has %d tables of the columns of %s", n, f.Name)
		}
		parts := table(&f).FindStringSubmatch(want)
		want = strings.Replace(want, parts[0], parts[1]+columnTable(t, &f, parts[0])+parts[2], 1)
	}
	if *update {
		if err := os.WriteFile(document, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if text != want {
		t.Error("the tables of docs/feed.md are not those of the code: go test ./internal/feed -run TestTheDocument -update")
	}
	for _, f := range caseload.Files() {
		if !strings.Contains(want, "\n### "+f.Name+"\n") {
			t.Errorf("docs/feed.md has no heading %s for the links to it", f.Name)
		}
	}
}

func readDocument(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// blocks gives the code blocks of the document whose opening fence says what they are, by the file that it names.
func blocks(text, what string) fstest.MapFS {
	found := fstest.MapFS{}
	fence := regexp.MustCompile("(?s)```" + what + " (\\S+)\n(.*?)```\n")
	for _, parts := range fence.FindAllStringSubmatch(text, -1) {
		found[parts[1]] = &fstest.MapFile{Data: []byte(parts[2])}
	}
	return found
}

func TestTheExamplesOfTheDocumentAreOneRightFolder(t *testing.T) {
	examples := blocks(readDocument(t), "csv")
	s := newSink()
	mustImport(t, examples, s, Options{})
	for _, f := range caseload.Files() {
		header, _, _ := strings.Cut(string(examples[f.Name].Data), "\n")
		var columns []string
		for _, c := range f.Columns {
			if c.From == "" {
				columns = append(columns, c.Name)
			}
		}
		if header != strings.Join(columns, ",") || len(s.rows[f.Name]) == 0 {
			t.Errorf("the example of %s has the columns %q and %d rows", f.Name, header, len(s.rows[f.Name]))
		}
	}
}

func TestTheFaultsOfTheDocumentAreThoseOfItsFile(t *testing.T) {
	text := readDocument(t)
	wrong, faults := blocks(text, "csv wrong"), blocks(text, "text faults-of")
	if len(wrong) != 1 || len(faults) != 1 {
		t.Fatalf("%d files with faults, %d lists of faults", len(wrong), len(faults))
	}
	for name, file := range wrong {
		got := mustRefuse(t, fstest.MapFS{name: file}, newSink("coaches.csv C-07"), Options{})
		if want := string(faults[name].Data); got+"\n" != want {
			t.Errorf("the file of the document has the faults\n%s\nthe document says\n%s", got, want)
		}
	}
	shrink := caseload.ShrinkError{File: "seekers.csv", Closed: 900, Moved: 400, Of: 11500}
	if !strings.Contains(text, "\n    "+shrink.Error()+"\n") {
		t.Errorf("the document does not quote the delta guard: %s", &shrink)
	}
}
