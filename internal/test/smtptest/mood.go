package smtptest

import (
	"strings"
	"time"
)

// Phase is a place in the conversation at which the server can have a mood.
type Phase string

// The phases in their order. Body is in the middle of the message, after its first line; Dot is the answer to the final
// dot. At STARTTLS a mood answers the command; a "220" is followed by the handshake.
const (
	Greeting Phase = "greeting"
	Hello    Phase = "ehlo"
	STARTTLS Phase = "starttls"
	Auth     Phase = "auth"
	Mail     Phase = "mail"
	Rcpt     Phase = "rcpt"
	Data     Phase = "data"
	Body     Phase = "body"
	Dot      Phase = "dot"
	Rset     Phase = "rset"
	Quit     Phase = "quit"
)

// Mood is what the server does in a phase: it answers or not, fast or slowly, and then continues or ends the
// conversation. At Dot, a message is accepted when the answer begins with 2, or after Taking.
type Mood struct {
	text   string
	pause  time.Duration
	then   ending
	taking bool
	well   bool
	times  int
	call   func()
}

type ending int

const (
	goOn ending = iota
	hangUp
	reset
	silent
)

// Well is the normal behaviour. It is useful before another mood, as in Well().Times(1).
func Well() Mood { return Mood{well: true} }

// Reply answers with a line, or with lines separated by CRLF, and continues.
func Reply(text string) Mood { return Mood{text: text + "\r\n"} }

// ReplyAndDrop answers and closes the connection, as with 421.
func ReplyAndDrop(text string) Mood { return Mood{text: text + "\r\n", then: hangUp} }

// Drop closes the connection without an answer.
func Drop() Mood { return Mood{then: hangUp} }

// RST breaks the connection with a TCP reset.
func RST() Mood { return Mood{then: reset} }

// Silence sends and reads nothing more until the server is closed.
func Silence() Mood { return Mood{then: silent} }

// Slow answers one byte at a time with the pause between two bytes.
func Slow(text string, pause time.Duration) Mood {
	return Mood{text: text + "\r\n", pause: pause}
}

// Garbage answers with something that is not SMTP.
func Garbage() Mood { return Mood{text: "\x00\xff\x16\x03 HTTP/1.1 200 OK\r\n"} }

// LongLine answers with one line of 1 MB that begins with the code.
func LongLine(code string) Mood { return Reply(code + " " + strings.Repeat("a", 1<<20)) }

// Times ends the mood after n occasions. The next mood of the phase follows, after the last one Well.
func (m Mood) Times(n int) Mood {
	m.times = n
	return m
}

// Once is Times(1).
func (m Mood) Once() Mood { return m.Times(1) }

// Taking accepts the message at Dot whatever the mood answers: "accepted, but the answer was lost".
func (m Mood) Taking() Mood {
	m.taking = true
	return m
}

// Calling calls f when the phase is reached, before the server answers.
func (m Mood) Calling(f func()) Mood {
	m.call = f
	return m
}

// Set sets the moods of a phase, one after the other; a mood without Times lasts forever. Without moods the phase goes
// well.
func (s *Server) Set(phase Phase, moods ...Mood) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moods[phase] = append([]Mood(nil), moods...)
}

// Mend removes all moods.
func (s *Server) Mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.moods)
}

// mood returns the mood for one occasion of a phase, and counts it.
func (s *Server) mood(phase Phase) Mood {
	s.mu.Lock()
	defer s.mu.Unlock()
	queue := s.moods[phase]
	if len(queue) == 0 {
		return Well()
	}
	m := queue[0]
	if m.times > 0 {
		queue[0].times--
		if queue[0].times == 0 {
			s.moods[phase] = queue[1:]
		}
	}
	return m
}
