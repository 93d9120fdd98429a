package walls

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A document that names a test promises what the test shows.
func TestEveryTestThatADocumentNamesIsThere(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	there, named := map[string]bool{}, map[string]string{}
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	name := regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Z]\\w+)`")
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && entry.Name() == ".git" {
			return filepath.SkipDir
		}
		document, tests := strings.HasSuffix(path, ".md"), strings.HasSuffix(path, "_test.go")
		if !document && !tests {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, found := range function.FindAllStringSubmatch(string(text), -1) {
			there[found[1]] = there[found[1]] || tests
		}
		for _, found := range name.FindAllStringSubmatch(string(text), -1) {
			if document {
				named[found[1]] = relative(t, root, path)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(named) == 0 {
		t.Error("no document names a test")
	}
	for test, document := range named {
		if !there[test] {
			t.Errorf("%s names %s, which is not there", document, test)
		}
	}
}
