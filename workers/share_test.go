package workers

import (
	"context"
	"errors"
	"testing"

	"vireilla/internal/calendar"
)

// crowd is an agenda on which many wake.
type crowd struct {
	*house
	awake int
}

func (c crowd) Awake(_ context.Context, _ calendar.Day, limit int) (int, error) {
	return min(c.awake, limit), nil
}

func TestAScanOfManyCasesIsShared(t *testing.T) {
	h := newHouse(t)
	h.set("2024-03-05 07:30")
	for awake, want := range map[int]int{0: 0, share: 0, 2*share - 1: 0, 2 * share: 1, 5*share + 1: 4, 100 * share: helpers} {
		asked := 0
		h.scan.Store = crowd{h, awake}
		h.scan.Help = func(_ context.Context, n int) error {
			asked += n
			return errors.New("nobody is there") // the scan goes on alone
		}
		h.well(h.scan.Run(t.Context(), "contacts", h.clock()))
		if asked != want {
			t.Errorf("%d cases: asked %d to help, want %d", awake, asked, want)
		}
	}
}

func TestWhoeverIsAskedLooksAtWhatWakes(t *testing.T) {
	h := newHouse(t)
	h.set("2024-03-05 07:30")
	h.put("seekers.csv", seeker("S-1"))
	q, _, ended := queued(t, h)
	h.well(q.Help(t.Context(), 2))
	for range 2 {
		h.well(<-ended)
	}
	if n, err := h.DB.Awake(t.Context(), calendar.Date(2024, 3, 5), 10); err != nil || n != 0 {
		t.Errorf("%d cases are still awake, %v", n, err)
	}
}
