package main

import (
	"strings"
	"testing"

	"vireilla/internal/smtptest"
)

func TestWhatIsDecidedByCommandIsLogged(t *testing.T) {
	data, rules := office(t, "2024-03-06")
	server := relay(t)
	server.Set(smtptest.Mail, smtptest.Reply("451 4.3.0 later"))
	if _, told, code := vireilla(t, "--data", data, "--policy", rules, "run", "--at", "2024-03-06", "--yes"); code != failed {
		t.Fatalf("exit %d, said %s", code, told)
	}
	for _, c := range []struct{ args, logged string }{
		{"retry 1", `"what":"retry","who":"uid `}, {"withdraw 1", `"what":"withdraw"`}, {"withdraw 2", `"letter":2}`}, {"stop", `"what":"stop"`}, {"start", `"what":"start"`},
	} {
		args := append([]string{"--data", data, "outbox"}, strings.Fields(c.args)...)
		if _, told, code := vireilla(t, args...); code != done || told != "" {
			t.Errorf("%s without --yes: exit %d, said %q", c.args, code, told)
		}
		_, told, code := vireilla(t, append(args, "--yes")...)
		if code != done || strings.Count(told, "\n") != 1 || !strings.Contains(told, `"msg":"decided by hand"`) || !strings.Contains(told, c.logged) {
			t.Errorf("%s: exit %d, said %q", c.args, code, told)
		}
	}
}
