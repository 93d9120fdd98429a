// Package servertest starts a real PostgreSQL and a real redis-server for tests, also with Sentinels and as a Cluster,
// from the programs on this machine, each in a temporary folder.
//
// Where a program is missing, the functions that start servers skip the test. Where the environment says CI=true they
// fail it instead. Under -short, everything but a single redis-server skips the test.
//
// Every server has a keeper, a shell that waits at one end of a pipe. However the test binary ends, the pipe is closed;
// then the keeper stops the server and removes the folder.
package servertest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// absentError names a program that this machine lacks.
type absentError struct{ program string }

func (e absentError) Error() string {
	return e.program + " is neither on the PATH nor in /usr/lib/postgresql/*/bin; this test needs it"
}

// need ends the test when a server could not be started. It skips the test when a program is missing, and fails it
// under CI=true and for any other error.
func need(t testing.TB, err error) {
	t.Helper()
	var absent absentError
	switch {
	case err == nil:
	case errors.As(err, &absent) && os.Getenv("CI") != "true":
		t.Skip(err)
	default:
		t.Fatal(err)
	}
}

// program returns the path of a program, the newest of several versions.
func program(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil || len(found) == 0 {
		return "", absentError{name}
	}
	return found[len(found)-1], nil
}

// keeper is the shell that starts and stops a server.
type keeper struct {
	folder string
	pipe   *os.File // the server runs while this is open
	cmd    *exec.Cmd
}

// keep makes a folder and runs a script in it. The script starts the server, prints a line that contains ready, waits
// until its standard input ends, and stops the server. as is the user that runs it; nil for the user of the test.
func keep(script, ready string, as *syscall.Credential, args ...string) (*keeper, error) {
	folder, err := os.MkdirTemp("/tmp", "vireilla-") // short, because the path of a socket has at most about 100 bytes
	if err != nil {
		return nil, err
	}
	if as != nil {
		if err := os.Chown(folder, int(as.Uid), int(as.Gid)); err != nil {
			return nil, errors.Join(err, os.RemoveAll(folder))
		}
	}
	in, pipe, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	defer in.Close()
	output, out, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, pipe.Close(), os.RemoveAll(folder))
	}
	defer output.Close()
	command := append([]string{"-c", script + "\ncd /\nrm -rf \"$0\"", folder}, args...)
	k := &keeper{folder: folder, pipe: pipe, cmd: exec.Command("sh", command...)}
	k.cmd.Dir, k.cmd.Stdin, k.cmd.Stdout, k.cmd.Stderr = folder, in, out, out
	k.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: as} // Ctrl-C must end the test only
	err = k.cmd.Start()
	out.Close()
	if err != nil {
		return nil, errors.Join(err, pipe.Close(), os.RemoveAll(folder))
	}
	var printed strings.Builder
	for lines := bufio.NewReader(output); ; {
		text, err := lines.ReadString('\n')
		if strings.Contains(text, ready) {
			return k, nil
		}
		printed.WriteString(text)
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = fmt.Errorf("the server did not start:\n%s", printed.String())
			}
			k.stop()
			return nil, err
		}
	}
}

// stop stops the server and waits until it has exited.
func (k *keeper) stop() {
	_ = k.pipe.Close()
	_ = k.cmd.Wait() // the exit status of a killed server means nothing
}
