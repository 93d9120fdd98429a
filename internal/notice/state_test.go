package notice

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// Every result, with and without earlier unsure attempts, under both settings of the policy.
func TestWhatALetterBecomes(t *testing.T) {
	now := at("2024-03-05 09:00")
	for _, c := range []struct {
		result Result
		unsure int
		when   string
		want   string // state, minutes to the next try, may have been accepted
	}{
		{Accepted, 0, "again", "sent"},
		{Accepted, 1, "again", "sent"},
		{Accepted, 0, "hold", "sent"},
		{Accepted, 1, "hold", "sent"},
		{Never, 0, "again", "failed why"},
		{Never, 1, "again", "failed why"},
		{Never, 0, "hold", "failed why"},
		{Never, 1, "hold", "failed why"},
		{Later, 0, "again", "deferred +1 why"},
		{Later, 1, "again", "unsure +1 why"},
		{Later, 0, "hold", "deferred +1 why"},
		{Later, 1, "hold", "unsure +1 why"}, // it was released by a person
		{Ambiguous, 0, "again", "unsure +10 why ambiguous"},
		{Ambiguous, 1, "again", "held unsure ambiguous"},
		{Ambiguous, 2, "again", "held unsure ambiguous"},
		{Ambiguous, 0, "hold", "held unsure ambiguous"},
		{Ambiguous, 1, "hold", "held unsure ambiguous"},
		{"", 0, "again", "deferred +1 why"}, // an unknown result is tried again
	} {
		next := Attempt{Tries: 1, Unsure: c.unsure, HoldWhen: c.when}.After(Outcome{Result: c.result, Why: "why"}, now)
		got := string(next.State)
		if !next.Try.IsZero() {
			got += fmt.Sprintf(" +%g", next.Try.Sub(now).Minutes())
		}
		if next.Why != "" {
			got += " " + next.Why
		}
		if next.Ambiguous {
			got += " ambiguous"
		}
		if got != c.want {
			t.Errorf("%s, unsure %d, %s: %s, want %s", c.result, c.unsure, c.when, got, c.want)
		}
	}
}

func TestTheWaitsBetweenTriesGrowToFourHours(t *testing.T) {
	now := at("2024-03-05 09:00")
	var got []time.Duration
	for tries := range 10 {
		got = append(got, Attempt{Tries: tries}.After(Outcome{Result: Later}, now).Try.Sub(now))
	}
	const m, h = time.Minute, time.Hour
	if want := []time.Duration{m, m, 5 * m, 15 * m, 30 * m, h, 2 * h, 4 * h, 4 * h, 4 * h}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestTheGuardsLimit(t *testing.T) {
	for _, c := range []struct {
		last []int
		want int
	}{
		{nil, 50},
		{[]int{10}, 50},
		{[]int{17}, 51},
		{[]int{0, 100, 40}, 120}, // the middle one, not the mean
		{[]int{0, 0, 0, 0, 900}, 50},
		{[]int{20, 40}, 90},
		{[]int{300, 10, 20, 40}, 90},
	} {
		before := slices.Clone(c.last)
		if got := GuardLimit(50, 3, c.last); got != c.want {
			t.Errorf("%v: %d, want %d", c.last, got, c.want)
		}
		if !slices.Equal(before, c.last) {
			t.Errorf("%v became %v", before, c.last)
		}
	}
}

func TestEveryStateIsListedOnce(t *testing.T) {
	all := []State{Pending, Sending, Sent, Deferred, Failed, Unsure, Held, Withdrawn}
	got := States()
	slices.Sort(all)
	slices.Sort(got)
	if !slices.Equal(got, all) {
		t.Errorf("%v", got)
	}
}

func TestWhatStandsInTheOutboxIsNotPlannedAgain(t *testing.T) {
	p := Plan{Notices: []Notice{{Key: "a", Letter: AppointmentBooked, To: "S-1", Subject: "A-1"}, {Key: "b"}, {Key: "c"}},
		Skips: []Skip{{Why: TooLate}}}
	p = p.Only(AlreadyTold, func(n Notice) bool { return n.Key != "a" && n.Key != "c" })
	if !slices.Equal(p.Keys(), []string{"b"}) {
		t.Errorf("kept %v", p.Keys())
	}
	want := []Skip{{Why: TooLate}, {Letter: AppointmentBooked, To: "S-1", Subject: "A-1", Why: AlreadyTold},
		{Why: AlreadyTold}}
	if !slices.Equal(p.Skips, want) {
		t.Errorf("skips %+v", p.Skips)
	}
}
