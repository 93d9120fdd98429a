package servertest

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// $1 is the size in megabytes.
const diskScript = `
chmod 755 . && mkdir disk && mount -t tmpfs -o "size=$1m,mode=1777" tmpfs disk && echo ready
exec >/dev/null 2>&1
read _
umount -l disk`

// Disk is a small disk of a test's own, which the test may fill. It is gone with the test.
type Disk struct{ *keeper }

// SmallDisk mounts a disk of so many megabytes. Who may not mount skips the test; under CI=true only who lacks the right, and a mount that fails all the same fails the test.
func SmallDisk(t testing.TB, megabytes int) *Disk {
	t.Helper()
	if !mayMount() {
		t.Skip("a small disk takes a mount, and this user may not (it takes CAP_SYS_ADMIN)")
	}
	k, err := keep(diskScript, "ready", nil, strconv.Itoa(megabytes))
	if err != nil && os.Getenv("CI") != "true" {
		t.Skipf("a small disk cannot be mounted here: %v", err)
	}
	need(t, err)
	t.Cleanup(k.stop)
	return &Disk{k}
}

// mayMount tells whether this process has the right to mount.
func mayMount() bool {
	const sysAdmin = 21 // bit, capabilities(7)
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(text), "\nCapEff:\t")
	line, _, _ := strings.Cut(rest, "\n")
	set, err := strconv.ParseUint(line, 16, 64)
	return err == nil && set&(1<<sysAdmin) != 0
}

// Folder is where the disk is mounted.
func (d *Disk) Folder() string { return filepath.Join(d.folder, "disk") }

// Fill takes all the room that is left.
func (d *Disk) Fill(t testing.TB) {
	t.Helper()
	file, err := os.OpenFile(d.ballast(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil && !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	for err == nil {
		_, err = file.Write(make([]byte, 4096))
	}
	if err := errors.Join(err, file.Close()); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}

// Free gives the room back.
func (d *Disk) Free(t testing.TB) {
	t.Helper()
	if err := os.Remove(d.ballast()); err != nil {
		t.Fatal(err)
	}
}

func (d *Disk) ballast() string { return filepath.Join(d.Folder(), "ballast") }
