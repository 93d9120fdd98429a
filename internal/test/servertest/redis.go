package servertest

import (
	"crypto/rand"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"
)

// $1 is the program, $2 its configuration, which becomes a file that it may rewrite; the rest are its arguments.
const redisScript = `
server=$1
printf '%s\n' "$2" >redis.conf
shift 2
"$server" redis.conf --bind 127.0.0.1 --dir "$0" "$@" &
echo $! >pid
exec >/dev/null 2>&1
read _
kill -9 $!
wait`

// RedisServer is a redis-server for one test, which the test may kill, pause and restart at the same address. It keeps
// nothing on disk.
type RedisServer struct {
	Port, Password string

	*keeper
	configuration string
	arguments     []string
	ready         string
}

// Redis starts a redis-server and returns its URL, with a password. The server stops when the test ends. Without
// redis-server it skips the test, and fails it under CI=true.
func Redis(t testing.TB) string {
	t.Helper()
	return StartRedis(t).URL()
}

// StartRedis starts a redis-server with a password and with more configuration in lines of redis.conf. It stops when
// the test ends. Without redis-server it skips the test, and fails it under CI=true.
func StartRedis(t testing.TB, configuration ...string) *RedisServer {
	t.Helper()
	return startRedis(t, rand.Text(), "Ready to accept connections", configuration)
}

func startRedis(t testing.TB, password, ready string, configuration []string, arguments ...string) *RedisServer {
	t.Helper()
	s := &RedisServer{Password: password, arguments: arguments, ready: ready}
	t.Cleanup(s.Kill)
	var err error
	for range 5 { // another process may take the port first
		if s.Port, err = freePort(); err != nil {
			break
		}
		s.configuration = strings.Join(append(configuration, "port "+s.Port, "requirepass "+password), "\n")
		if err = s.start(); err == nil {
			return s
		}
	}
	need(t, err)
	return nil
}

func (s *RedisServer) start() error {
	path, err := program("redis-server")
	if err != nil {
		return err
	}
	s.keeper, err = keep(redisScript, s.ready, nil, append([]string{path, s.configuration}, s.arguments...)...)
	return err
}

// URL returns the address of the server in the form of REDIS_URL.
func (s *RedisServer) URL() string {
	u := url.URL{Scheme: "redis", User: url.UserPassword("", s.Password), Host: s.Addr(), Path: "/0"}
	return u.String()
}

// Addr returns host:port.
func (s *RedisServer) Addr() string { return net.JoinHostPort("127.0.0.1", s.Port) }

// Kill ends the server with kill -9; its data are lost. It may be called twice.
func (s *RedisServer) Kill() {
	if s.keeper != nil {
		s.stop()
		s.keeper = nil
	}
}

// Restart starts a killed server again, empty, at the same address.
func (s *RedisServer) Restart(t testing.TB) {
	t.Helper()
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
}

// Hold pauses the process of the server, like a machine that stalls, until Resume.
func (s *RedisServer) Hold(t testing.TB) { s.signal(t, syscall.SIGSTOP) }

// Resume ends Hold.
func (s *RedisServer) Resume(t testing.TB) { s.signal(t, syscall.SIGCONT) }

func (s *RedisServer) signal(t testing.TB, signal syscall.Signal) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.folder, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, signal); err != nil {
		t.Fatal(err)
	}
}

// Client returns a client of the server, which is closed when the test ends.
func (s *RedisServer) Client(t testing.TB) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: s.Addr(), Password: s.Password})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return "", err
	}
	return port, l.Close()
}
