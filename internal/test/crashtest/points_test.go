package crashtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// point is where the program can be killed, and up to which passing of it a seed may wait.
type point struct {
	name string
	most int
	only string // the command that passes it, when only one does
}

func points() []point {
	return []point{
		{"commit", 40, ""}, {"tick-recorded", 7, "serve"}, {"tick-run", 6, ""}, {"plan", 6, ""}, {"add", 6, ""}, {"enqueue", 6, ""}, {"claim", 4, ""}, {"connect", 3, ""}, {"mail", 20, ""}, {"rcpt", 20, ""}, {"data", 20, ""},
		{"half", 20, ""}, {"before-dot", 20, ""}, {"after-dot", 20, ""}, {"after-250", 20, ""}, {"before-record", 5, ""}, {"after-record", 5, ""},
	}
}

// A point that somebody adds to the program is one at which it is killed here.
func TestThePointsAreThoseOfTheProgram(t *testing.T) {
	phases := map[string]string{} // the constants of package mailer that name points
	var inCode []string
	each := func(root string, visit func(path string, file *ast.File)) {
		if err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.SkipObjectResolution)
			if err == nil {
				visit(path, file)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	each("../../mailer", func(_ string, file *ast.File) {
		for node := range ast.Preorder(file) {
			if spec, ok := node.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
				if value, ok := spec.Values[0].(*ast.BasicLit); ok && strings.HasPrefix(spec.Names[0].Name, "Phase") {
					phases[spec.Names[0].Name], _ = strconv.Unquote(value.Value)
				}
			}
		}
	})
	each("../../..", func(path string, file *ast.File) {
		for node := range ast.Preorder(file) {
			call, ok := node.(*ast.CallExpr)
			if !ok {
				continue
			}
			if f, ok := call.Fun.(*ast.SelectorExpr); !ok || f.Sel.Name != "Here" {
				continue
			} else if from, ok := f.X.(*ast.Ident); !ok || from.Name != "crash" {
				continue
			}
			switch name := call.Args[0].(type) {
			case *ast.BasicLit:
				word, _ := strconv.Unquote(name.Value)
				inCode = append(inCode, word)
			case *ast.SelectorExpr: // step.phase: every phase that announce goes through
				for _, phase := range []string{"PhaseMail", "PhaseRcpt", "PhaseData"} {
					inCode = append(inCode, phases[phase])
				}
			default:
				t.Errorf("%s: a point whose name cannot be read", path)
			}
		}
	})
	var here []string
	for _, p := range points() {
		here = append(here, p.name)
	}
	slices.Sort(here)
	slices.Sort(inCode)
	if !slices.Equal(here, slices.Compact(inCode)) {
		t.Errorf("the program is killed at %v, its points are %v", here, inCode)
	}
}
