package mailer

import (
	"context"
	"crypto/tls"
	"strings"
	"testing"

	"vireilla/internal/test/smtptest"
)

// A relay without a valid certificate gets neither the password nor a recipient.
func TestWithoutProvenTLSNothingIsSaid(t *testing.T) {
	login := smtptest.WithLogin("user", "secret")
	answers := func(text string) smtptest.Option {
		return func(s *smtptest.Server) { s.Set(smtptest.STARTTLS, smtptest.Reply(text)) }
	}
	for name, test := range map[string]struct {
		options []smtptest.Option
		change  func(*Config)
		want    string
	}{
		"STARTTLS stripped": {
			[]smtptest.Option{login},
			func(c *Config) { c.Security, c.User, c.Password = STARTTLS, "user", "secret" },
			"deferred starttls tls 0"},
		"STARTTLS refused for now": {
			[]smtptest.Option{smtptest.WithSTARTTLS(), login, answers("454 4.7.0 not now")},
			nil, "deferred starttls busy 454 4.7.0"},
		"STARTTLS refused for good": {
			[]smtptest.Option{smtptest.WithSTARTTLS(), login, answers("502 5.5.1 never heard of it")},
			nil, "deferred starttls relay 502 5.5.1"},
		"STARTTLS answered with another yes": {
			[]smtptest.Option{smtptest.WithSTARTTLS(), login, answers("250 2.0.0 why not")},
			nil, "deferred starttls garbled 250 2.0.0"},
		"answers written before the handshake": {
			[]smtptest.Option{smtptest.WithSTARTTLS(), login, answers("220 go on\r\n250-relay\r\n250 AUTH PLAIN")},
			nil, "deferred starttls tls 0"},
		"answers written before the handshake, for all that is said": {
			[]smtptest.Option{smtptest.WithSTARTTLS(), answers("220 go on\r\n250 relay\r\n250 well\r\n250 well\r\n354 go on\r\n250 taken")},
			nil, "deferred starttls tls 0"},
		"expired": {
			[]smtptest.Option{smtptest.WithSTARTTLS(), login, smtptest.WithExpired()}, nil, "deferred starttls tls 0"},
		"expired, implicit": {
			[]smtptest.Option{smtptest.WithTLS(), login, smtptest.WithExpired()}, nil, "deferred tls tls 0"},
		"unknown issuer": {
			[]smtptest.Option{smtptest.WithSTARTTLS(), login},
			func(c *Config) { c.Roots = nil }, "deferred starttls tls 0"},
		"unknown issuer, implicit": {
			[]smtptest.Option{smtptest.WithTLS(), login},
			func(c *Config) { c.Roots = nil }, "deferred tls tls 0"},
		"another host's certificate": {
			[]smtptest.Option{smtptest.WithSTARTTLS(), login, smtptest.WithHost("other.example")},
			nil, "deferred starttls tls 0"},
		"another host's certificate, implicit": {
			[]smtptest.Option{smtptest.WithTLS(), login, smtptest.WithHost("other.example")},
			nil, "deferred tls tls 0"},
		"TLS 1.0": {
			[]smtptest.Option{smtptest.WithSTARTTLS(), login, smtptest.WithMaxTLS(tls.VersionTLS10)},
			nil, "deferred starttls tls 0"},
		"TLS 1.1": {
			[]smtptest.Option{smtptest.WithSTARTTLS(), login, smtptest.WithMaxTLS(tls.VersionTLS11)},
			nil, "deferred starttls tls 0"},
		"TLS 1.1, implicit": {
			[]smtptest.Option{smtptest.WithTLS(), login, smtptest.WithMaxTLS(tls.VersionTLS11)},
			nil, "deferred tls tls 0"},
		"no TLS where it should be": {
			nil, func(c *Config) { c.Security = ImplicitTLS }, "deferred tls tls 0"},
	} {
		t.Run(name, func(t *testing.T) {
			s := smtptest.Start(t, test.options...)
			r := connect(t, s, test.change)
			if got := said(r.Send(context.Background(), letter(1))); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			seen := s.Seen()
			if seen["AUTH"]+seen["MAIL"]+len(s.Accepted()) != 0 {
				t.Errorf("seen %v", seen)
			}
		})
	}
}

func TestProvenTLSCarriesTheLetter(t *testing.T) {
	for name, option := range map[string]smtptest.Option{"STARTTLS": smtptest.WithSTARTTLS(), "implicit": smtptest.WithTLS()} {
		s := smtptest.Start(t, option, smtptest.WithLogin("user", "secret"), smtptest.WithMaxTLS(tls.VersionTLS12))
		if o := connect(t, s, nil).Send(context.Background(), letter(1)); o.Result != Sent {
			t.Errorf("%s: %s", name, said(o))
		}
	}
}

// What the relay offers before TLS does not hold under TLS.
func TestALoginOfferedOnlyBeforeTLSIsNotTaken(t *testing.T) {
	s := smtptest.Start(t, smtptest.WithSTARTTLS(), smtptest.WithLogin("user", "secret"))
	s.Set(smtptest.Hello, smtptest.Reply("250-relay\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN").Once(), smtptest.Reply("250 relay"))
	if got := said(connect(t, s, nil).Send(context.Background(), letter(1))); got != "deferred auth relay 0" {
		t.Error(got)
	}
	if seen := s.Seen(); seen["EHLO"] != 2 || seen["AUTH"]+seen["MAIL"] != 0 {
		t.Errorf("seen %v", seen)
	}
}

func TestNothingButTheHelloIsSaidBeforeTLS(t *testing.T) {
	s := smtptest.Start(t, smtptest.WithSTARTTLS(), smtptest.WithLogin("user", "secret"))
	r := connect(t, s, nil)
	for n := range 3 {
		if o := r.Send(context.Background(), letter(n)); o.Result != Sent {
			t.Fatal(said(o))
		}
	}
	r.Close()
	for verb, n := range s.Seen() {
		if rest, clear := strings.CutPrefix(verb, "clear "); clear && rest != "EHLO" && rest != "STARTTLS" {
			t.Errorf("%d × %s without TLS", n, rest)
		}
	}
}

func TestPasswordIsWrong(t *testing.T) {
	s := smtptest.Start(t, smtptest.WithTLS(), smtptest.WithLogin("user", "secret"))
	r := connect(t, s, func(c *Config) { c.Password = "other" })
	if got := said(r.Send(context.Background(), letter(1))); got != "deferred auth relay 535 5.7.8" {
		t.Error(got)
	}
	none := smtptest.Start(t, smtptest.WithTLS())
	r = connect(t, none, func(c *Config) { c.User, c.Password = "user", "secret" })
	if got := said(r.Send(context.Background(), letter(1))); got != "deferred auth relay 0" {
		t.Error(got)
	}
}
