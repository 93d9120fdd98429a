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

// Relay is the mail server that takes our letters, with a few connections kept open to it. Its methods
// may be called from any goroutine.
type Relay struct {
	config Config
	tls    *tls.Config
	slots  chan struct{} // one for each letter that may be under way
	texts  sync.Pool     // buffers for their messages

	mu     sync.Mutex
	idle   []*line // the most recently used last
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

// Send hands one letter to the relay and says what became of it. It waits for a free connection, and then asks
// Letter.Still; a letter that is not to go any more is Deferred. When ctx ends it returns promptly with a Deferred, except between the final dot and its answer: there it waits up
// to Limits.Dot, because only the answer tells what happened.
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
	ln, open := r.take()
	if !open {
		return Outcome{Result: Deferred, Phase: PhaseConnect, Reason: ReasonCancelled}
	}
	if ln != nil {
		if o := r.try(ctx, ln, m); !isStale(o) {
			return o
		}
	}
	ln, o := r.dial(ctx)
	if ln == nil {
		return o
	}
	if !still() {
		ln.leave()
		return Outcome{Result: Deferred, Phase: PhaseConnect, Reason: ReasonCancelled}
	}
	return r.try(ctx, ln, m)
}

// isStale says of the outcome on a kept connection that the relay had closed it, or was about to, before
// anything of the letter was said: worth another connection at once.
func isStale(o Outcome) bool {
	return o.Phase == PhaseMail && (o.Code == 0 || o.Code == 421) && o.Reason != ReasonCancelled
}

func (r *Relay) try(ctx context.Context, ln *line, m message) Outcome {
	o := ln.carry(ctx, m)
	switch {
	case o.Result == Sent && ln.reusable():
		r.keep(ln)
	case o.Code != 0:
		ln.leave()
	default:
		ln.drop()
	}
	return o
}

func (r *Relay) dial(ctx context.Context) (*line, Outcome) {
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
		return nil, verdict(PhaseConnect, errNotLoopback, "")
	}
	ln := newLine(raw, r.config.Limits)
	release := context.AfterFunc(ctx, func() { ln.cut(ReasonCancelled) })
	err = ln.open(r.config, r.tls)
	if !release() {
		ln.cut(ReasonCancelled)
		err = ctx.Err()
	}
	if err != nil {
		ln.drop()
		return nil, ln.ended(err)
	}
	crash.Here("connect")
	return ln, Outcome{}
}

func isLoopback(conn net.Conn) bool {
	addr, ok := conn.RemoteAddr().(*net.TCPAddr)
	return ok && addr.IP.IsLoopback()
}

// take returns the kept line that was used last, or nil when there is none.
func (r *Relay) take() (ln *line, open bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if last := len(r.idle) - 1; last >= 0 {
		ln = r.idle[last]
		r.idle = r.idle[:last]
		ln.rest.Stop()
	}
	return ln, !r.closed
}

// keep puts a line aside for the next letter, until it has rested too long: relays close such lines, and
// what is said into a closed one is lost.
func (r *Relay) keep(ln *line) {
	if !r.put(ln) {
		ln.leave()
	}
}

func (r *Relay) put(ln *line) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	if ln.rest == nil {
		ln.rest = time.AfterFunc(r.config.Idle, func() { r.expire(ln) })
	} else {
		ln.rest.Reset(r.config.Idle)
	}
	r.idle = append(r.idle, ln)
	return true
}

// expire ends a line unless a letter has taken it meanwhile.
func (r *Relay) expire(ln *line) {
	r.mu.Lock()
	i := slices.Index(r.idle, ln)
	if i >= 0 {
		r.idle = slices.Delete(r.idle, i, i+1)
	}
	r.mu.Unlock()
	if i >= 0 {
		ln.leave()
	}
}

// Close ends the kept connections. Letters under way are finished, later ones are Deferred; to stop those
// under way too, end their contexts first. Twice is once.
func (r *Relay) Close() {
	r.mu.Lock()
	idle := r.idle
	r.idle, r.closed = nil, true
	r.mu.Unlock()
	for _, ln := range idle {
		ln.rest.Stop()
		ln.leave()
	}
}
