package walls

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const (
	module = "vireilla"

	// clockRoom is the one file that names time.Now; everyone else is handed now.
	clockRoom = "cmd/vireilla/wire.go"
)

// impure is what pure packages do without, with everything below its path.
func impure() []string { return []string{"net", "database", "log", "os"} }

// clocks are the names in package time that read the clock or wait for it.
func clocks() []string {
	return []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer"}
}

func TestEveryPackageStaysWithinItsWalls(t *testing.T) {
	p := thePlan(t)
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, dir := range packages(t, root) {
		pkg := relative(t, root, dir)
		there[pkg] = true
		if _, known := p.rows[pkg]; !known {
			t.Errorf("%s has no row in %s: say what it is and what it may import", pkg, document)
			continue
		}
		for path, file := range parsed(t, dir) {
			for _, fault := range p.faults(pkg, relative(t, root, path), file) {
				t.Error(fault)
			}
		}
	}
	for pkg := range p.rows {
		if !there[pkg] {
			t.Errorf("%s has a row for %s, which is not there", document, pkg)
		}
	}
}

// parsed gives the files of a folder without its tests, under any build tag.
func parsed(t *testing.T, dir string) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	for _, path := range sources(t, dir) {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files[path] = file
	}
	return files
}

// imports gives what each package imports, without its tests.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, dir := range packages(t, root) {
		pkg := relative(t, root, dir)
		for _, file := range parsed(t, dir) {
			for _, spec := range file.Imports {
				path, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				found[pkg] = append(found[pkg], path)
			}
		}
	}
	return found
}

// packages asks the go tool for the folders of all packages of the module. A
// package that does not build is listed too: its files are read all the same.
func packages(t *testing.T, root string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=Dir", "./...")
	cmd.Dir = root
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	noteFolders(root)
	var dirs []string
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg struct{ Dir string }
		err := decoder.Decode(&pkg)
		if errors.Is(err, io.EOF) {
			return dirs
		}
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		dirs = append(dirs, pkg.Dir)
	}
}

// noteFolders opens every folder. go test repeats a remembered result until
// something changes that the test itself opened; what go list opened does not
// count, and a new package must not hide behind an old result.
func noteFolders(root string) {
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && path != root && strings.HasPrefix(entry.Name(), ".") {
			return filepath.SkipDir
		}
		return nil
	})
}

// sources are the Go files of a folder without its tests, under any build tag.
func sources(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, entry := range entries {
		if name := entry.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			paths = append(paths, filepath.Join(dir, name))
		}
	}
	return paths
}

func relative(t *testing.T, root, path string) string {
	t.Helper()
	rel, err := filepath.Rel(root, path)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.ToSlash(rel)
}
