package main

import (
	"net"
	"os"
	"strings"
	"testing"

	"vireilla/internal/test/servertest"
)

// free gives an address of a host at which nobody listens.
func free(t *testing.T, host string) string {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestHealthAsksWhereServeAnswers(t *testing.T) {
	_, env := relay(t)
	env = env.with(settings{"REDIS_URL": servertest.Redis(t), "WEB_PASSWORD": "sesam"})
	_, port, _ := net.SplitHostPort(free(t, "127.0.0.1"))
	for name, c := range map[string]struct {
		listen, metrics string
		only            []string
	}{
		"the pages":             {free(t, "127.0.0.2"), "", nil},
		"the metrics":           {free(t, "127.0.0.1"), free(t, "127.0.0.2"), nil},
		"metrics on every one":  {free(t, "127.0.0.1"), ":" + port, nil},
		"every address":         {"0.0.0.0:" + port, "", nil},
		"workers without pages": {free(t, "127.0.0.1"), "", []string{"--only", "workers"}},
		"timetable":             {free(t, "127.0.0.1"), free(t, "127.0.0.2"), []string{"--only", "timetable"}},
	} {
		t.Run(name, func(t *testing.T) {
			env := env.with(settings{"LISTEN": c.listen, "METRICS_LISTEN": c.metrics})
			if _, _, code := env.vireilla(t, "health"); code != failed {
				t.Errorf("nobody serves: exit %d", code)
			}
			printed, stop := serving(t, env, os.Stderr, append([]string{"--log-level", "error"}, c.only...)...)
			if out, told, code := env.vireilla(t, "health"); code != done || out != "ok\n" {
				t.Errorf("exit %d, said %q", code, told)
			}
			if c.metrics == "" { // where pages may be seen by all, the numbers are behind the password
				if got := fetch(t, "http://"+strings.Replace(c.listen, "0.0.0.0", "127.0.0.1", 1)+"/metrics"); got != "Who are you?\n" {
					t.Errorf("metrics: %.100q; %s", got, printed)
				}
			}
			if code := stop(); code != done {
				t.Errorf("exit %d", code)
			}
		})
	}
}
