package mailer

import (
	"context"
	"crypto/tls"
	"testing"

	"vireilla/internal/smtptest"
)

// A relay that cannot prove who it is gets neither the password nor a recipient.
func TestWithoutProvenTLSNothingIsSaid(t *testing.T) {
	login := smtptest.WithLogin("user", "secret")
	for name, test := range map[string]struct {
		options []smtptest.Option
		change  func(*Config)
		want    string
	}{
		"STARTTLS stripped": {
			[]smtptest.Option{login},
			func(c *Config) { c.Security, c.User, c.Password = STARTTLS, "user", "secret" },
			"deferred starttls tls 0"},
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
			nil, func(c *Config) { c.Security = ImplicitTLS; c.Limits.Greeting = impatient }, "deferred tls tls 0"},
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
