package workers

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Those who ask while a question is under way for long share the next one, and none of them gets the answer to the one
// before, for the switch may have been thrown since.
func TestManyShareAQuestionThatWasPutAfterTheyAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var thrown atomic.Bool
		asked, answer := 0, make(chan struct{})
		h := NewKillSwitch(func(context.Context) (bool, error) {
			asked++
			seen := thrown.Load()
			<-answer
			return seen, nil
		}, time.Second, time.Now)
		first, others := make(chan bool), make(chan bool, 9)
		ask := func(told chan<- bool) {
			halted, err := h.On(t.Context())
			if err != nil {
				t.Error(err)
			}
			told <- halted
		}
		go ask(first)
		time.Sleep(2 * time.Second)
		thrown.Store(true)
		for range cap(others) {
			go ask(others)
		}
		time.Sleep(time.Millisecond)
		answer <- struct{}{}
		if <-first {
			t.Error("the first one saw what came after its question")
		}
		answer <- struct{}{}
		for range cap(others) {
			if !<-others {
				t.Error("one got the answer to a question that was put before")
			}
		}
		if asked != 2 {
			t.Errorf("asked %d times", asked)
		}
	})
}

// A go-ahead is good for a while, counted from before the question; a halt and a failure are not.
func TestAnAnswerIsGoodForAMoment(t *testing.T) {
	const good = 20 * time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		asked, halted, down := 0, false, error(nil)
		h := NewKillSwitch(func(context.Context) (bool, error) {
			asked++
			time.Sleep(good / 2)
			return halted, down
		}, good, time.Now)
		look := func(after time.Duration, want string, questions int) {
			t.Helper()
			time.Sleep(after)
			asked = 0
			is, err := h.On(t.Context())
			if got := fmt.Sprint(is, err); got != want || asked != questions {
				t.Errorf("%s after %d questions, want %s after %d", got, asked, want, questions)
			}
		}
		look(0, "false <nil>", 1)
		halted = true
		look(good/2-1, "false <nil>", 0)
		look(1, "true <nil>", 1)
		look(0, "true <nil>", 1)
		halted, down = false, errors.New("connection refused")
		look(0, "false connection refused", 1)
		down = nil
		look(0, "false <nil>", 1)
	})
}

// Who asks together shares a failure, and the next one asks anew; who has no time left does not wait for the others.
func TestAQuestionThatFailsIsPutAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := errors.New("connection refused")
		answers := make(chan error)
		h := NewKillSwitch(func(context.Context) (bool, error) { return false, <-answers }, 0, time.Now)
		told := make(chan error, 1)
		go func() {
			_, err := h.On(t.Context())
			told <- err
		}()
		synctest.Wait()
		over, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := h.On(over); !errors.Is(err, context.Canceled) {
			t.Errorf("who has no time left got %v", err)
		}
		answers <- down
		if err := <-told; !errors.Is(err, down) {
			t.Errorf("got %v", err)
		}
		go func() {
			_, err := h.On(t.Context())
			told <- err
		}()
		answers <- nil
		if err := <-told; err != nil {
			t.Errorf("got %v after the failure", err)
		}
	})
}

// A letter in whose hands the question panics goes no further; those who wait for the same answer are not let go
// either.
func TestAQuestionThatPanicsLetsNothingOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := make(chan struct{})
		h := NewKillSwitch(func(context.Context) (bool, error) { <-answer; panic("the driver breaks") }, 0, time.Now)
		told := make(chan string, 3)
		for range cap(told) {
			go func() {
				became := "panicked"
				defer func() { _ = recover(); told <- became }()
				halted, err := h.On(t.Context())
				became = fmt.Sprint(halted, err)
			}()
		}
		synctest.Wait()
		close(answer)
		panicked := 0
		for range cap(told) {
			switch became := <-told; became {
			case "panicked":
				panicked++
			case "true <nil>":
			default:
				t.Errorf("one was told %s", became)
			}
		}
		if panicked == 0 {
			t.Error("none panicked")
		}
	})
}
