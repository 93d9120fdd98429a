package walls

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

	"vireilla/internal/canary"
)

// person is an address that a test made up. One of a single letter is nobody's, and so is a sender's.
var person = regexp.MustCompile(`[\pL\d_.%+-]{2,}@example\.org`)

// unmarked gives the addresses in the texts of a file that do not hold the mark.
func unmarked(file *ast.File) (found []string) {
	for node := range ast.Preorder(file) {
		text, ok := node.(*ast.BasicLit)
		if !ok || text.Kind != token.STRING {
			continue
		}
		value, err := strconv.Unquote(text.Value)
		if err != nil {
			continue
		}
		for _, address := range person.FindAllString(value, -1) {
			if !strings.Contains(strings.ToLower(address), canary.Word) && !strings.HasPrefix(address, "no-reply@") {
				found = append(found, address)
			}
		}
	}
	return found
}

// A leak of somebody whom nothing marks would not be found.
func TestThePeopleOfTestsAreMarked(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range packages(t, root) {
		pkg := relative(t, root, dir)
		if pkg == "templates" || pkg == "internal/smtptest" || pkg == "internal/walls" { // they show letters, carry bytes, and hold this rule
			continue
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			name := entry.Name()
			if !strings.HasSuffix(name, ".go") || !strings.HasSuffix(name, "_test.go") && !strings.HasSuffix(pkg, "test") && pkg != "internal/plainagenda" {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Error(err)
				continue
			}
			for _, address := range unmarked(file) {
				t.Errorf("%s/%s makes up %s: put %q into it, and into the name beside it", pkg, name, address, canary.Word)
			}
		}
	}
}

func TestAnUnmarkedAddressIsFound(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "x.go", `package x
var a = []string{"eero@example.org", "kanaria.aino@example.org", "no-reply@example.org", "a@example.org", "to <s%d@example.org>"}`, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(unmarked(file), " "); got != "eero@example.org s%d@example.org" {
		t.Errorf("found %s", got)
	}
}
