package mailer

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

var (
	rejected = Outcome{Result: Failed, Code: 550, Phase: PhaseRcpt, Reason: ReasonRejected}
	morning  = time.Date(2024, 3, 4, 8, 0, 0, 0, time.UTC)
)

func person[N int | string](n N) string { return fmt.Sprintf("kanaria.person%v@example.org", n) }

func TestRelayThatRefusesEverybodyFailsNoMoreThanFive(t *testing.T) {
	var b Breaker
	for n := range 20 {
		want := Failed
		if n >= 5 {
			want = Deferred
		}
		o := b.Note(morning.Add(time.Duration(n)*time.Second), person(n), rejected)
		if o.Result != want || o.Code != 550 || (want == Deferred) != (o.Reason == ReasonRelay) {
			t.Errorf("recipient %d: %s", n, said(o))
		}
	}
	// The window slides: one that comes five minutes later is judged for itself.
	if o := b.Note(morning.Add(6*time.Minute), person(21), rejected); o != rejected {
		t.Errorf("afterwards: %s", said(o))
	}
}

func TestBreakerCountsPeopleAndNotLetters(t *testing.T) {
	var b Breaker
	for n := range 100 {
		if o := b.Note(morning, person(n%5), rejected); o.Result != Failed {
			t.Fatalf("letter %d: %s", n, said(o))
		}
	}
}

func TestBreakerForgetsAfterFiveMinutes(t *testing.T) {
	var b Breaker
	for n := range 100 {
		if o := b.Note(morning.Add(time.Duration(n)*time.Minute), person(n), rejected); o.Result != Failed {
			t.Fatalf("one a minute is no fault of the relay: letter %d: %s", n, said(o))
		}
	}
	// A clock put back by a year does not leave the breaker with moments that never pass.
	if o := b.Note(morning.AddDate(-1, 0, 0), person(100), rejected); o.Result != Failed {
		t.Error(said(o))
	}
}

func TestBreakerLeavesOtherOutcomesAlone(t *testing.T) {
	var b Breaker
	for n := range 10 {
		for _, o := range []Outcome{
			{Result: Sent, Code: 250}, {Result: Deferred, Code: 554}, {Result: Unsure},
			{Result: Failed, Phase: PhaseCompose, Reason: "subject"},
		} {
			if got := b.Note(morning, person(n), o); got != o {
				t.Errorf("%v became %v", o, got)
			}
		}
	}
	if o := b.Note(morning, person(0), rejected); o.Result != Failed {
		t.Error("what was no rejection was counted")
	}
}

func TestBreakerIsSharedByManyLetters(t *testing.T) {
	var b Breaker
	var all sync.WaitGroup
	var mu sync.Mutex
	failed := 0
	for n := range 50 {
		all.Go(func() {
			o := b.Note(morning, person(n), rejected)
			mu.Lock()
			defer mu.Unlock()
			if o.Result == Failed {
				failed++
			}
		})
	}
	all.Wait()
	if failed != 5 {
		t.Errorf("%d letters failed, want 5", failed)
	}
}
