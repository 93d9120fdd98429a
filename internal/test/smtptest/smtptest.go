// Package smtptest is a mail server on loopback for tests. A test sets its mood in every phase of the conversation: an
// answer, a closed connection, silence, one byte at a time, garbage. The server records each message that it accepts. A
// message is in that record exactly when the server took responsibility for it (RFC 5321 section 4.2.5), whether or not
// the client received the answer.
package smtptest

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Message is one message that the server accepted.
type Message struct {
	Seq       int       // from 1, in the order of acceptance
	At        time.Time // when the server accepted it, before it answered
	From      string    // envelope, without angle brackets
	To        []string  // envelope, without angle brackets
	MessageID string    // without angle brackets; "" if the message has none
	Size      int       // in bytes, without the doubled dots
	Data      []byte    // as received, with CRLF; nil under WithoutData
}

// Server is a running server. Its methods may be called from any goroutine at any time.
type Server struct {
	listener   net.Listener
	security   security
	host       string
	end        time.Time
	maxTLS     uint16
	user       string
	password   string
	pipelining bool
	dataless   bool

	config *tls.Config
	roots  *x509.CertPool

	stopped chan struct{}
	running sync.WaitGroup

	mu       sync.Mutex
	moods    map[Phase][]Mood
	accepted []Message
	seen     map[string]int
	open     map[net.Conn]bool
}

type security int

const (
	plain security = iota
	startTLS
	implicitTLS
)

// Option changes a server before it starts.
type Option func(*Server)

// WithSTARTTLS offers STARTTLS, with a certificate that Roots trusts.
func WithSTARTTLS() Option { return func(s *Server) { s.security = startTLS } }

// WithTLS uses TLS from the first byte, as on port 465, with a certificate that Roots trusts.
func WithTLS() Option { return func(s *Server) { s.security = implicitTLS } }

// WithHost issues the certificate for another name than 127.0.0.1.
func WithHost(name string) Option { return func(s *Server) { s.host = name } }

// WithExpired issues an expired certificate.
func WithExpired() Option {
	return func(s *Server) { s.end = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC) }
}

// WithMaxTLS allows no version of TLS above this one, and any below it.
func WithMaxTLS(version uint16) Option { return func(s *Server) { s.maxTLS = version } }

// WithLogin offers AUTH PLAIN (only under TLS, if the server uses TLS) and requires it before MAIL.
func WithLogin(user, password string) Option {
	return func(s *Server) { s.user, s.password = user, password }
}

// WithPipelining offers PIPELINING (RFC 2920): a client may send several commands before it reads an answer.
func WithPipelining() Option { return func(s *Server) { s.pipelining = true } }

// WithoutData records accepted messages without their raw data, for benchmarks.
func WithoutData() Option { return func(s *Server) { s.dataless = true } }

// Start runs a server on a free port of 127.0.0.1 until the test ends.
func Start(t testing.TB, options ...Option) *Server {
	t.Helper()
	s, err := New(options...)
	if err != nil {
		t.Fatalf("smtptest: %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

// New is Start without a test. The caller must call Close.
func New(options ...Option) (*Server, error) {
	s := &Server{
		host:    "127.0.0.1",
		end:     time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		stopped: make(chan struct{}),
		moods:   map[Phase][]Mood{},
		seen:    map[string]int{},
		open:    map[net.Conn]bool{},
	}
	for _, option := range options {
		option(s)
	}
	if s.security != plain {
		certificate, roots, err := issue(s.host, s.end)
		if err != nil {
			return nil, err
		}
		s.roots = roots
		s.config = &tls.Config{
			Certificates: []tls.Certificate{certificate},
			MinVersion:   tls.VersionTLS10,
			MaxVersion:   s.maxTLS,
		}
	}
	var err error
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	s.running.Go(s.serve)
	return s, nil
}

func (s *Server) serve() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		if !s.enter(conn) {
			_ = conn.Close()
			return
		}
		s.running.Go(func() {
			defer s.leave(conn)
			newSession(s, conn).run()
		})
	}
}

func (s *Server) enter(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		return false
	}
	s.open[conn] = true
	s.seen["connect"]++
	return true
}

func (s *Server) leave(conn net.Conn) {
	_ = conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, conn)
}

// Close closes all connections and returns when every conversation has ended. It may be called twice.
func (s *Server) Close() {
	_ = s.listener.Close()
	s.mu.Lock()
	if s.open != nil {
		close(s.stopped)
		for conn := range s.open {
			_ = conn.Close()
		}
		s.open = nil
	}
	s.mu.Unlock()
	s.running.Wait()
}

// HangUp closes every open connection, like a server that restarts. New connections are accepted.
func (s *Server) HangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.open {
		_ = conn.Close()
	}
}

// Addr returns host:port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// URL returns the address of the server in the form of SMTP_URL, with its login except in the form without TLS.
func (s *Server) URL() string {
	scheme := map[security]string{plain: "smtp+plain", startTLS: "smtp", implicitTLS: "smtps"}[s.security]
	login := ""
	if s.user != "" && s.security != plain {
		login = s.user + ":" + s.password + "@"
	}
	return scheme + "://" + login + s.Addr()
}

// Roots trusts the server's certificate; nil without TLS.
func (s *Server) Roots() *x509.CertPool { return s.roots }

// Certificate returns the server's certificate in PEM; "" without TLS.
func (s *Server) Certificate() string {
	if s.config == nil {
		return ""
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.config.Certificates[0].Certificate[0]}))
}

// Accepted returns the messages accepted so far, in order.
func (s *Server) Accepted() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.accepted)
}

// Count returns the number of messages accepted so far.
func (s *Server) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.accepted)
}

// Seen counts the commands received so far by their verb ("MAIL", "QUIT", …). "clear MAIL" counts those without TLS,
// "connect" the connections.
func (s *Server) Seen() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.seen)
}

func (s *Server) note(verb string, secure bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	verb = strings.ToUpper(verb)
	s.seen[verb]++
	if !secure {
		s.seen["clear "+verb]++
	}
}

func (s *Server) accept(m Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.Seq = len(s.accepted) + 1
	m.At = time.Now()
	s.accepted = append(s.accepted, m)
}
