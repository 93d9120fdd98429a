package workers

import (
	"context"
	"flag"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vireilla/internal/notice"
	"vireilla/internal/test/smtptest"
)

// waitingLetters is how many letters wait for the relay. .ci/night gives 50,000.
var waitingLetters = flag.Int("letters", 2_000, "letters that wait for a relay that is down for a week")

// The relay is down for a week while thousands of letters wait. Half of them are about appointments that are over when
// the relay is back. The pace is kept by the clock of the bubble, to which the clock of the test is tied then.
func TestAfterAWeekWithoutARelayNothingIsLostAndThePaceIsKept(t *testing.T) {
	const perMinute, hands = 3000, 4
	waiting := *waitingLetters
	if testing.Short() || underRaceDetector() {
		waiting = min(waiting, 1_000)
	}
	server := smtptest.Start(t, smtptest.WithoutData())
	synctest.Test(t, func(t *testing.T) {
		h := newHouseWith(t, server)
		h.deliver.Policy.Guard.Floor = waiting
		var seekers, appointments []row
		for i := range waiting {
			s, start := fmt.Sprint("S-", i), "2024-03-28 09:00"
			if i%2 == 0 {
				start = "2024-03-08 09:00"
			}
			seekers = append(seekers, settled(s))
			appointments = append(appointments, appointment(fmt.Sprint("A-", i), s, start, "2024-03-04 08:00"))
		}
		h.put("seekers.csv", seekers...)
		h.put("appointments.csv", appointments...)
		h.set("2024-03-04 10:00")
		h.run("appointments")
		send := h.deliver.Send
		h.deliver.Send = func(context.Context, Mail) notice.Outcome {
			return notice.Outcome{Result: notice.Later, Why: "unreachable"}
		}
		h.set("2024-03-07 09:00")
		h.send()
		h.counts(map[notice.State]int{notice.Deferred: waiting})

		opened, began := local("2024-03-11 09:00"), time.Now()
		clock := func() time.Time { return opened.Add(time.Since(began)) }
		h.turn(opened)
		h.deliver.Clock, h.deliver.Wall, h.deliver.Record.Clock, h.deliver.Pace = clock, clock, clock, PerMinute(perMinute)
		var mu sync.Mutex
		byMinute := map[string]int{}
		h.deliver.Send = func(ctx context.Context, m Mail) notice.Outcome {
			mu.Lock()
			byMinute[clock().Format("15:04")]++
			mu.Unlock()
			return send(ctx, m)
		}
		for due := 1; due > 0; {
			var all sync.WaitGroup
			for range hands {
				all.Go(func() {
					if err := h.deliver.Run(context.Background(), nil); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			var err error
			due, err = h.Due(t.Context(), clock())
			h.well(err)
		}
		h.counts(map[notice.State]int{notice.Sent: waiting / 2, notice.Withdrawn: waiting / 2})
		for minute, n := range byMinute {
			if n > perMinute+1 {
				t.Errorf("%d letters in the minute of %s", n, minute)
			}
		}
		if took, least := time.Since(began), time.Duration(waiting/2)*time.Minute/perMinute; took < least-time.Second || took > 2*least {
			t.Errorf("it took %s", took)
		}
		<-time.After(time.Minute) // the recorder looks once more
	})
}

func underRaceDetector() bool {
	info, known := debug.ReadBuildInfo()
	return known && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// counts expects how many letters are in which state; there are no others.
func (h *house) counts(want map[notice.State]int) {
	h.t.Helper()
	got := map[notice.State]int{}
	for _, e := range h.outboxByID() {
		got[e.State]++
		if e.State == notice.Withdrawn && e.Why == "" {
			h.t.Errorf("%s is withdrawn, and nothing says why", e.Key)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		h.t.Fatalf("%v, want %v", got, want)
	}
}
