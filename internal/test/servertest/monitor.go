package servertest

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"vireilla/internal/test/syncbuf"
)

// Monitor records every command that any client sends to the server, until the test ends, also for keys that exist only
// for a moment. There is one line for each command with its arguments; bytes that are not ASCII are escaped.
func (s *RedisServer) Monitor(t testing.TB) *syncbuf.Buffer {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	h, ended := &syncbuf.Buffer{}, make(chan struct{})
	if _, err := fmt.Fprintf(conn, "AUTH %s\r\nMONITOR\r\n", s.Password); err != nil {
		t.Fatal(err)
	}
	answers := make([]byte, len("+OK\r\n+OK\r\n"))
	for read := 0; read < len(answers); {
		n, err := conn.Read(answers[read:])
		if err != nil {
			t.Fatal(err)
		}
		read += n
	}
	if strings.Count(string(answers), "+OK") != 2 {
		t.Fatalf("MONITOR: %q", answers)
	}
	go func() {
		defer close(ended)
		for b := make([]byte, 64<<10); ; {
			n, err := conn.Read(b)
			_, _ = h.Write(b[:n])
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-ended
	})
	return h
}
