package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"vireilla/internal/web"
)

// setting is a value of the configuration and where it came from.
type setting struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	From   string `json:"from"`
	secret bool
}

// config is the configuration in force.
type config struct {
	Database, Redis, SMTP, From, Listen string
	Guard                               web.Guard
	settings                            []setting
}

// loadConfig reads the environment; each name also as NAME_FILE, a file that holds the value.
func loadConfig(data string) (config, error) {
	var c config
	var faults []error
	read := func(name, fallback string, secret bool) string {
		s, err := fromEnvironment(name, fallback)
		if err != nil {
			faults = append(faults, err)
		}
		s.secret = secret
		c.settings = append(c.settings, s)
		return s.Value
	}
	c.Database = read("DATABASE_URL", "sqlite:"+filepath.Join(data, "vireilla.db"), true)
	c.Redis = read("REDIS_URL", "", true)
	c.SMTP = read("SMTP_URL", "", true)
	c.From = read("MAIL_FROM", "", false)
	c.Listen = read("LISTEN", "127.0.0.1:8080", false)
	c.Guard.Password = read("WEB_PASSWORD", "", true)
	c.Guard.Header = read("WEB_USER_HEADER", "", false)
	return c, errors.Join(faults...)
}

func fromEnvironment(name, fallback string) (setting, error) {
	value, set := os.LookupEnv(name)
	file, inFile := os.LookupEnv(name + "_FILE")
	switch {
	case set && inFile:
		return setting{}, fmt.Errorf("both %s and %s_FILE are set: unset one of them", name, name)
	case set && value != "":
		return setting{Name: name, Value: value, From: "environment"}, nil
	case inFile:
		text, err := os.ReadFile(file)
		if err != nil {
			return setting{}, fmt.Errorf("%s_FILE: %w", name, err)
		}
		return setting{Name: name, Value: strings.TrimSpace(string(text)), From: file}, nil
	}
	return setting{Name: name, Value: fallback, From: "default"}, nil
}

// masked gives the value without what must not be read over a shoulder.
func (s setting) masked() string {
	if !s.secret || s.Value == "" {
		return s.Value
	}
	u, err := url.Parse(s.Value)
	if err != nil || u.Scheme == "" || u.User == nil && strings.Contains(s.Value, "@") { // who knows what stands where
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

// checkListen refuses to show the pages to more than this machine unless somebody guards them.
func checkListen(address string, guard web.Guard) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("LISTEN: write HOST:PORT, such as 127.0.0.1:8080")
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() || guard.Set() {
		return nil
	}
	return fmt.Errorf("LISTEN: %s is not a loopback address: set WEB_PASSWORD, or WEB_USER_HEADER to the header in which a trusted proxy names the user", host)
}

type configCmd struct {
	Format string `help:"text or json." default:"text" enum:"text,json"`
}

func (c *configCmd) Run(a *app) error {
	cfg, err := loadConfig(a.Data)
	if err != nil {
		return err
	}
	rows := []setting{{Name: "data", Value: a.Data, From: "--data, VIREILLA_DATA or default"}, {Name: "policy", Value: a.Policy, From: "--policy"}}
	if a.Policy == "" {
		rows[1] = setting{Name: "policy", Value: "embedded", From: "default"}
	}
	for _, s := range cfg.settings {
		s.Value = s.masked()
		rows = append(rows, s)
	}
	if c.Format == "json" {
		return a.json(rows)
	}
	t := a.table("name", "value", "from")
	for _, s := range rows {
		t.row(s.Name, s.Value, s.From)
	}
	return t.flush()
}
