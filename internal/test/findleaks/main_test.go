package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vireilla/internal/test/markers"
)

func TestALineThatNamesSomebodyIsPrintedByItsNumberWithoutItsText(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "deep", "server.log")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("well\nto <"+markers.Address("s-1")+"> refused\nwell\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	err := search(folder, &out)
	if want := path + ":2: names somebody\n"; err == nil || out.String() != want || strings.Contains(err.Error(), markers.Word) {
		t.Errorf("said %q and %v, want %q", out.String(), err, want)
	}
}

func TestAFolderWithoutAnythingToReadIsNoProof(t *testing.T) {
	folder := t.TempDir()
	var out strings.Builder
	if err := search(folder, &out); err == nil {
		t.Error("an empty folder passed")
	}
	if err := os.WriteFile(filepath.Join(folder, "tests.txt"), []byte("ok\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := search(folder, &out); err != nil || !strings.Contains(out.String(), "1 files, 3 bytes") {
		t.Errorf("%v, said %q", err, out.String())
	}
	if err := search(filepath.Join(folder, "absent"), &out); err == nil {
		t.Error("an absent folder passed")
	}
}
