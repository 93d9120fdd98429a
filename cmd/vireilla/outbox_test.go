package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"vireilla/internal/test/smtptest"
)

func TestWhatIsDecidedByCommandIsLogged(t *testing.T) {
	t.Parallel()
	data, rules := office(t, "2024-03-06")
	server, env := relay(t)
	server.Set(smtptest.Mail, smtptest.Reply("451 4.3.0 later"))
	if _, told, code := env.vireilla(t, "--data", data, "--policy", rules, "run", "--at", "2024-03-06", "--yes"); code != failed {
		t.Fatalf("exit %d, said %s", code, told)
	}
	for _, c := range []struct{ args, logged string }{
		{"retry 1", `"what":"retry","who":"uid `}, {"withdraw 1", `"what":"withdraw"`}, {"withdraw 2", `"letter":2}`}, {"stop", `"what":"stop"`}, {"start", `"what":"start"`},
	} {
		args := append([]string{"--data", data, "outbox"}, strings.Fields(c.args)...)
		if _, told, code := env.vireilla(t, args...); code != done || told != "" {
			t.Errorf("%s without --yes: exit %d, said %q", c.args, code, told)
		}
		_, told, code := env.vireilla(t, append(args, "--yes")...)
		if code != done || strings.Count(told, "\n") != 1 || !strings.Contains(told, `"msg":"decided by hand"`) || !strings.Contains(told, c.logged) {
			t.Errorf("%s: exit %d, said %q", c.args, code, told)
		}
	}
}

func TestAnIdThatNobodyHasIsNoEmptyAnswer(t *testing.T) {
	t.Parallel()
	data, _ := office(t, "2024-03-06")
	for _, args := range [][]string{{"agenda", "--owner", "NOPE"}, {"agenda", "--owner", "NOPE", "--format", "ndjson"}, {"outbox", "list", "--to", "NOPE"}, {"outbox", "list", "--to", "NOPE", "--format", "json"}} {
		if out, told, code := vireilla(t, append([]string{"--data", data}, args...)...); code != failed || out != "" || !strings.Contains(told, "NOPE") {
			t.Errorf("%v: exit %d, said %q and %q", args, code, out, told)
		}
	}
	must(t, "--data", data, "agenda", "--owner", "C-01")
	must(t, "--data", data, "agenda", "--owner", "T-1")
	if out := must(t, "--data", data, "outbox", "list", "--to", "C-01"); !strings.Contains(out, "no such letters") {
		t.Error(out)
	}
}

func TestAnAgendaOfOneStageCountsNoOther(t *testing.T) {
	t.Parallel()
	data, _ := office(t, "2024-03-06")
	out := must(t, "--data", data, "agenda", "--at", "2024-03-06", "--stage", "escalated")
	if !regexp.MustCompile(`\n2024-03-06: [1-9][0-9]* escalated\.\n$`).MatchString(out) {
		t.Errorf("it ends with %q", out[max(0, len(out)-200):])
	}
}

func TestADecisionSaysWhatIsSoAfterwards(t *testing.T) {
	t.Parallel()
	data, rules := office(t, "2024-03-06")
	_, env := relay(t)
	env.must(t, "--data", data, "outbox", "stop", "--yes")
	env.vireilla(t, "--data", data, "--policy", rules, "run", "--at", "2024-03-06", "--yes")
	for _, v := range []struct {
		args []string
		want string
	}{
		{[]string{"withdraw", "1", "--yes"}, "letter 1 is withdrawn\n"},
		{[]string{"stop", "--yes"}, "no letter goes out until `vireilla outbox start`\n"},
		{[]string{"start", "--yes"}, "letters are no longer stopped\n"},
		{[]string{"stop"}, "would stop all letters; repeat with --yes\n"},
	} {
		if out := env.must(t, slices.Concat([]string{"--data", data, "outbox"}, v.args)...); out != v.want {
			t.Errorf("%v: %q, want %q", v.args, out, v.want)
		}
	}
	got := decode[map[string]any](t, env.must(t, "--data", data, "outbox", "show", "1", "--format", "json"))
	for _, key := range []string{"id", "key", "state", "run", "policy", "planned", "send_at", "changed", "of_use_until"} {
		if got[key] == nil || got[key] == "" {
			t.Errorf("no %s in %v", key, got)
		}
	}
	list := decode[[]map[string]any](t, env.must(t, "--data", data, "outbox", "list", "--format", "json"))
	if len(list) == 0 || len(list[0]) != 9 {
		t.Errorf("the list has other keys: %v", list[:1])
	}
}
