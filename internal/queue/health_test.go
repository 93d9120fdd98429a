package queue

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"vireilla/internal/test/syncbuf"
)

// scripted is a queue that works or does not.
type scripted struct {
	err     error
	paused  bool
	changes []bool
	log     syncbuf.Buffer
	*Health
}

func newScripted() *scripted {
	s := &scripted{}
	s.Health = &Health{Log: slog.New(slog.NewTextHandler(&s.log, nil)), Changed: func() { s.changes = append(s.changes, s.Down()) },
		Try: func(context.Context) (bool, error) { return s.paused, s.err }}
	return s
}

var errRefused = errors.New("connection refused")

func TestAQueueThatGoesDownAndComesBackIsLoggedOnceEach(t *testing.T) {
	s := newScripted()
	for range 3 {
		s.Probe(t.Context())
	}
	if s.log.String() != "" {
		t.Errorf("a queue that answers is no news: %s", s.log.String())
	}
	s.err = errRefused
	for range 3 {
		s.Probe(t.Context())
		s.Report(errRefused)
	}
	if !s.Down() || s.log.Count("\n") != 1 || s.log.Count("connection refused") != 1 {
		t.Errorf("down %v:\n%s", s.Down(), s.log.String())
	}
	s.err = nil
	for range 3 {
		s.Probe(t.Context())
	}
	if s.Down() || s.log.Count("\n") != 2 || s.log.Count("the queue is back") != 1 {
		t.Errorf("down %v:\n%s", s.Down(), s.log.String())
	}
	if !slices.Equal(s.changes, []bool{true, false}) {
		t.Errorf("changes %v", s.changes)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	s.err = context.Canceled
	if s.Probe(over); s.Down() {
		t.Error("the end of the program is no end of the queue")
	}
}

func TestAPausedQueueIsLoggedAndNotDown(t *testing.T) {
	s := newScripted()
	for _, s.paused = range []bool{true, true, false, false} {
		if s.Probe(t.Context()); s.Down() {
			t.Error("a pause is somebody's decision")
		}
	}
	if text := s.log.String(); strings.Count(text, "\n") != 2 || !strings.Contains(text, "a queue is paused") || !strings.Contains(text, "no queue is paused any more") {
		t.Error(text)
	}
}
