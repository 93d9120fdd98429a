package sample

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// maxLetter is the most bytes of a letter; those of the program have some thousands.
const maxLetter = 4 << 20

// Inbox is the demo's mail server. It accepts every letter on a port of loopback and keeps it in memory. Its methods
// may be called from any goroutine.
type Inbox struct {
	listener net.Listener
	server   *smtp.Server
	served   chan struct{}

	mu       sync.Mutex
	letters  []stored
	distinct map[string]bool // Message-IDs
}

// stored is a letter with parsed headers; Letter parses its parts.
type stored struct {
	head Letter
	raw  []byte
}

// OpenInbox opens an empty inbox on a free port of 127.0.0.1, without TLS and without a password.
func OpenInbox() (*Inbox, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open the inbox: %w", err)
	}
	in := &Inbox{listener: listener, served: make(chan struct{}), distinct: map[string]bool{}}
	in.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{inbox: in}, nil }))
	in.server.Domain = "inbox.invalid"
	in.server.MaxMessageBytes = maxLetter
	in.server.ReadTimeout = 5 * time.Minute // RFC 5321 section 4.5.3.2.7
	in.server.WriteTimeout = time.Minute
	in.server.ErrorLog = log.New(io.Discard, "", 0) // a client may close its connection
	go func() {
		defer close(in.served)
		_ = in.server.Serve(listener) // returns after Close, which reports the error
	}()
	return in, nil
}

// URL is the relay to configure, smtp+plain://127.0.0.1:PORT.
func (in *Inbox) URL() string { return "smtp+plain://" + in.listener.Addr().String() }

// Close stops the server and closes its connections; the letters stay readable. It may be called twice.
func (in *Inbox) Close() error {
	err := in.server.Close()
	if errors.Is(err, smtp.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		err = nil
	}
	// The server knows its listener only once Serve has begun.
	if closing := in.listener.Close(); !errors.Is(closing, net.ErrClosed) {
		err = errors.Join(err, closing)
	}
	<-in.served
	return err
}

// Accepted counts the letters that the server accepted at the final dot, whether or not the client received the answer.
func (in *Inbox) Accepted() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return len(in.letters)
}

// Distinct counts the different Message-IDs of the accepted letters. Fewer than Accepted means that a letter arrived
// twice.
func (in *Inbox) Distinct() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return len(in.distinct)
}

// Letters lists the headers of all letters, the newest first; Letter has the parts too.
func (in *Inbox) Letters() []Letter {
	in.mu.Lock()
	defer in.mu.Unlock()
	letters := make([]Letter, len(in.letters))
	for i, s := range in.letters {
		letters[len(letters)-1-i] = s.head
	}
	return letters
}

// Letter returns a letter with its parts, by its number from 1 in the order of arrival.
func (in *Inbox) Letter(n int) (Letter, bool) {
	in.mu.Lock()
	if n < 1 || n > len(in.letters) {
		in.mu.Unlock()
		return Letter{}, false
	}
	s := in.letters[n-1]
	in.mu.Unlock()
	return readParts(s.head, s.raw), true
}

func (in *Inbox) keep(head Letter, raw []byte) {
	in.mu.Lock()
	defer in.mu.Unlock()
	head.Number = len(in.letters) + 1
	in.letters = append(in.letters, stored{head, raw})
	if head.MessageID != "" {
		in.distinct[head.MessageID] = true
	}
}

// session is the conversation with one client.
type session struct {
	inbox *Inbox
	from  string
	to    []string
}

func (s *session) Reset() { s.from, s.to = "", nil }

func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from, s.to = from, nil
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

// Data accepts a letter, also one that cannot be parsed, as mail servers do.
func (s *session) Data(r io.Reader) error {
	var raw bytes.Buffer
	raw.Grow(16 << 10)
	if _, err := raw.ReadFrom(r); err != nil {
		return err
	}
	kept := bytes.Clone(raw.Bytes()) // without the unused capacity of the buffer
	s.inbox.keep(readHead(s.from, strings.Join(s.to, ", "), kept), kept)
	return nil
}
