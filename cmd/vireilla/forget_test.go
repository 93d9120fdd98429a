package main

import (
	"strings"
	"testing"
	"time"

	"vireilla/internal/store"
	"vireilla/internal/test/servertest"
)

func TestAPersonIsForgottenOnlyWhenToldTwice(t *testing.T) {
	t.Parallel()
	data, _ := office(t, "2024-03-06")
	type row struct{ Seeker string }
	first := decode[[]row](t, must(t, "--data", data, "agenda", "--at", "2024-03-06", "--format", "json"))[0].Seeker
	if out := must(t, "--data", data, "forget", first); !strings.Contains(out, "--yes") {
		t.Errorf("said %q", out)
	}
	must(t, "--data", data, "explain", first)
	must(t, "--data", data, "forget", first, "--yes")
	for _, args := range [][]string{{"explain", first}, {"forget", first}, {"forget", first, "--yes"}} {
		if _, told, code := vireilla(t, append([]string{"--data", data}, args...)...); code != failed || !strings.Contains(told, "no such seeker") {
			t.Errorf("%v: exit %d, said %q", args, code, told)
		}
	}
}

func TestAClockThatIsWrongIsToldAtTheStart(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), servertest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for off, fine := range map[time.Duration]bool{0: true, time.Hour: false, -time.Minute: false} {
		err := sameTime(t.Context(), s, func() time.Time { return now().Add(off) })
		if fine != (err == nil) || err != nil && !strings.Contains(err.Error(), "NTP") {
			t.Errorf("%s off: %v", off, err)
		}
	}
}
