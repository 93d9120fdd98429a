package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	release = flag.Bool("release", false, "build the release twice (.ci/run)")
	rebuild = flag.Bool("rebuild", false, "build it the second time from an empty build cache, which takes minutes (.ci/night)")
)

// TestAReleaseCanBeBuiltAgain builds in two folders what the Dockerfile builds, and compares the two programs. It also
// compares the list of modules in the program with its bill of materials.
func TestAReleaseCanBeBuiltAgain(t *testing.T) {
	if !*release && !*rebuild {
		t.Skip("left out without -args -release: it builds the program twice")
	}
	t.Parallel()
	program(t, "git", "git")
	one, two := filepath.Join(t.TempDir(), "one"), filepath.Join(t.TempDir(), "another place")
	commit := commitTree(t, one)
	git(t, ".", "clone", "-q", one, two)
	first := buildRelease(t, one, os.Environ())
	env := os.Environ()
	if *rebuild {
		env = append(env, "GOCACHE="+t.TempDir())
	}
	if again := buildRelease(t, two, env); file(t, first) != file(t, again) {
		t.Error("the same commit built in another folder is another program")
	}
	out, err := exec.CommandContext(t.Context(), first, "version").CombinedOutput()
	if told := string(out); err != nil || !strings.Contains(told, "vireilla "+version+", commit "+commit[:12]+",") {
		t.Errorf("version says %q, %v; the commit is %s", out, err, commit)
	}
	checkMaterials(t, first)
}

// commitTree copies this tree, and commits it.
func commitTree(t *testing.T, to string) (commit string) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		into := filepath.Join(to, strings.TrimPrefix(path, root))
		switch {
		case err != nil:
			return err
		case entry.Name() == ".git" && entry.IsDir():
			return filepath.SkipDir
		case entry.IsDir():
			return os.MkdirAll(into, 0o755)
		case entry.Name() == ".git" || !entry.Type().IsRegular():
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(into, content, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	git(t, to, "init", "-q")
	git(t, to, "add", "-A")
	git(t, to, "-c", "user.name=Kanaria", "-c", "user.email=kanaria@example.org", "commit", "-q", "-m", "test")
	return git(t, to, "rev-parse", "HEAD")
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "git", args...)
	command.Dir = dir
	command.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// buildRelease runs the Dockerfile's own line in a folder.
func buildRelease(t testing.TB, dir string, env []string) (binary string) {
	t.Helper()
	line := regexp.MustCompile(`(?m)^RUN (CGO_ENABLED=0 go build .*?) -o /vireilla (\S+)`).FindStringSubmatch(file(t, "../../Dockerfile"))
	if line == nil {
		t.Fatal("the Dockerfile builds in another way")
	}
	binary = filepath.Join(t.TempDir(), "vireilla")
	command := exec.CommandContext(t.Context(), "sh", "-c", line[1]+` -o "$0" `+line[2], binary)
	command.Dir = dir
	command.Env = append(env, "GOFLAGS=-buildvcs=auto") // as where nobody has set it
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", line[0], err, out)
	}
	return binary
}

// checkMaterials makes the bill of materials as docs/operations.md tells, and looks whether every module of the program
// is in it.
func checkMaterials(t *testing.T, binary string) {
	t.Helper()
	line := regexp.MustCompile(`(?m)^    (go run \S+/cyclonedx-gomod@v\S+ .*) -output \S+ (\S+)$`).FindStringSubmatch(file(t, "../../docs/operations.md"))
	if line == nil {
		t.Fatal("docs/operations.md does not tell how")
	}
	command := exec.CommandContext(t.Context(), "sh", "-c", line[1]+` -output bill.json "$0"`, binary)
	command.Dir = t.TempDir()
	if out, err := command.CombinedOutput(); err != nil {
		if os.Getenv("CI") != "true" && bytes.Contains(out, []byte("dial tcp")) {
			t.Skip("the program that writes the bill of materials cannot be fetched from here")
		}
		t.Fatalf("%s: %v\n%s", line[0], err, out)
	}
	var bill struct {
		BOMFormat  string
		Components []struct{ Name, Version, PURL string }
	}
	if err := json.Unmarshal([]byte(file(t, filepath.Join(command.Dir, "bill.json"))), &bill); err != nil || bill.BOMFormat != "CycloneDX" {
		t.Fatalf("%q, %v", bill.BOMFormat, err)
	}
	var listed []string
	for _, c := range bill.Components {
		listed = append(listed, c.Name+" "+c.Version)
		if !strings.HasPrefix(c.PURL, "pkg:golang/") {
			t.Errorf("%s has no address", c.Name)
		}
	}
	info, err := buildinfo.ReadFile(binary)
	if err != nil || len(info.Deps) == 0 {
		t.Fatalf("%v, of %d modules", err, len(info.Deps))
	}
	want := []string{"std " + info.GoVersion}
	for _, m := range info.Deps {
		want = append(want, m.Path+" "+m.Version)
	}
	for _, m := range want {
		if !slices.Contains(listed, m) {
			t.Errorf("%s is not in the bill of materials", m)
		}
	}
	if len(listed) != len(want) {
		t.Errorf("%d listed, %d in the program", len(listed), len(want))
	}
}
