package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAnEmptySecretFileIsNamed(t *testing.T) {
	relay(t)
	empty := filepath.Join(t.TempDir(), "web_password")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("LISTEN", "0.0.0.0:0")
	t.Setenv("WEB_PASSWORD_FILE", empty)
	if _, told, code := vireilla(t, "--data", t.TempDir(), "serve"); code != failed || !strings.Contains(told, "WEB_PASSWORD_FILE: "+empty+" is empty") {
		t.Errorf("exit %d, said %q", code, told)
	}
}

func TestAPortOnEveryAddressIsRefusedInPlainWords(t *testing.T) {
	relay(t)
	t.Setenv("LISTEN", ":8080")
	if _, told, code := vireilla(t, "--data", t.TempDir(), "serve"); code != failed || !strings.Contains(told, "LISTEN: without a host, :8080 is every address of this machine") {
		t.Errorf("exit %d, said %q", code, told)
	}
}

func TestConfigNamesWhatNoCommandCouldUse(t *testing.T) {
	for name, value := range map[string]string{"MAIL_FROM": "foo", "REDIS_URL": "foo", "SMTP_URL": "foo", "LISTEN": "foo", "DATABASE_URL": "foo", "PING_URL": "foo", "METRICS_LISTEN": "foo", "SMTP_RATE": "foo"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			for _, format := range []string{"text", "json"} {
				out, told, code := vireilla(t, "--data", t.TempDir(), "config", "--format", format)
				named := strings.Contains(told, name) || name == "DATABASE_URL" && strings.Contains(told, "database: ")
				if code != failed || !named || !strings.Contains(out, name) || strings.Contains(told, "letter:") {
					t.Errorf("exit %d, said %q and %q", code, out, told)
				}
			}
		})
	}
}
