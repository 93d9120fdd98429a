package servertest

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestASmallDiskGetsFullAndHasRoomAgain(t *testing.T) {
	d := SmallDisk(t, 1)
	path := filepath.Join(d.Folder(), "file")
	d.Fill(t)
	if err := os.WriteFile(path, []byte("text"), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("full, and written to: %v", err)
	}
	d.Free(t)
	if err := os.WriteFile(path, []byte("text"), 0o600); err != nil {
		t.Error(err)
	}
	d.stop()
	if folderThere(d.Folder()) {
		t.Error("it is still there")
	}
}
