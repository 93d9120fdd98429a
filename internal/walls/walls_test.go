package walls

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	module = "vireilla"
	all    = "all of ours"

	// clockRoom is the one file that names time.Now; everyone else is handed now.
	clockRoom = "cmd/vireilla/wire.go"
)

// rows says for each package which of ours it may import.
func rows() map[string][]string {
	nouns := []string{
		"internal/caseload", "internal/notice", "internal/policy", "internal/calendar", "internal/address", "internal/timetable",
	}
	return map[string][]string{
		"cmd/vireilla": {all},
		"workers": {
			"tasks", "templates",
			"internal/notice", "internal/policy", "internal/caseload", "internal/calendar", "internal/timetable", "internal/crash",
		},
		"tasks":     nil,
		"templates": nil,

		"internal/store":           append([]string{"internal/crash"}, nouns...),
		"internal/store/storetest": append([]string{"internal/store"}, nouns...),
		"internal/feed":            nouns,
		"internal/sample":          append([]string{"internal/test/markers"}, nouns...),
		"internal/web":             nouns,
		"internal/journal":         {"internal/notice"},

		"internal/notice":    {"internal/policy", "internal/caseload", "internal/calendar", "internal/timetable"},
		"internal/policy":    {"internal/caseload", "internal/calendar", "internal/timetable"},
		"internal/caseload":  {"internal/calendar"},
		"internal/calendar":  nil,
		"internal/timetable": nil,

		"internal/mailer":            {"internal/address", "internal/crash"},
		"internal/address":           nil,
		"internal/test/markers":      nil,
		"internal/test/findleaks":    {"internal/test/markers"},
		"internal/test/leaks":        {"internal/test/markers"},
		"internal/test/secondagenda": nil,
		"internal/test/browsertest":  nil,
		"internal/test/servertest":   {"internal/test/syncbuf"},
		"internal/test/syncbuf":      nil,
		"internal/test/faultsim":     nil,
		"internal/test/smtptest":     nil,
		"internal/test/pictures":     nil,
		"internal/crash":             nil,
		"internal/test/crashtest":    nil,
		"internal/test/outboxcheck":  {"internal/notice", "internal/test/smtptest", "internal/test/markers", "internal/test/leaks"},
		"internal/walls":             nil,
	}
}

// rooms says where a library lives, with everything below its path. What is not
// listed may live anywhere.
func rooms() map[string][]string {
	return map[string][]string{
		"github.com/hibiken/asynq":      {"tasks", "workers", "cmd/vireilla"},
		"github.com/alicebob/miniredis": {"cmd/vireilla"},
		"github.com/robfig/cron":        {"internal/timetable"},
		"github.com/wneessen/go-mail":   {"internal/mailer"},
		"github.com/emersion/go-smtp":   {"internal/sample"},
		"database/sql":                  {"internal/store"},
		"modernc.org/sqlite":            {"internal/store"},
		"github.com/jackc/pgx":          {"internal/store"},
		"github.com/pressly/goose":      {"internal/store"},
		"net/http":                      {"internal/web", "cmd/vireilla"},
		"text/template":                 {"templates"},
		"html/template":                 {"templates", "internal/web"},
		"github.com/arran4/golang-ical": {"templates"},
		"github.com/prometheus":         {"internal/web", "cmd/vireilla"},
		"github.com/goccy/go-yaml":      {"internal/policy"},
		"github.com/alecthomas/kong":    {"cmd/vireilla"},
		"golang.org/x/term":             {"cmd/vireilla"},
		"golang.org/x/text":             {"internal/feed"},
	}
}

// pure lists the packages that reckon and nothing else.
func pure() []string {
	return []string{"internal/calendar", "internal/policy", "internal/notice", "internal/caseload", "internal/timetable"}
}

// impure is what pure packages do without, with everything below its path.
func impure() []string { return []string{"net", "database", "log", "os"} }

// clocks are the names in package time that read the clock or wait for it.
func clocks() []string {
	return []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer"}
}

func TestEveryPackageStaysWithinItsWalls(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	list := packages(t, root)
	if len(list) == 0 {
		t.Fatal("go list found no packages")
	}
	for _, dir := range list {
		pkg := relative(t, root, dir)
		if _, known := rows()[pkg]; !known {
			t.Errorf("%s has no row: add what it may import to rows in internal/walls/walls_test.go", pkg)
			continue
		}
		for _, path := range sources(t, dir) {
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Error(err)
				continue
			}
			for _, fault := range faults(pkg, relative(t, root, path), file) {
				t.Error(fault)
			}
		}
	}
}

func TestTheRowsNameEachOther(t *testing.T) {
	for pkg, allowed := range rows() {
		for _, other := range allowed {
			if _, known := rows()[other]; !known && other != all {
				t.Errorf("the row of %s allows %s, which has no row", pkg, other)
			}
		}
	}
	named := pure()
	for _, homes := range rooms() {
		named = append(named, homes...)
	}
	for _, pkg := range named {
		if _, known := rows()[pkg]; !known {
			t.Errorf("%s is named in rooms or pure and has no row", pkg)
		}
	}
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
