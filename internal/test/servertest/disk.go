package servertest

import (
	"errors"
	"fmt"
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

// ownScript is diskScript for a user without the right to mount: it mounts in a user namespace of its own, whose mounts
// other processes see through /proc.
const ownScript = `exec unshare --user --map-root-user --mount sh -c '` + diskScript + `
cd /
rm -rf "$0"' "$0" "$1"`

// Disk is a small disk for one test, which the test may fill. It is removed when the test ends.
type Disk struct {
	*keeper
	root string // the keeper's root folder, where its mounts are not visible to others
}

// SmallDisk mounts a disk of a number of megabytes, in a user namespace when the process may not mount. It skips the
// test when neither is allowed, also under CI=true; .ci/run reports that. Under CI=true it fails the test when the
// process may mount and the mount fails.
func SmallDisk(t testing.TB, megabytes int) *Disk {
	t.Helper()
	if testing.Short() {
		t.Skip("left out by -short: it mounts a disk")
	}
	script, root := diskScript, ""
	if !mayMount() {
		script, root = ownScript, "/proc/%d/root"
	}
	k, err := keep(script, "ready", nil, strconv.Itoa(megabytes))
	if err != nil && (root != "" || os.Getenv("CI") != "true") {
		t.Skipf("a small disk cannot be mounted here, which takes CAP_SYS_ADMIN or user namespaces: %v", err)
	}
	need(t, err)
	t.Cleanup(k.stop)
	if root != "" {
		root = fmt.Sprintf(root, k.cmd.Process.Pid)
	}
	return &Disk{k, root}
}

// mayMount reports whether this process has the right to mount.
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

// Folder returns where the disk is mounted.
func (d *Disk) Folder() string { return filepath.Join(d.root, d.folder, "disk") }

// Fill uses up the free space.
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

// Free makes the space free again.
func (d *Disk) Free(t testing.TB) {
	t.Helper()
	if err := os.Remove(d.ballast()); err != nil {
		t.Fatal(err)
	}
}

func (d *Disk) ballast() string { return filepath.Join(d.Folder(), "ballast") }
