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

// The go tool records the commit unless -buildvcs=false is set; then the checkout says it.
func TestAProgramBuiltInACloneNamesItsCommit(t *testing.T) {
	heavy(t, "it builds the program")
	t.Parallel()
	program(t, "git", "git")
	clone := filepath.Join(t.TempDir(), "clone")
	commit := commitTree(t, clone)[:12]
	if err := os.WriteFile(filepath.Join(clone, "README.md"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	builds := map[string]string{"-buildvcs=false": commit + " (checkout)"}
	if *rebuild {
		builds["-buildvcs=true"] = commit + "-dirty"
	}
	for flag, want := range builds {
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
