package servertest

import (
	"crypto/rand"
	"fmt"
	"net"
	"net/url"
	"testing"
)

const redisScript = `
"$1" --bind 127.0.0.1 --port "$2" --requirepass "$3" --save '' --appendonly no --dir "$0" &
exec >/dev/null 2>&1
read _
kill -9 $!`

// Redis starts a redis-server of the test's own and gives its URL, with a password. The server ends with the test.
func Redis(t testing.TB) string {
	t.Helper()
	path, err := program("redis-server")
	need(t, err)
	password := rand.Text()
	for range 5 { // somebody else may take the port first
		var port string
		if port, err = freePort(); err != nil {
			break
		}
		var k *keeper
		if k, err = keep(redisScript, "Ready to accept connections", nil, path, port, password); err != nil {
			continue
		}
		t.Cleanup(k.stop)
		u := url.URL{Scheme: "redis", User: url.UserPassword("", password), Host: net.JoinHostPort("127.0.0.1", port), Path: "/0"}
		return u.String()
	}
	t.Fatal(fmt.Errorf("redis-server: %w", err))
	return ""
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
