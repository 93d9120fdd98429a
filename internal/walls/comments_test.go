package walls

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// columns is the width to which a comment keeps, with the code before it. A tab counts as one.
const columns = 120

// wideComments gives the numbers of the lines of a file that hold a comment and are too long. Directives are no
// comments for people: they cannot be broken.
func wideComments(path string, text []byte) (lines []int, err error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	commented := map[int]bool{}
	for _, group := range file.Comments {
		for _, c := range group.List {
			if directive(c) {
				continue
			}
			for n := files.Position(c.Pos()).Line; n <= files.Position(c.End()).Line; n++ {
				commented[n] = true
			}
		}
	}
	n := 0
	for line := range bytes.Lines(text) {
		n++
		if commented[n] && utf8.RuneCount(bytes.TrimRight(line, "\r\n")) > columns {
			lines = append(lines, n)
		}
	}
	return lines, nil
}

// directive tells a line for a tool, such as //go:embed and //nolint:x, which has no space after the slashes.
func directive(c *ast.Comment) bool {
	word, _, found := strings.Cut(strings.TrimPrefix(c.Text, "//"), ":")
	return found && strings.HasPrefix(c.Text, "//") && word != "" && !strings.ContainsAny(word, " \t")
}

func TestCommentsKeepToTheirWidth(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range packages(t, root) {
		paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			lines, err := wideComments(path, text)
			if err != nil {
				t.Error(err)
			}
			for _, n := range lines {
				t.Errorf("%s:%d: a line with a comment is longer than %d columns", relative(t, root, path), n, columns)
			}
		}
	}
}

func TestAWideCommentIsFound(t *testing.T) {
	long := strings.Repeat("å", columns)
	text := strings.Join([]string{
		"package x",              // 1
		"",                       // 2
		"//" + long[:2*118],      // 3: as wide as may be
		"//" + long,              // 4
		"/* short",               // 5
		long + " */",             // 6
		"//go:generate " + long,  // 7
		`var x = "` + long + `"`, // 8: code
		`var y = "` + long[:2*100] + `" // longer with this`, // 9
		`var z = "// ` + long + `"`,                          // 10: a text
		"// see: " + long,                                    // 11
	}, "\n")
	lines, err := wideComments("x.go", []byte(text))
	if want := []int{4, 6, 9, 11}; err != nil || !slices.Equal(lines, want) {
		t.Errorf("found %v, %v; want %v", lines, err, want)
	}
}
