package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAnEmptySecretFileIsNamed(t *testing.T) {
	t.Parallel()
	_, env := relay(t)
	empty := filepath.Join(t.TempDir(), "web_password")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env = env.with(settings{"LISTEN": "0.0.0.0:0", "WEB_PASSWORD_FILE": empty})
	if _, told, code := env.vireilla(t, "--data", t.TempDir(), "serve"); code != failed || !strings.Contains(told, "WEB_PASSWORD_FILE: "+empty+" is empty") {
		t.Errorf("exit %d, said %q", code, told)
	}
}

func TestAPortOnEveryAddressIsRefusedInPlainWords(t *testing.T) {
	t.Parallel()
	_, env := relay(t)
	env = env.with(settings{"LISTEN": ":8080"})
	if _, told, code := env.vireilla(t, "--data", t.TempDir(), "serve"); code != failed || !strings.Contains(told, "LISTEN: without a host, :8080 is every address of this machine") {
		t.Errorf("exit %d, said %q", code, told)
	}
}

func TestConfigNamesWhatNoCommandCouldUse(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{"MAIL_FROM": "foo", "REDIS_URL": "foo", "SMTP_URL": "foo", "LISTEN": "foo", "DATABASE_URL": "foo", "PING_URL": "foo", "METRICS_LISTEN": "foo", "SMTP_RATE": "foo"} {
		t.Run(name, func(t *testing.T) {
			env := settings{name: value}
			for _, format := range []string{"text", "json"} {
				out, told, code := env.vireilla(t, "--data", t.TempDir(), "config", "--format", format)
				named := strings.Contains(told, name) || name == "DATABASE_URL" && strings.Contains(told, "database: ")
				if code != failed || !named || !strings.Contains(out, name) || strings.Contains(told, "letter:") {
					t.Errorf("exit %d, said %q and %q", code, out, told)
				}
			}
		})
	}
}
