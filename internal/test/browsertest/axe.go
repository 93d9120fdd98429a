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

// The version of axe-core, and the SHA-256 of its npm package.
const (
	axeVersion = "4.11.1"
	axeSum     = "5b86f813d96904f2d925fed5715877c75fc1cc140f89565fb42145e7801b2305"
)

// Fault is an accessibility fault on a page. Impact is minor, moderate, serious or critical, as axe-core rates it.
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

// Axe is the script of axe-core, an open-source checker of the rules for accessible pages (WCAG).
type Axe string

// LoadAxe returns axe-core, which npm downloads once into the user's cache folder. Where npm cannot download it,
// LoadAxe skips the test, and fails it under CI=true.
func LoadAxe(t testing.TB) Axe {
	t.Helper()
	cache, err := os.UserCacheDir()
	fatal(t, err)
	folder := filepath.Join(cache, "vireilla-test")
	path := filepath.Join(folder, "axe-core-"+axeVersion+".tgz")
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		fatal(t, os.MkdirAll(folder, 0o755))
		pack := exec.CommandContext(t.Context(),
			"npm", "pack", "--silent", "--pack-destination", folder, "axe-core@"+axeVersion)
		if out, err := pack.CombinedOutput(); err != nil {
			skipOrFail(t, fmt.Sprintf("npm cannot download axe-core, which this test needs: %v\n%s", err, out))
		}
		text, err = os.ReadFile(path)
	}
	fatal(t, err)
	if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != axeSum {
		t.Fatalf("%s does not have the expected SHA-256: delete it", path)
	}
	script, err := unpack(text, "package/axe.min.js")
	fatal(t, err)
	return Axe(script)
}

// unpack returns one file of an npm package.
func unpack(text []byte, name string) (string, error) {
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

// Load adds axe-core to the page that the browser shows. Check needs it there, once for each page.
func (a Axe) Load(b *Browser) {
	b.t.Helper()
	b.Eval(string(a)+"; true", nil)
}

// Check returns the serious and critical faults of the page that the browser shows, without what is in frames.
func (a Axe) Check(b *Browser) (faults []Fault) {
	b.t.Helper()
	var all []Fault
	b.Eval(`axe.run(document, {iframes: false, resultTypes: ["violations"]}).then(r => r.violations)`, &all)
	for _, f := range all {
		if f.Impact == "serious" || f.Impact == "critical" {
			faults = append(faults, f)
		}
	}
	return faults
}
