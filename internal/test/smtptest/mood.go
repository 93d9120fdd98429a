package smtptest

import (
	"strings"
	"time"
)

// Phase is a place in the conversation where the server can have a mood.
type Phase string

// The phases in their order. Body is the middle of the message, after its first line; Dot is the answer
// to the final dot. At STARTTLS a mood answers the command; what follows a "220" is the handshake.
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

// Mood is what the server does in a phase: it says something or nothing, fast or slowly, and then goes on
// or ends the conversation. At Dot, a message is accepted when the answer begins with 2, or after Taking.
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

// Well is no mood at all: the phase goes as it should. Useful before another mood, as Well().Times(1).
func Well() Mood { return Mood{well: true} }

// Reply answers with the line, or lines parted by CRLF, and goes on.
func Reply(text string) Mood { return Mood{text: text + "\r\n"} }

// ReplyAndDrop answers and closes the connection, as with 421.
func ReplyAndDrop(text string) Mood { return Mood{text: text + "\r\n", then: hangUp} }

// Drop closes the connection without a word.
func Drop() Mood { return Mood{then: hangUp} }

// RST breaks the connection with a TCP reset.
func RST() Mood { return Mood{then: reset} }

// Silence says and reads nothing more, until the server is closed.
func Silence() Mood { return Mood{then: silent} }

// Slow answers one byte at a time with the pause between two bytes.
func Slow(text string, pause time.Duration) Mood {
	return Mood{text: text + "\r\n", pause: pause}
}

// Garbage answers with what is no SMTP.
func Garbage() Mood { return Mood{text: "\x00\xff\x16\x03 HTTP/1.1 200 OK\r\n"} }

// LongLine answers with one line of 1 MB that begins with the code.
func LongLine(code string) Mood { return Reply(code + " " + strings.Repeat("a", 1<<20)) }

// Times lets the mood pass after n occasions; the next one of the phase follows, in the end all is well.
func (m Mood) Times(n int) Mood {
	m.times = n
	return m
}

// Once is Times(1).
func (m Mood) Once() Mood { return m.Times(1) }

// Taking accepts the message at Dot whatever the mood then says: "accepted, but the answer was lost".
func (m Mood) Taking() Mood {
	m.taking = true
	return m
}

// Calling calls f when the phase is reached, before the server says anything: a test can act at that moment.
func (m Mood) Calling(f func()) Mood {
	m.call = f
	return m
}

// Set gives a phase its moods, one after the other; a mood without Times stays for good. No mood: all is well.
func (s *Server) Set(phase Phase, moods ...Mood) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moods[phase] = append([]Mood(nil), moods...)
}

// Mend takes all moods away: whatever comes now goes well.
func (s *Server) Mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.moods)
}

// mood takes the mood for one occasion of a phase.
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
