package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"vireilla/internal/mailer"
	"vireilla/internal/queue"
	"vireilla/internal/store"
	"vireilla/internal/web"
)

// setting is a value of the configuration and where it came from.
type setting struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	From   string `json:"from"`
	hidden secrecy
}

// secrecy says which part of a value the config command hides.
type secrecy int

const (
	public      secrecy = iota
	credentials         // hide the password and the parameters of a URL
	secret              // hide the whole value
)

// config is the configuration in force.
type config struct {
	Database, Redis, SMTP, From, Listen, Metrics, Ping string
	Guard                                              web.Guard
	QueuesWrite                                        bool // the queue monitor may change the queues
	Rate                                               int  // letters a minute, 0 for no limit
	settings                                           []setting
}

// config reads the environment. NAME_FILE instead of NAME names a file that holds the value.
func (env *environment) config() (config, error) {
	var c config
	var faults []error
	read := func(name, fallback string, hidden secrecy) string {
		s, err := env.setting(name, fallback)
		if err != nil {
			faults = append(faults, err)
		}
		s.hidden = hidden
		c.settings = append(c.settings, s)
		return s.Value
	}
	c.Database = read("DATABASE_URL", "sqlite:"+filepath.Join(env.Data, "vireilla.db"), credentials)
	c.Redis = read("REDIS_URL", "", credentials)
	c.SMTP = read("SMTP_URL", "", credentials)
	if word := read("SMTP_RATE", "", public); word != "" {
		n, err := strconv.ParseUint(word, 10, 16)
		if c.Rate = int(n); err != nil || n == 0 {
			faults = append(faults, errors.New("SMTP_RATE: write how many letters this process may send a minute, 1 to 65535"))
		}
	}
	c.From = read("MAIL_FROM", "", public)
	c.Listen = read("LISTEN", "127.0.0.1:8080", public)
	c.Metrics = read("METRICS_LISTEN", "", public)
	c.Ping = read("PING_URL", "", secret)
	c.Guard.Password = read("WEB_PASSWORD", "", secret)
	c.Guard.Header = read("WEB_USER_HEADER", "", public)
	var err error
	if c.Guard.Proxies, err = web.ParseProxies(read("WEB_PROXIES", "", public)); err != nil {
		faults = append(faults, fmt.Errorf("WEB_PROXIES: %w", err))
	}
	switch word := read("QUEUES_WRITE", "no", public); word {
	case "yes", "no":
		c.QueuesWrite = word == "yes"
	default:
		faults = append(faults, errors.New("QUEUES_WRITE: write yes or no"))
	}
	traces := setting{Name: tracesTo, Value: env.getenv(tracesTo), From: "environment", hidden: credentials}
	if traces.Value == "" {
		traces.From = "default"
	}
	c.settings = append(c.settings, traces)
	return c, errors.Join(faults...)
}

// setting reads a variable, or the file that NAME_FILE names.
func (env *environment) setting(name, fallback string) (setting, error) {
	s := setting{Name: name, Value: fallback, From: "default"}
	value, file := env.getenv(name), env.getenv(name+"_FILE")
	switch {
	case value != "" && file != "":
		return setting{}, fmt.Errorf("both %s and %s_FILE are set: unset one of them", name, name)
	case value != "":
		s.Value, s.From = value, "environment"
	case file != "":
		text, err := os.ReadFile(file)
		if err != nil {
			return setting{}, fmt.Errorf("%s_FILE: %w", name, err)
		}
		if s.Value, s.From = strings.TrimSpace(string(text)), file; s.Value == "" {
			return setting{}, fmt.Errorf("%s_FILE: %s is empty", name, file)
		}
	}
	return s, nil
}

// display gives the value with its secret part replaced by asterisks.
func (s setting) display() string {
	switch {
	case s.hidden == public || s.Value == "":
		return s.Value
	case s.hidden == secret:
		return "*****"
	}
	u, err := url.Parse(s.Value)
	if err != nil || u.Scheme == "" || u.User == nil && strings.Contains(s.Value, "@") { // the password may be anywhere
		return "*****"
	}
	if _, has := u.User.Password(); has {
		u.User = url.UserPassword(u.User.Username(), "*****")
	}
	if u.RawQuery != "" {
		u.RawQuery = "*****"
	}
	return strings.ReplaceAll(u.String(), "%2A", "*")
}

// checkListen refuses an address that other machines reach when neither a password nor a proxy guards the pages.
func checkListen(address string, guard web.Guard) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("LISTEN: write HOST:PORT, such as 127.0.0.1:8080")
	}
	who := host + " is not a loopback address"
	if host == "" {
		who = fmt.Sprintf("without a host, %s is every address of this machine: "+
			"write 127.0.0.1%[1]s for this machine alone; for others", address)
	}
	ip := net.ParseIP(host)
	switch {
	case host == "localhost" || ip != nil && ip.IsLoopback(), guard.Password != "",
		guard.Header != "" && len(guard.Proxies) > 0:
		return nil
	case guard.Header != "":
		return fmt.Errorf("LISTEN: %s: set WEB_PROXIES to the addresses of the proxies that may name the user in %s",
			who, guard.Header)
	}
	return fmt.Errorf("LISTEN: %s: set WEB_PASSWORD, "+
		"or WEB_USER_HEADER to the header in which a proxy names the user, and WEB_PROXIES to its address", who)
}

// faults joins the errors of all values that are wrong.
func (c *config) faults() error {
	faults := []error{store.CheckURL(c.Database), checkListen(c.Listen, c.Guard)}
	if c.Redis != "" {
		_, err := queue.ParseURL(c.Redis)
		faults = append(faults, err)
	}
	if c.SMTP != "" {
		_, err := mailer.ParseURL(c.SMTP)
		faults = append(faults, err)
	}
	if c.From != "" {
		if err := mailer.CheckFrom(c.From); err != nil {
			faults = append(faults, fromFault(err))
		}
	}
	if c.Metrics != "" {
		if _, _, err := net.SplitHostPort(c.Metrics); err != nil {
			faults = append(faults, errors.New("METRICS_LISTEN: write HOST:PORT, such as 127.0.0.1:9090"))
		}
	}
	if c.Ping != "" {
		_, err := pinger(c.Ping)
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

type configCmd struct {
	Format string `help:"Write text or json." default:"text" enum:"text,json"`
}

// Help is the longer text of `config --help`.
func (*configCmd) Help() string {
	return "These settings are read from the environment, each also as NAME_FILE, a file that holds the value: " +
		"DATABASE_URL, REDIS_URL, SMTP_URL, SMTP_RATE, MAIL_FROM, LISTEN, METRICS_LISTEN, PING_URL, WEB_PASSWORD, " +
		"WEB_USER_HEADER, WEB_PROXIES, QUEUES_WRITE. OTEL_EXPORTER_OTLP_ENDPOINT has no NAME_FILE.\n\n" +
		"REDIS_URL: " + queue.URLForms
}

func (c *configCmd) Run(env *environment) error {
	cfg, err := env.config()
	if err == nil {
		err = cfg.faults()
	}
	return errors.Join(c.show(env, &cfg), err)
}

// show prints all values, also when one of them is wrong.
func (c *configCmd) show(env *environment, cfg *config) error {
	rows := []setting{
		{Name: "data", Value: env.Data, From: "--data"},
		{Name: "policy", Value: env.Policy, From: "--policy"},
	}
	switch {
	case env.named["data"]:
	case env.getenv("VIREILLA_DATA") != "":
		rows[0].From = "VIREILLA_DATA"
	default:
		rows[0].From = "default"
	}
	if env.Policy == "" {
		rows[1] = setting{Name: "policy", Value: "embedded", From: "default"}
	}
	for _, s := range cfg.settings {
		if s.Name == "" { // it could not be read
			continue
		}
		s.Value = s.display()
		rows = append(rows, s)
	}
	if c.Format == "json" {
		return env.json(rows)
	}
	t := env.table("name", "value", "from")
	for _, s := range rows {
		t.row(s.Name, s.Value, s.From)
	}
	return t.flush()
}
