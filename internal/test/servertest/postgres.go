package servertest

import (
	"crypto/rand"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// $1 is the folder of the programs, $2 the password, $3 the folder of the data, $4 more options. Each line on standard
// input starts the server again. It sorts as Finnish does and not by bytes, so that no code relies on byte order by
// accident. Where the environment names a folder in TEST_LOGS, the log of the server is written there.
const postgresScript = `
printf %s "$2" >password
bin=$1 data=$3 options=$4
log=${TEST_LOGS:+$TEST_LOGS/postgres.$$.}log
begin() {
	"$bin/pg_ctl" -D "$data" -w -l "$log" -o "-k '$0' -c listen_addresses= $options" start && pid=$(head -n 1 "$data/postmaster.pid")
}
{
	"$bin/initdb" --no-sync -D "$data" -U vireilla -A scram-sha-256 --pwfile=password -E UTF8 --locale=C.UTF-8 --locale-provider=icu --icu-locale=fi-FI --wal-segsize=1 && begin
} >out 2>&1 </dev/null && echo ready || cat out "$log"
exec >/dev/null 2>&1
while read _; do begin </dev/null; done
"$bin/pg_ctl" -D "$data" -m immediate -w stop || kill -QUIT "$pid" # its disk may be gone
`

type cluster struct {
	*keeper
	bin, password string
}

// The one server of a test binary starts at the first call of Postgres, and stops when the binary exits.
var postgres = sync.OnceValues(func() (cluster, error) {
	return startPostgres("data", fsync()+" -c max_connections=200 -c max_wal_size=1GB")
})

// fsync turns fsync off, unless a benchmark is to be run: the kernel keeps what a killed server has written.
func fsync() string {
	if f := flag.Lookup("test.bench"); f != nil && f.Value.String() != "" {
		return ""
	}
	return "-c fsync=off"
}

func startPostgres(data, options string) (cluster, error) {
	initdb, err := program("initdb")
	if err != nil {
		return cluster{}, err
	}
	if initdb, err = filepath.EvalSymlinks(initdb); err != nil { // the other programs stand beside it
		return cluster{}, err
	}
	as, err := notRoot()
	if err != nil {
		return cluster{}, err
	}
	c := cluster{bin: filepath.Dir(initdb), password: rand.Text()}
	c.keeper, err = keep(postgresScript, "ready", as, c.bin, c.password, data, options)
	if err != nil {
		return cluster{}, fmt.Errorf("PostgreSQL 15 or newer: %w", err)
	}
	return c, nil
}

// notRoot returns another user when the test runs as root, because PostgreSQL refuses to run as root.
func notRoot() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
	}
	return nil, fmt.Errorf("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody")
}

// Postgres returns the URL of an empty database for one test, with user and password. All tests of a binary share the
// server, which runs with fsync for benchmarks only. Without the programs of PostgreSQL it skips the test, and fails it
// under CI=true.
func Postgres(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("left out by -short: it needs a PostgreSQL")
	}
	c, err := postgres()
	need(t, err)
	return c.database(t)
}

func (c *cluster) database(t testing.TB) string {
	t.Helper()
	name := "t" + strings.ToLower(rand.Text()[:12])
	createdb := exec.CommandContext(t.Context(), filepath.Join(c.bin, "createdb"),
		"-h", c.folder, "-U", "vireilla", name)
	createdb.Env = append(os.Environ(), "PGPASSWORD="+c.password)
	if out, err := createdb.CombinedOutput(); err != nil {
		t.Fatalf("createdb: %v\n%s", err, out)
	}
	u := url.URL{Scheme: "postgres", User: url.UserPassword("vireilla", c.password), Path: "/" + name,
		RawQuery: url.Values{"host": {c.folder}}.Encode()}
	return u.String()
}
