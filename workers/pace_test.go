package workers

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestLettersBeginEvenlyHoweverManyHandsThereAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, began := PerMinute(60), time.Now()
		var hands sync.WaitGroup
		for range 5 {
			hands.Go(func() {
				for range 4 {
					p.wait(context.Background(), context.Background())
				}
			})
		}
		hands.Wait()
		if took := time.Since(began); took != 19*time.Second { // the first begins at once
			t.Errorf("20 letters took %s", took)
		}
		stopped, stop := context.WithCancel(t.Context())
		stop()
		PerMinute(1).wait(context.Background(), stopped)
		p.wait(stopped, context.Background())
		<-time.After(time.Minute)
	})
}

func TestWithoutAPaceNobodyWaits(t *testing.T) {
	p := PerMinute(0)
	p.wait(t.Context(), t.Context())
	if p.batch() != 25 || PerMinute(10).batch() != 1 || PerMinute(600).batch() != 10 || PerMinute(9000).batch() != 25 {
		t.Error("a worker claims what it sends within a second, 25 at most")
	}
}
