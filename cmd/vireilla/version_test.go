package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

func TestTheVersionNamesTheRecordedCommit(t *testing.T) {
	revision := debug.BuildSetting{Key: "vcs.revision", Value: "0123456789abcdef0123456789abcdef01234567"}
	for want, modified := range map[string]string{"0123456789ab": "false", "0123456789ab-dirty": "true"} {
		if got := builtFrom([]debug.BuildSetting{revision, {Key: "vcs.modified", Value: modified}}); got != want {
			t.Errorf("modified %s: %q, want %q", modified, got, want)
		}
	}
	if out := must(t, "version"); !strings.HasPrefix(out, "vireilla "+version+", commit ") {
		t.Error(out)
	}
}

// A clone moves on after a build; the program still names the commit that it was built from.
func TestTheCommitIsTheOneCheckedOutAtTheBuild(t *testing.T) {
	program(t, "git", "git")
	clone := t.TempDir()
	git(t, clone, "init", "-q")
	var commits []string
	for _, seconds := range []string{"1700000000", "1700000100"} {
		t.Setenv("GIT_COMMITTER_DATE", "@"+seconds+" +0200")
		git(t, clone, "-c", "user.name=A > B", "-c", "user.email=a@example.org", "commit", "-q", "--allow-empty", "-m", "1800000000 +0200")
		commits = append(commits, git(t, clone, "rev-parse", "HEAD"))
	}
	for seconds, want := range map[int64]string{1699999999: "", 1700000000: commits[0], 1700000099: commits[0], 1700000100: commits[1]} {
		if got := checkedOut(clone, time.Unix(seconds, 0)); got != want {
			t.Errorf("built at %d: %q, want %q", seconds, got, want)
		}
	}
	if got := checkedOut(t.TempDir(), time.Now()); got != "" {
		t.Errorf("no clone: %q", got)
	}
}

// A program that was built without the record of its commit names the one that the checkout is at. This binary is such
// a program: the go tool records no commit in tests.
func TestAProgramBuiltInACloneNamesItsCommit(t *testing.T) {
	t.Parallel()
	program(t, "git", "git")
	if _, err := os.Stat("../../.git/logs/HEAD"); err != nil {
		t.Skipf("this checkout has no log of its commits: %v", err)
	}
	head := git(t, "../..", "rev-parse", "HEAD")
	if out, want := must(t, "version"), "commit "+head[:12]+" (checkout)"; !strings.Contains(out, want) {
		t.Errorf("%s, want %s", out, want)
	}
}

// The go tool records the commit unless -buildvcs=false is set; then the checkout says it.
func TestAPlainBuildInACloneNamesItsCommit(t *testing.T) {
	if !*rebuild {
		t.Skip("left out without -rebuild: it builds the program twice in a folder of its own")
	}
	program(t, "git", "git")
	clone := filepath.Join(t.TempDir(), "clone")
	commit := commitTree(t, clone)[:12]
	if err := os.WriteFile(filepath.Join(clone, "README.md"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for flag, want := range map[string]string{
		"-buildvcs=false": commit + " (checkout)", "-buildvcs=true": commit + "-dirty",
	} {
		binary := filepath.Join(t.TempDir(), "vireilla")
		build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./cmd/vireilla")
		build.Dir, build.Env = clone, append(os.Environ(), "GOFLAGS="+flag)
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", flag, err, out)
		}
		out, err := exec.CommandContext(t.Context(), binary, "version").CombinedOutput()
		if err != nil || !strings.HasPrefix(string(out), "vireilla "+version+", commit "+want+", go") {
			t.Errorf("%s: %s, %v, want %s", flag, out, err, want)
		}
	}
}
