package walls

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"vireilla/internal/test/markers"
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
			if !strings.Contains(strings.ToLower(address), markers.Word) && !strings.HasPrefix(address, "no-reply@") {
				found = append(found, address)
			}
		}
	}
	return found
}

// nameless gives the first names and the coaches' names in the rows and the structs of a file that do not hold the
// mark.
func nameless(file *ast.File) (found []string) {
	for node := range ast.Preorder(file) {
		rows, ok := node.(*ast.CompositeLit)
		if !ok {
			continue
		}
		values := map[string]ast.Expr{}
		for _, e := range rows.Elts {
			if pair, ok := e.(*ast.KeyValueExpr); ok {
				values[strings.Trim(types.ExprString(pair.Key), `"`)] = pair.Value
			}
		}
		people := []ast.Expr{values["first_name"], values["FirstName"]}
		if values["coach_id"] != nil { // a team has a name too
			people = append(people, values["name"])
		}
		for _, p := range people {
			text, ok := p.(*ast.BasicLit)
			if ok && text.Value != `""` && !strings.Contains(strings.ToLower(text.Value), markers.Word) {
				found = append(found, text.Value)
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
		// They show letters, carry bytes, and hold this rule.
		if pkg == "templates" || pkg == "internal/test/smtptest" || pkg == "internal/walls" {
			continue
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			name := entry.Name()
			if !strings.HasSuffix(name, ".go") || !strings.HasSuffix(name, "_test.go") && !strings.HasSuffix(pkg, "test") && pkg != "internal/test/secondagenda" {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Error(err)
				continue
			}
			for _, person := range append(unmarked(file), nameless(file)...) {
				t.Errorf("%s/%s makes up %s: put %q into it", pkg, name, person, markers.Word)
			}
		}
	}
}

func TestAnUnmarkedPersonIsFound(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "x.go", `package x
var r = row{"first_name": "Aino", "email": email}
var c = row{"coach_id": "C-1", "name": "Eero One"}
var d = row{"coach_id": "C-1", "name": "Eero-Kanaria One", "first_name": ""}
var e = row{"team_id": "T-1", "name": "Itä"}
var s = Seeker{FirstName: "Eino"}
var a = []string{"eero@example.org", "kanaria.aino@example.org", "no-reply@example.org", "a@example.org", "to <s%d@example.org>"}`, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(unmarked(file), " "); got != "eero@example.org s%d@example.org" {
		t.Errorf("found %s", got)
	}
	if got := strings.Join(nameless(file), " "); got != `"Aino" "Eero One" "Eino"` {
		t.Errorf("found %s", got)
	}
}
