package mailer

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vireilla/internal/test/smtptest"
)

// letter returns a valid letter; letters differ in their number.
func letter(n int) Letter {
	return Letter{
		From:      "Kaupunki <no-reply@kunta.example>",
		To:        fmt.Sprintf("kanaria.person%d@example.org", n),
		Subject:   "Sinulle on varattu aika",
		Text:      "Hei!\n\nma 4.3.2024 klo 9.00\n.\n",
		HTML:      "<html lang=\"fi\"><p>Hei!</p><p>ma 4.3.2024 klo 9.00</p>\n.\n</html>",
		Language:  "fi",
		MessageID: fmt.Sprintf("n-%d@kunta.example", n),
		Date:      time.Date(2024, 3, 1, 8, 0, 0, 0, time.UTC),
	}
}

// connect returns a Relay for the server, which is closed when the test ends.
func connect(t testing.TB, s *smtptest.Server, change func(*Config)) *Relay {
	t.Helper()
	c, err := ParseURL(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	c.Hello, c.Roots = "worker.example", s.Roots()
	if change != nil {
		change(&c)
	}
	r := New(c)
	t.Cleanup(r.Close)
	return r
}

// sendLimited sends a letter to a relay that leaves one phase without a whole answer, and shortens the limit of that
// phase. The limit of a command holds for several commands: when an earlier one took longer, the machine is slow, and
// sendLimited tries again with twice the limit. start gets the pause that a slow answer makes between two bytes.
func sendLimited(t *testing.T, phase smtptest.Phase, start func(pause time.Duration) *smtptest.Server) (
	*smtptest.Server, Outcome,
) {
	t.Helper()
	for limit := 300 * time.Millisecond; ; limit *= 2 {
		s := start(limit / 8)
		r := connect(t, s, func(c *Config) {
			switch phase {
			case smtptest.Greeting:
				c.Limits.Greeting = limit
			case smtptest.Hello, smtptest.STARTTLS, smtptest.Auth, smtptest.Mail, smtptest.Rcpt:
				c.Limits.Command = limit
			case smtptest.Data:
				c.Limits.Data = limit
			case smtptest.Body, smtptest.Dot:
				c.Limits.Dot = limit
			}
		})
		o := r.Send(context.Background(), letter(1))
		r.Close()
		earlier := o.Phase != string(phase) && phase != smtptest.Body
		if o.Reason != ReasonTimeout || !earlier || limit > time.Minute {
			return s, o
		}
	}
}

// pipeliningOrNot are a relay without and one with PIPELINING.
var pipeliningOrNot = map[string]smtptest.Option{"one by one": func(*smtptest.Server) {}, "pipelining": smtptest.WithPipelining()}

// said writes an outcome in one line, as the tables below have it.
func said(o Outcome) string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s %d %s", o.Result, o.Phase, o.Reason, o.Code, o.Enhanced))
}

func TestEveryPhaseInEveryMoodEndsAsItShould(t *testing.T) {
	moods := []struct {
		name string
		mood func(good string, pause time.Duration) smtptest.Mood
	}{
		{"451", func(string, time.Duration) smtptest.Mood {
			return smtptest.Reply("451 4.3.0 kanaria.person1@example.org: later")
		}},
		{"554", func(string, time.Duration) smtptest.Mood {
			return smtptest.Reply("554 5.7.1 <kanaria.person1@example.org>: no")
		}},
		{"421", func(string, time.Duration) smtptest.Mood { return smtptest.ReplyAndDrop("421 4.3.2 closing") }},
		{"drop", func(string, time.Duration) smtptest.Mood { return smtptest.Drop() }},
		{"rst", func(string, time.Duration) smtptest.Mood { return smtptest.RST() }},
		{"silence", func(string, time.Duration) smtptest.Mood { return smtptest.Silence() }},
		{"slow", func(good string, pause time.Duration) smtptest.Mood {
			return smtptest.Slow(good+" slowly as can be", pause)
		}},
		{"garbage", func(string, time.Duration) smtptest.Mood { return smtptest.Garbage() }},
		{"1 MB", func(good string, _ time.Duration) smtptest.Mood { return smtptest.LongLine(good) }},
	}
	const well = "sent dot  250 2.0.0"
	table := []struct {
		phase smtptest.Phase
		good  string
		want  [9]string // in the order of moods; two, or only the beginning, where it is a race with a reset
	}{
		{smtptest.Greeting, "220", [9]string{
			"deferred greeting busy 451 4.3.0", "deferred greeting relay 554 5.7.1", "deferred greeting busy 421 4.3.2",
			"deferred greeting lost 0", "deferred", "deferred greeting timeout 0",
			"deferred greeting timeout 0", "deferred greeting garbled 0", "deferred greeting garbled 0"}},
		{smtptest.Hello, "250", [9]string{
			"deferred ehlo busy 451 4.3.0", "deferred ehlo relay 554 5.7.1", "deferred ehlo busy 421 4.3.2",
			"deferred ehlo lost 0", "deferred ehlo lost 0", "deferred ehlo timeout 0",
			"deferred ehlo timeout 0", "deferred ehlo garbled 0", "deferred ehlo garbled 0"}},
		{smtptest.STARTTLS, "220", [9]string{
			"deferred starttls busy 451 4.3.0", "deferred starttls relay 554 5.7.1", "deferred starttls busy 421 4.3.2",
			"deferred starttls tls 0", "deferred starttls tls 0", "deferred starttls timeout 0",
			"deferred starttls timeout 0", "deferred starttls garbled 0", "deferred starttls garbled 0"}},
		{smtptest.Auth, "235", [9]string{
			"deferred auth busy 451 4.3.0", "deferred auth relay 554 5.7.1", "deferred auth busy 421 4.3.2",
			"deferred auth lost 0", "deferred auth lost 0", "deferred auth timeout 0",
			"deferred auth timeout 0", "deferred auth garbled 0", "deferred auth garbled 0"}},
		{smtptest.Mail, "250", [9]string{
			"deferred mail busy 451 4.3.0", "deferred mail relay 554 5.7.1", "deferred mail busy 421 4.3.2",
			"deferred mail lost 0", "deferred mail lost 0", "deferred mail timeout 0",
			"deferred mail timeout 0", "deferred mail garbled 0", "deferred mail garbled 0"}},
		{smtptest.Rcpt, "250", [9]string{
			"deferred rcpt busy 451 4.3.0", "failed rcpt rejected 554 5.7.1", "deferred rcpt busy 421 4.3.2",
			"deferred rcpt lost 0", "deferred rcpt lost 0", "deferred rcpt timeout 0",
			"deferred rcpt timeout 0", "deferred rcpt garbled 0", "deferred rcpt garbled 0"}},
		{smtptest.Data, "354", [9]string{
			"deferred data busy 451 4.3.0", "deferred data relay 554 5.7.1", "deferred data busy 421 4.3.2",
			"deferred data lost 0", "deferred data lost 0", "deferred data timeout 0",
			"deferred data timeout 0", "deferred data garbled 0", "deferred data garbled 0"}},
		// A small letter leaves in one piece with its dot, so a line lost in its middle is lost after the dot.
		{smtptest.Body, "250", [9]string{
			"deferred dot busy 451 4.3.0", "failed dot rejected 554 5.7.1", "deferred dot busy 421 4.3.2|unsure dot lost 0",
			"unsure dot lost 0", "unsure dot lost 0", "unsure dot timeout 0",
			"unsure dot timeout 0", "unsure dot garbled 0", "unsure dot garbled 0"}},
		{smtptest.Dot, "250", [9]string{
			"deferred dot busy 451 4.3.0", "failed dot rejected 554 5.7.1", "deferred dot busy 421 4.3.2",
			"unsure dot lost 0", "unsure dot lost 0", "unsure dot timeout 0",
			"unsure dot timeout 0", "unsure dot garbled 0", "unsure dot garbled 0"}},
		{smtptest.Rset, "250", [9]string{well, well, well, well, well, well, well, well, well}},
		{smtptest.Quit, "221", [9]string{well, well, well, well, well, well, well, well, well}},
	}
	for name, pipelining := range pipeliningOrNot {
		for _, row := range table {
			for i, m := range moods {
				t.Run(name+"/"+string(row.phase)+"/"+m.name, func(t *testing.T) {
					t.Parallel()
					start := func(pause time.Duration) *smtptest.Server {
						s := smtptest.Start(t, smtptest.WithSTARTTLS(), smtptest.WithLogin("user", "secret"), pipelining)
						s.Set(row.phase, m.mood(row.good, pause))
						return s
					}
					var s *smtptest.Server
					var o Outcome
					if m.name == "silence" || m.name == "slow" {
						s, o = sendLimited(t, row.phase, start)
					} else {
						s = start(0)
						r := connect(t, s, nil)
						o = r.Send(context.Background(), letter(1))
						r.Close()
					}
					got := said(o)
					if !slices.ContainsFunc(strings.Split(row.want[i], "|"), func(want string) bool { return strings.HasPrefix(got, want) }) {
						t.Errorf("got  %s\nwant %s", got, row.want[i])
					}
					checkAccepted(t, s, o)
				})
			}
		}
	}
}

// checkAccepted compares the outcome with what the server accepted.
func checkAccepted(t *testing.T, s *smtptest.Server, o Outcome) {
	t.Helper()
	n := len(s.Accepted())
	switch {
	case n > 1:
		t.Errorf("accepted %d times", n)
	case o.Result == Sent && n != 1:
		t.Error("sent, but not accepted")
	case (o.Result == Deferred || o.Result == Failed) && n != 0:
		t.Errorf("%s, but accepted", o.Result)
	}
	if text := fmt.Sprintf("%+v", o); strings.Contains(text, "person") || strings.Contains(text, "@") {
		t.Errorf("the outcome holds an address: %s", text)
	}
}

func TestAcceptedButNotHeardIsUnsure(t *testing.T) {
	for name, mood := range map[string]smtptest.Mood{
		"drop":    smtptest.Drop(),
		"rst":     smtptest.RST(),
		"silence": smtptest.Silence(),
		"garbage": smtptest.Garbage(),
		"354":     smtptest.Reply("354 go on"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := smtptest.Start(t)
			accepted := make(chan struct{})
			s.Set(smtptest.Dot, mood.Taking().Calling(func() { close(accepted) }))
			r := connect(t, s, func(c *Config) {
				if name == "silence" {
					c.Limits.Dot = 300 * time.Millisecond
				}
			})
			o := r.Send(context.Background(), letter(1))
			<-accepted
			if o.Result != Unsure || o.Phase != PhaseDot || len(s.Accepted()) != 1 {
				t.Errorf("%s, accepted %d", said(o), len(s.Accepted()))
			}
		})
	}
}

// A 250 that comes with the 354 is no answer to the dot, which was not sent yet.
func TestA250BeforeTheDotIsNoDelivery(t *testing.T) {
	for name, pipelining := range pipeliningOrNot {
		s := smtptest.Start(t, pipelining)
		s.Set(smtptest.Data, smtptest.Reply("354 go on\r\n250 2.0.0 taken"))
		o := connect(t, s, nil).Send(context.Background(), letter(1))
		if got := said(o); got != "deferred data garbled 0" {
			t.Errorf("%s: %s", name, got)
		}
		s.Close() // nothing is accepted after this
		checkAccepted(t, s, o)
	}
}

func TestAnAnswerOfManyLinesIsOneAnswer(t *testing.T) {
	phases := map[smtptest.Phase]string{smtptest.Greeting: "220", smtptest.STARTTLS: "220", smtptest.Auth: "235", smtptest.Mail: "250", smtptest.Rcpt: "250",
		smtptest.Data: "354", smtptest.Dot: "250"}
	for name, pipelining := range pipeliningOrNot {
		for phase, good := range phases {
			t.Run(name+"/"+string(phase), func(t *testing.T) {
				t.Parallel()
				s := smtptest.Start(t, smtptest.WithSTARTTLS(), smtptest.WithLogin("user", "secret"), pipelining)
				s.Set(phase, smtptest.Reply(good+"-2.0.0 first\r\n"+good+"-2.0.0 second\r\n"+good+" 2.0.0 last"))
				r := connect(t, s, nil)
				for n := range 2 { // the second on the same line, where the answers of the first would be seen
					o := r.Send(context.Background(), letter(n))
					if o.Result != Sent {
						t.Errorf("letter %d: %s", n, said(o))
					}
				}
				if accepted, lines := len(s.Accepted()), s.Seen()["connect"]; accepted != 2 || lines != 1 {
					t.Errorf("%d accepted on %d lines", accepted, lines)
				}
			})
		}
	}
}

// An answer that changes its code between two lines means nothing certain.
func TestAnAnswerThatContradictsItselfIsNoAnswer(t *testing.T) {
	for phase, want := range map[smtptest.Phase]string{smtptest.Rcpt: "deferred rcpt timeout 0", smtptest.Dot: "unsure dot timeout 0"} {
		_, o := sendLimited(t, phase, func(time.Duration) *smtptest.Server {
			s := smtptest.Start(t)
			s.Set(phase, smtptest.Reply("250-2.0.0 well\r\n550 5.1.1 or not"))
			return s
		})
		if got := said(o); got != want {
			t.Errorf("%s: %s, want %s", phase, got, want)
		}
	}
}

func TestA5yzAboutUsNeverEndsALetter(t *testing.T) {
	for text, want := range map[string]string{
		"550 5.1.1 no such user":       "failed rcpt rejected 550 5.1.1",
		"550 no such user":             "failed rcpt rejected 550",
		"553 4.1.1 odd":                "failed rcpt rejected 553",
		"550 5.1.1234 odd":             "failed rcpt rejected 550",
		"550-5.7.1 two\r\n550 lines":   "failed rcpt rejected 550 5.7.1",
		"530 5.7.0 log in first":       "deferred rcpt relay 530 5.7.0",
		"503 5.5.1 wrong order":        "deferred rcpt relay 503 5.5.1",
		"550 5.1.8 your sender is bad": "deferred rcpt relay 550 5.1.8",
		"354 go on":                    "deferred rcpt garbled 354",
	} {
		s := smtptest.Start(t)
		s.Set(smtptest.Rcpt, smtptest.Reply(text))
		r := connect(t, s, nil)
		o := r.Send(context.Background(), letter(1))
		if got := said(o); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
		checkAccepted(t, s, o)
	}
}
