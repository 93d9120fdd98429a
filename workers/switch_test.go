package workers

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"vireilla/internal/notice"
)

// Four workers share fifty claimed letters. At the moment when the switch is thrown each has one on the line: these end
// as they will, and no other begins.
func TestTheKillSwitchStopsLettersThatAreClaimedAlready(t *testing.T) {
	const hands = 4
	h := newHouse(t)
	h.book(50)
	h.plan("2024-03-04 10:00")
	var all, onTheLine sync.WaitGroup
	onTheLine.Add(hands)
	var thrown sync.Once
	send := h.deliver.Send
	h.deliver.Send = func(ctx context.Context, m Mail) notice.Outcome {
		if !m.Still() {
			return notice.Outcome{Result: notice.Later}
		}
		onTheLine.Done()
		onTheLine.Wait() // more than these, and the counter falls below zero, which panics
		thrown.Do(func() { h.well(h.SetKillSwitch(ctx, true)) })
		m.Still = nil // asked already
		return send(ctx, m)
	}
	for range hands {
		all.Go(func() {
			if err := h.deliver.batchOf(12); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(h.news()); n != hands {
		t.Errorf("%d letters, %d were on the line", n, hands)
	}
	waiting, err := h.Letters(t.Context(), notice.Filter{State: string(notice.Deferred)})
	h.well(err)
	for _, e := range waiting {
		if e.Tries != 0 {
			t.Errorf("%s counts a try", e.Key)
		}
	}
	h.deliver.Send = send
	h.send()
	h.arrived()
	h.well(h.SetKillSwitch(t.Context(), false))
	h.set("2024-03-04 10:01")
	h.send()
	if n := len(h.news()); n != 50-hands {
		t.Errorf("%d letters after the switch was turned back", n)
	}
}

// batchOf claims so many letters and takes them to the relay.
func (d *Deliver) batchOf(n int) error {
	claimed, err := d.Outbox.Claim(context.Background(), d.Clock(), d.Wall(), nil, n)
	if err != nil {
		return err
	}
	group, err := d.batch(context.Background(), claimed)
	return errors.Join(err, group.wait(context.Background()))
}

func TestASwitchThatCannotBeReadStopsLetters(t *testing.T) {
	h := newHouse(t)
	h.book(1)
	h.plan("2024-03-04 10:00")
	ask := h.deliver.SendingBlocked
	h.deliver.SendingBlocked = func(context.Context) (bool, error) { return false, errors.New("connection refused") }
	h.well(h.deliver.batchOf(1))
	h.arrived()
	h.outbox("deferred " + first)
	h.deliver.SendingBlocked = ask
	h.set("2024-03-04 10:01")
	h.send()
	h.arrived(first)
	if strings.Contains(h.log.String(), "panicked") {
		t.Error(h.log.String())
	}
}
