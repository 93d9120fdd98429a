package mailer

import (
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Security is how a connection to the relay is protected.
type Security int

// The zero Security is the one that most relays want for port 587.
const (
	STARTTLS    Security = iota // TLS after a command; required, and the certificate verified
	ImplicitTLS                 // TLS from the first byte; the certificate verified
	Plain                       // none; refused unless the other end is on loopback
)

// Config is the address of the relay and the settings of the connections. ParseURL sets what is in SMTP_URL; New sets
// the defaults of the rest.
type Config struct {
	Host     string
	Port     string
	Security Security
	User     string // "" for a relay that asks for none
	Password string

	Connections int           // letters sent at once, each on its own connection; default 4
	Idle        time.Duration // how long a connection is kept without a letter; default 20 s
	Hello       string        // the name given in EHLO; default the host's own
	Roots       *x509.CertPool
	Limits      Limits
}

// Limits are the longest durations of the phases, each for a command and its answer together; 0 means the value of RFC
// 5321 section 4.5.3.2.
type Limits struct {
	Connect  time.Duration // TCP only; default 30 s
	Greeting time.Duration // the handshake of smtps:// too; default 5 min
	Command  time.Duration // each of EHLO, STARTTLS with its handshake, AUTH, MAIL, RCPT; default 5 min
	Data     time.Duration // default 2 min
	Block    time.Duration // each 64 KiB of the message; default 3 min
	Dot      time.Duration // default 10 min; a shorter limit sends letters twice
}

// ParseURL reads the three forms of SMTP_URL: smtps://user:pass@host:465, smtp://host:587 (STARTTLS
// required) and smtp+plain://127.0.0.1:2525 (loopback only, no login). The error never holds the URL,
// because that holds the password.
func ParseURL(raw string) (Config, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return Config{}, errors.New("SMTP_URL is not a URL; are the special characters of the password percent-encoded?")
	}
	c := Config{Host: u.Hostname(), Port: u.Port()}
	port := "587"
	switch u.Scheme {
	case "smtp":
	case "smtps":
		c.Security, port = ImplicitTLS, "465"
	case "smtp+plain":
		c.Security, port = Plain, "25"
	default:
		return Config{}, errors.New("SMTP_URL begins with none of smtps://, smtp:// and smtp+plain://")
	}
	if c.Port == "" {
		c.Port = port
	}
	if n, err := strconv.ParseUint(c.Port, 10, 16); err != nil || n == 0 {
		return Config{}, errors.New("SMTP_URL has no port between 1 and 65535")
	}
	if c.Host == "" || !isToken(c.Host) {
		return Config{}, errors.New("SMTP_URL has no host")
	}
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "" {
		return Config{}, errors.New("SMTP_URL has more than a host and a port; are the special characters of the password percent-encoded?")
	}
	c.User = u.User.Username()
	c.Password, _ = u.User.Password()
	return c, c.check()
}

func (c Config) check() error {
	if !isToken(c.User) || !isToken(c.Password) {
		return errors.New("SMTP_URL has a control character in its user or password")
	}
	if (c.User == "") != (c.Password == "") {
		return errors.New("SMTP_URL has a user without a password, or the reverse")
	}
	if c.Security != Plain {
		return nil
	}
	if c.User != "" {
		return errors.New("SMTP_URL gives a password to smtp+plain://, where everybody on the way could read it")
	}
	if ip := net.ParseIP(c.Host); c.Host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return errors.New("SMTP_URL is smtp+plain:// to another machine; use smtp:// or smtps://")
	}
	return nil
}

// String returns the URL without the password.
func (c Config) String() string {
	scheme := "smtp"
	switch c.Security {
	case ImplicitTLS:
		scheme = "smtps"
	case Plain:
		scheme = "smtp+plain"
	}
	u := url.URL{Scheme: scheme, Host: c.addr()}
	if c.User != "" {
		u.User = url.UserPassword(c.User, "xxxxx")
	}
	return u.String()
}

// GoString returns String, so that no verb of fmt prints the password.
func (c Config) GoString() string { return c.String() }

func (c Config) addr() string { return net.JoinHostPort(c.Host, c.Port) }

func isToken(s string) bool { return strings.IndexFunc(s, unicode.IsControl) < 0 }

func (c Config) withDefaults(hello string) Config {
	c.Connections = max(c.Connections, 0)
	setDefault(&c.Connections, 4)
	setDefault(&c.Idle, 20*time.Second)
	setDefault(&c.Hello, hello)
	setDefault(&c.Limits.Connect, 30*time.Second)
	setDefault(&c.Limits.Greeting, 5*time.Minute)
	setDefault(&c.Limits.Command, 5*time.Minute)
	setDefault(&c.Limits.Data, 2*time.Minute)
	setDefault(&c.Limits.Block, 3*time.Minute)
	setDefault(&c.Limits.Dot, 10*time.Minute)
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
