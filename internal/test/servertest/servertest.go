// Package servertest gives tests a real PostgreSQL and a real redis-server, also with Sentinels and as a Cluster, from the programs of this machine, each in
// a throw-away folder. A machine that lacks a program skips the test, and fails it where the environment says CI=true.
// Under -short, everything but a single redis-server skips the test.
//
// Every server has a keeper, a small shell that waits at one end of a pipe. However the test binary ends, the pipe breaks; then the keeper stops the
// server and removes the folder.
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

// absentError says which program this machine lacks.
type absentError struct{ program string }

func (e absentError) Error() string {
	return e.program + " is neither on the PATH nor in /usr/lib/postgresql/*/bin; this test needs it"
}

// need ends the test when the server could not be had: by a skip when the machine lacks a program and nobody insists.
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

// program finds a program; of several versions the newest.
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

// keeper is the shell that holds a server.
type keeper struct {
	folder string
	line   *os.File // while it is open, the server runs
	cmd    *exec.Cmd
}

// keep makes a folder and runs a script in it. The script starts the server, says so on its standard output in a line that holds `ready`, stays until
// its standard input ends, and stops the server. as is who runs it; nil for who runs the test.
func keep(script, ready string, as *syscall.Credential, args ...string) (*keeper, error) {
	folder, err := os.MkdirTemp("/tmp", "vireilla-") // short: the path of a socket has a hundred bytes
	if err != nil {
		return nil, err
	}
	if as != nil {
		if err := os.Chown(folder, int(as.Uid), int(as.Gid)); err != nil {
			return nil, errors.Join(err, os.RemoveAll(folder))
		}
	}
	in, line, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	defer in.Close()
	said, out, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, line.Close(), os.RemoveAll(folder))
	}
	defer said.Close()
	k := &keeper{folder: folder, line: line, cmd: exec.Command("sh", append([]string{"-c", script + "\ncd /\nrm -rf \"$0\"", folder}, args...)...)}
	k.cmd.Dir, k.cmd.Stdin, k.cmd.Stdout, k.cmd.Stderr = folder, in, out, out
	k.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: as} // Ctrl-C is for the test
	err = k.cmd.Start()
	out.Close()
	if err != nil {
		return nil, errors.Join(err, line.Close(), os.RemoveAll(folder))
	}
	var heard strings.Builder
	for lines := bufio.NewReader(said); ; {
		text, err := lines.ReadString('\n')
		if strings.Contains(text, ready) {
			return k, nil
		}
		heard.WriteString(text)
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = fmt.Errorf("the server did not start:\n%s", heard.String())
			}
			k.stop()
			return nil, err
		}
	}
}

// stop ends the server and waits until it is gone.
func (k *keeper) stop() {
	_ = k.line.Close()
	_ = k.cmd.Wait() // how a server that is killed ends says nothing
}
