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

// columnTable writes what the columns of a file may hold and mean.
func columnTable(f *caseload.File) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s Key: `%s`.\n\n", f.Meaning, strings.Join(f.Key, "`, `"))
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
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", c.Name, required, mayHold(&c), empty, ref, c.Meaning)
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
		want = strings.Replace(want, parts[0], parts[1]+columnTable(&f)+parts[2], 1)
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
