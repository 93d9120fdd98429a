package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"vireilla/internal/test/servertest"
)

// databaseLine is a way to a PostgreSQL that hears what is said on it: it knows what each transaction is for, and it
// can break at a COMMIT.
type databaseLine struct {
	Addr string

	server *servertest.PostgresServer
	mu     sync.Mutex
	breaks bool // at the first two COMMITs of a kind, then by chance
	chance *rand.Rand
	heard  map[string]int // COMMITs by kind
	broke  map[string]int // by kind, and whether the server had heard it
	said   map[string]int // errors of the server, by SQLSTATE
}

func newDatabaseLine(t *testing.T, server *servertest.PostgresServer) *databaseLine {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &databaseLine{chance: rand.New(rand.NewPCG(1, 2)), Addr: listener.Addr().String(), server: server, heard: map[string]int{}, broke: map[string]int{}, said: map[string]int{}}
	var all sync.WaitGroup
	t.Cleanup(func() {
		_ = listener.Close()
		all.Wait()
	})
	all.Go(func() {
		for {
			program, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() { l.carry(program) })
		}
	})
	return l
}

// kinds tell by a part of its SQL what a transaction is for.
var kinds = map[string]string{
	"SET state = 'sending'":         "claim",
	"SET state = v.column3":         "record",
	"INSERT INTO notice":            "add",
	"INSERT INTO schedule":          "tick",
	"UPDATE tick SET done_at":       "done",
	"SET wake_at = $1":              "sleep",
	"state = 'sending' AND claimed": "free",
	"INSERT INTO lease":             "lease",
}

// Break says whether the line is to break at COMMITs.
func (l *databaseLine) Break(yes bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.breaks = yes
}

// Broke gives how often the line broke, by "claim before", "claim after" and so on.
func (l *databaseLine) Broke() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.broke)
}

// Said counts the server's errors with a SQLSTATE.
func (l *databaseLine) Said(code string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.said[code]
}

// commit decides what happens at a COMMIT: "", "before" the server hears it, or "after" it did as told, whose answer is
// lost.
func (l *databaseLine) commit(kind string) (end string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.breaks && kind != "" {
		switch n := l.heard[kind]; {
		case n == 0, n > 2 && l.chance.IntN(6) == 0:
			end = "after"
		case n == 1, n > 2 && l.chance.IntN(6) == 0:
			end = "before"
		}
		if end != "" {
			l.broke[kind+" "+end]++
		}
		l.heard[kind]++
	}
	return end
}

// carry hands on what the two say, until one of them or the line is gone.
func (l *databaseLine) carry(program net.Conn) {
	defer program.Close()
	server, err := net.Dial("unix", l.server.Socket())
	if err != nil {
		return // as if nobody listened
	}
	defer server.Close()
	var deaf atomic.Bool // the program does not hear the server any more
	var back sync.WaitGroup
	defer back.Wait()
	back.Go(func() {
		defer program.Close()
		defer server.Close()
		for {
			kind, message, err := readMessage(server)
			if err != nil || deaf.Load() {
				return
			}
			if kind == 'E' {
				l.note(message)
			}
			if _, err := program.Write(message); err != nil {
				return
			}
		}
	})
	defer server.Close()
	l.listen(program, server, &deaf)
}

// listen hands on what the program says.
func (l *databaseLine) listen(program io.Reader, server io.Writer, deaf *atomic.Bool) {
	first := make([]byte, 4)
	if _, err := io.ReadFull(program, first); err != nil {
		return
	}
	start := make([]byte, binary.BigEndian.Uint32(first)-4)
	if _, err := io.ReadFull(program, start); err != nil {
		return
	}
	if _, err := server.Write(append(first, start...)); err != nil {
		return
	}
	prepared, purpose := map[string]string{}, ""
	for {
		kind, message, err := readMessage(program)
		if err != nil {
			return
		}
		text := ""
		switch words := bytes.SplitN(message[5:], []byte{0}, 3); kind {
		case 'Q':
			text = string(words[0])
		case 'P': // statement, SQL
			text = string(words[1])
			prepared[string(words[0])] = text
		case 'B': // portal, statement
			text = prepared[string(words[1])]
		}
		if strings.HasPrefix(text, "begin") {
			purpose = ""
		}
		for part, what := range kinds {
			if kind != 'P' && purpose == "" && strings.Contains(text, part) {
				purpose = what
			}
		}
		if text == "commit" {
			switch l.commit(purpose) {
			case "before":
				return
			case "after":
				deaf.Store(true)
			}
		}
		if _, err := server.Write(message); err != nil {
			return
		}
	}
}

// note counts an error by its SQLSTATE.
func (l *databaseLine) note(message []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for field := range bytes.SplitSeq(message[5:], []byte{0}) {
		if len(field) > 0 && field[0] == 'C' {
			l.said[string(field[1:])]++
		}
	}
}

// readMessage reads a message: a letter, its length without the letter, and the rest.
func readMessage(from io.Reader) (kind byte, message []byte, err error) {
	head := make([]byte, 5)
	if _, err := io.ReadFull(from, head); err != nil {
		return 0, nil, err
	}
	message = make([]byte, 1+binary.BigEndian.Uint32(head[1:]))
	copy(message, head)
	_, err = io.ReadFull(from, message[5:])
	return head[0], message, err
}
