package mailer

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"vireilla/internal/crash"
)

// Relay is the mail server that takes our letters. It keeps a few connections open. Its methods may be called from any
// goroutine.
type Relay struct {
	config Config
	tls    *tls.Config
	slots  chan struct{} // one for each letter that may be sent at once
	texts  sync.Pool     // buffers for their messages

	mu     sync.Mutex
	idle   []*connection // the most recently used last
	closed bool
}

// New returns a Relay without connecting; each Send connects when it has to.
func New(c Config) *Relay {
	hello, err := os.Hostname()
	if err != nil || hello == "" || !isToken(hello) {
		hello = "localhost"
	}
	c = c.withDefaults(hello)
	return &Relay{
		config: c,
		tls:    &tls.Config{ServerName: c.Host, RootCAs: c.Roots, MinVersion: tls.VersionTLS12},
		slots:  make(chan struct{}, c.Connections),
		texts:  sync.Pool{New: func() any { return &bytes.Buffer{} }},
	}
}

// Send hands one letter to the relay and returns the outcome. It waits for a free connection and then calls
// Letter.Still; a letter that is no longer to be sent is Deferred. When ctx ends, Send returns promptly with a
// Deferred, except between the final dot and its answer: there it waits up to Limits.Dot, because only the answer shows
// what happened.
func (r *Relay) Send(ctx context.Context, l Letter) Outcome {
	text := r.texts.Get().(*bytes.Buffer)
	defer func() { text.Reset(); r.texts.Put(text) }()
	m, err := compose(l, text)
	if err != nil {
		o := Outcome{Result: Failed, Phase: PhaseCompose, Reason: "letter"}
		var refused *refusal
		if errors.As(err, &refused) {
			o.Reason = refused.field
		}
		return o
	}
	still := func() bool { return ctx.Err() == nil && (l.Still == nil || l.Still()) }
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
	}
	if !still() {
		return Outcome{Result: Deferred, Phase: PhaseConnect, Reason: ReasonCancelled}
	}
	conn, open := r.takeIdle()
	if !open {
		return Outcome{Result: Deferred, Phase: PhaseConnect, Reason: ReasonCancelled}
	}
	if conn != nil {
		if o := r.sendOn(ctx, conn, m); !isStale(o) {
			return o
		}
	}
	conn, o := r.dial(ctx)
	if conn == nil {
		return o
	}
	if !still() {
		conn.quit()
		return Outcome{Result: Deferred, Phase: PhaseConnect, Reason: ReasonCancelled}
	}
	return r.sendOn(ctx, conn, m)
}

// isStale reports whether the relay had closed an idle connection, or was about to, before the letter began: then Send
// dials at once.
func isStale(o Outcome) bool {
	return o.Phase == PhaseMail && (o.Code == 0 || o.Code == 421) && o.Reason != ReasonCancelled
}

func (r *Relay) sendOn(ctx context.Context, conn *connection, m message) Outcome {
	o := conn.send(ctx, m)
	switch {
	case o.Result == Sent && conn.reusable():
		r.keep(conn)
	case o.Code != 0:
		conn.quit()
	default:
		conn.close()
	}
	return o
}

func (r *Relay) dial(ctx context.Context) (*connection, Outcome) {
	dialer := net.Dialer{Timeout: r.config.Limits.Connect}
	raw, err := dialer.DialContext(ctx, "tcp", r.config.addr())
	if err != nil {
		reason := ReasonUnreachable
		if ctx.Err() != nil {
			reason = ReasonCancelled
		}
		return nil, Outcome{Result: Deferred, Phase: PhaseConnect, Reason: reason}
	}
	if r.config.Security == Plain && !isLoopback(raw) {
		_ = raw.Close()
		return nil, outcomeOf(PhaseConnect, errNotLoopback, "")
	}
	conn := newConnection(raw, r.config.Limits)
	release := context.AfterFunc(ctx, func() { conn.abort(ReasonCancelled) })
	err = conn.open(r.config, r.tls)
	if !release() {
		conn.abort(ReasonCancelled)
		err = ctx.Err()
	}
	if err != nil {
		conn.close()
		return nil, conn.outcome(err)
	}
	crash.Here("connect")
	return conn, Outcome{}
}

func isLoopback(conn net.Conn) bool {
	addr, ok := conn.RemoteAddr().(*net.TCPAddr)
	return ok && addr.IP.IsLoopback()
}

// takeIdle returns the idle connection that was used last, or nil when there is none.
func (r *Relay) takeIdle() (conn *connection, open bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if last := len(r.idle) - 1; last >= 0 {
		conn = r.idle[last]
		r.idle = r.idle[:last]
		conn.idleTimer.Stop()
	}
	return conn, !r.closed
}

// keep keeps a connection for the next letter until Config.Idle has passed: relays close idle connections, and what is
// written to a closed one is lost.
func (r *Relay) keep(conn *connection) {
	if !r.put(conn) {
		conn.quit()
	}
}

func (r *Relay) put(conn *connection) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	if conn.idleTimer == nil {
		conn.idleTimer = time.AfterFunc(r.config.Idle, func() { r.expire(conn) })
	} else {
		conn.idleTimer.Reset(r.config.Idle)
	}
	r.idle = append(r.idle, conn)
	return true
}

// expire closes a connection unless a letter has taken it meanwhile.
func (r *Relay) expire(conn *connection) {
	r.mu.Lock()
	i := slices.Index(r.idle, conn)
	if i >= 0 {
		r.idle = slices.Delete(r.idle, i, i+1)
	}
	r.mu.Unlock()
	if i >= 0 {
		conn.quit()
	}
}

// Close closes the idle connections. Letters in progress are finished, later ones are Deferred; to stop those in
// progress too, cancel their contexts first. Close may be called twice.
func (r *Relay) Close() {
	r.mu.Lock()
	idle := r.idle
	r.idle, r.closed = nil, true
	r.mu.Unlock()
	for _, conn := range idle {
		conn.idleTimer.Stop()
		conn.quit()
	}
}
