package browsertest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The version of axe-core, and the SHA-256 of its package.
const (
	axeVersion = "4.11.1"
	axeSum     = "5b86f813d96904f2d925fed5715877c75fc1cc140f89565fb42145e7801b2305"
)

// Fault is something on a page that keeps somebody from using it. Impact is axe's: minor, moderate, serious or critical.
type Fault struct {
	ID, Impact, Help string
	Nodes            []struct {
		HTML           string
		FailureSummary string
	}
}

func (f Fault) String() string {
	text := f.Impact + " " + f.ID + ": " + f.Help
	for _, n := range f.Nodes {
		text += fmt.Sprintf("\n  %.200s\n  %s", n.HTML, strings.ReplaceAll(n.FailureSummary, "\n", " "))
	}
	return text
}

// Axe is the text of axe-core, an open checker of the rules for accessible pages (WCAG). npm fetches it once into the user's cache folder.
type Axe string

// LoadAxe gives axe-core, and ends the test where it cannot be had.
func LoadAxe(t testing.TB) Axe {
	t.Helper()
	cache, err := os.UserCacheDir()
	fatal(t, err)
	folder := filepath.Join(cache, "vireilla-test")
	path := filepath.Join(folder, "axe-core-"+axeVersion+".tgz")
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		fatal(t, os.MkdirAll(folder, 0o755))
		if out, err := exec.CommandContext(t.Context(), "npm", "pack", "--silent", "--pack-destination", folder, "axe-core@"+axeVersion).CombinedOutput(); err != nil {
			absent(t, fmt.Sprintf("npm cannot fetch axe-core, which this test needs: %v\n%s", err, out))
		}
		text, err = os.ReadFile(path)
	}
	fatal(t, err)
	if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != axeSum {
		t.Fatalf("%s is not the axe-core that was looked at: delete it", path)
	}
	script, err := member(text, "package/axe.min.js")
	fatal(t, err)
	return Axe(script)
}

// member reads one file of a package.
func member(text []byte, name string) (string, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return "", err
	}
	for files := tar.NewReader(unzipped); ; {
		header, err := files.Next()
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		if header.Name == name {
			text, err := io.ReadAll(files)
			return string(text), err
		}
	}
}

// Check gives the serious and critical faults of the page that a browser shows. What is in frames is left out.
func (a Axe) Check(b *Browser) (faults []Fault) {
	b.t.Helper()
	b.Ask(string(a)+"; true", nil)
	var all []Fault
	b.Ask(`axe.run(document, {iframes: false, resultTypes: ["violations"]}).then(r => r.violations)`, &all)
	for _, f := range all {
		if f.Impact == "serious" || f.Impact == "critical" {
			faults = append(faults, f)
		}
	}
	return faults
}
