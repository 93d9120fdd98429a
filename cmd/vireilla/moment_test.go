package main

import (
	"strings"
	"testing"

	"vireilla/internal/policy"
)

func TestAMomentIsReadAsTheFeedReadsIt(t *testing.T) {
	env, p := &environment{}, policy.Default()
	for text, want := range map[string]string{
		"2024-03-04T08:00": "2024-03-04T08:00:00+02:00", "2024-03-04T06:00Z": "2024-03-04T08:00:00+02:00", "2024-03-04T08:00+03:00": "2024-03-04T07:00:00+02:00",
		"2024-03-04T06:00:30Z": "2024-03-04T08:00:30+02:00", "2024-03-04": "2024-03-04T23:59:59+02:00", "2024-10-27T03:30": "2024-10-27T03:30:00+03:00",
		"1900-01-01": "1900-01-01T23:59:59", "2199-12-31T23:59": "2199-12-31T23:59:00+02:00",
		"2024-03-31T03:30": "summer time skips", "2024-03-31T03:00:00": "summer time skips", "1899-12-31": "1900-01-01 to 2199", "2200-01-01T00:00": "1900-01-01 to 2199",
		"2199-12-31T23:00Z": "1900-01-01 to 2199", "2024-02-30": "not a moment", "tomorrow": "not a moment",
	} {
		at, err := env.parseMoment(text, p)
		got := at.Format("2006-01-02T15:04:05-07:00")
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	for _, day := range []string{"1899-12-31", "2200-01-01"} {
		for _, args := range [][]string{{"agenda"}, {"plan"}, {"explain", "S-00001"}, {"run"}, {"timetable"}, {"demo", "--once"}, {"sample", t.TempDir()}} {
			if _, told, code := vireilla(t, append(append([]string{"--data", t.TempDir()}, args...), "--at", day)...); code != usedWrongly || !strings.Contains(told, "--at: ") {
				t.Errorf("%v %s: exit %d, said %q", args, day, code, told)
			}
		}
	}
}
