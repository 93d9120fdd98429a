package workers

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"vireilla/internal/notice"
)

// unheard is a store whose line breaks at COMMIT, once: it did as told, or it did not, and its answer is lost.
type unheard struct {
	*house
	did   bool
	broke int
}

var errBroke = errors.New("the line broke")

func (u *unheard) Claim(ctx context.Context, now, wall time.Time, ids []int64, n int) ([]notice.Claimed, error) {
	claimed, err := u.house.Claim(ctx, now, wall, ids, n)
	if err != nil || u.broke > 0 {
		return claimed, err
	}
	u.broke++
	if !u.did { // as if it had been undone
		for i := range claimed {
			if _, err := u.house.Record(ctx, now, []notice.Report{returned(&claimed[i], now)}); err != nil {
				return nil, err
			}
			claimed[i].Fence++
		}
	}
	return claimed, errBroke
}

// Whoever has a letter of which the database perhaps knows that it was claimed gives it back at once: it waits for
// nobody, and is not called unsure.
func TestAClaimWhoseAnswerIsLostIsGivenBack(t *testing.T) {
	for name, did := range map[string]bool{"done": true, "not done": false} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.deliver.Outbox = &unheard{house: h, did: did}
			h.book(3)
			h.plan("2024-03-04 10:00")
			if err := h.deliver.Run(t.Context(), nil); !errors.Is(err, errBroke) {
				t.Fatal(err)
			}
			h.arrived()
			waiting, err := h.Letters(t.Context(), notice.Filter{State: string(notice.Deferred)})
			h.well(err)
			for _, e := range waiting {
				if e.Tries != 0 || e.Unsure != 0 {
					t.Errorf("%s: %d tries, %d times unsure", e.Key, e.Tries, e.Unsure)
				}
			}
			if log := h.log.String(); strings.Contains(log, "no longer ours") {
				t.Error(log)
			}
			h.send()
			if n := len(h.news()); n != 3 || len(waiting) != 3 {
				t.Errorf("%d letters given back, %d arrived; the log: %s", len(waiting), n, h.log.String())
			}
		})
	}
}
