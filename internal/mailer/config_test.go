package mailer

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestThreeFormsOfURL(t *testing.T) {
	for raw, want := range map[string]Config{
		"smtps://user:p%40ss@mail.example:465": {Host: "mail.example", Port: "465", Security: ImplicitTLS, User: "user", Password: "p@ss"},
		"smtps://mail.example":                 {Host: "mail.example", Port: "465", Security: ImplicitTLS},
		"smtp://mail.example:587":              {Host: "mail.example", Port: "587"},
		"smtp://u:p@mail.example/":             {Host: "mail.example", Port: "587", User: "u", Password: "p"},
		"smtp+plain://127.0.0.1:2525":          {Host: "127.0.0.1", Port: "2525", Security: Plain},
		"smtp+plain://[::1]:2525":              {Host: "::1", Port: "2525", Security: Plain},
		"smtp+plain://localhost":               {Host: "localhost", Port: "25", Security: Plain},
	} {
		if got, err := ParseURL(raw); err != nil || got != want {
			t.Errorf("ParseURL(%q) = %v, %v", raw, got, err)
		}
	}
}

func TestOtherURLsAreRefusedWithoutTheirPassword(t *testing.T) {
	for _, raw := range []string{
		"", "mail.example:25", "://kanaria", "http://mail.example", "smtp://", "smtp://:587", "smtp:mail.example", "smtps:///x",
		"smtp+plain://mail.example:25", "smtp+plain://192.0.2.1:25", "smtp+plain://0.0.0.0:25", "smtp+plain://user:kanaria@127.0.0.1:25",
		"smtp://user:kanaria@mail.example:0", "smtp://user:kanaria@mail.example:70000", "smtp://user:kanaria@mail.example:x",
		"smtp://user:can/ary@mail.example", "smtp://user:can#ary@mail.example", "smtp://user:can?ary@mail.example",
		"smtp://user:kanaria%@mail.example", "smtp://user:kanaria%0a@mail.example", "smtp://user:kanaria%00x@mail.example",
		"smtp://user@mail.example", "smtp://:kanaria@mail.example", "smtp://user:kanaria@mail.example/path", "smtp://user:kanaria@mail.example?x=y",
		"smtp://user:kanaria\n@mail.example",
	} {
		_, err := ParseURL(raw)
		if err == nil {
			t.Errorf("ParseURL(%q) took it", raw)
			continue
		}
		if strings.Contains(err.Error(), "can") && !strings.Contains(err.Error(), "could") {
			t.Errorf("ParseURL(%q) repeats the password: %v", raw, err)
		}
	}
}

func TestPasswordIsNotPrinted(t *testing.T) {
	c, err := ParseURL("smtps://user:kanaria@mail.example")
	if err != nil {
		t.Fatal(err)
	}
	if got := c.String(); got != "smtps://user:xxxxx@mail.example:465" {
		t.Error(got)
	}
	if got := fmt.Sprintf("%v %+v %#v %s %v", c, c, c, c, struct{ C Config }{c}); strings.Contains(got, "kanaria") {
		t.Error(got)
	}
}

func TestLimitsAreThoseOfTheRFC(t *testing.T) {
	got := Config{}.withDefaults("worker.example").Limits
	want := Limits{
		Connect: 30 * time.Second, Greeting: 5 * time.Minute, Command: 5 * time.Minute,
		Data: 2 * time.Minute, Block: 3 * time.Minute, Dot: 10 * time.Minute,
	}
	if got != want {
		t.Errorf("%+v", got)
	}
}
