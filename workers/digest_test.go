package workers

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"vireilla/internal/notice"
)

func TestACoachIsToldOnceADay(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", seeker("S-1"))
	h.at("2024-03-04 07:30")
	h.arrived() // nothing has come near
	h.at("2024-03-05 05:00")
	h.arrived()
	h.at("2024-03-05 07:30")
	h.arrived("coach_digest/C-1/2024-03-05") // upcoming
	h.at("2024-03-05 07:31")
	h.at("2024-03-05 15:00")
	h.at("2024-03-06 07:30")
	h.at("2024-03-07 07:30")
	h.arrived()
	h.at("2024-03-08 07:30")
	h.arrived("coach_digest/C-1/2024-03-08") // due
	h.at("2024-03-09 07:30")
	h.at("2024-03-10 07:30")
	h.arrived()
	h.at("2024-03-11 07:30")
	h.arrived("coach_digest/C-1/2024-03-11") // overdue
	h.at("2024-03-12 07:30")
	h.arrived()
	h.at("2024-03-13 07:30")
	h.arrived("coach_digest/C-1/2024-03-13", "lead_escalation/T-1/2024-03-13")
	h.at("2024-03-14 07:30")
	h.at("2024-03-15 07:30")
	h.arrived()
	h.at("2024-03-18 07:30")
	h.arrived("coach_digest/C-1/2024-03-18") // a new week, and still not done
	h.put("contacts.csv", interview("K-1", "S-1", "2024-03-18"))
	h.at("2024-03-25 07:30")
	h.arrived()
}

// noRegister is a register that the recheck cannot read, but for so many times.
type noRegister struct {
	*house
	times int
}

var errNoRegister = errors.New("the register cannot be read")

func (r *noRegister) Staged(ctx context.Context, seekers ...string) ([]notice.Staged, error) {
	if r.times--; r.times < 0 {
		return nil, errNoRegister
	}
	return r.house.Staged(ctx, seekers...)
}

// Digests with many items are rechecked a few at a time. When the register cannot be read in between, the rest of the
// batch is given back.
func TestLongDigestsAreRecheckedInPortions(t *testing.T) {
	h := newHouse(t)
	h.scan.Policy.Digest.MaxItems = itemsAtOnce
	var all []row
	for _, c := range []string{"C-1", "C-2"} {
		for i := range itemsAtOnce/2 + 1 {
			s := seeker(fmt.Sprintf("%s-%d", c, i))
			s["coach_id"] = c
			all = append(all, s)
		}
	}
	h.put("seekers.csv", all...)
	h.set("2024-03-05 07:30")
	h.run("contacts", "digests")
	h.deliver.Facts = &noRegister{h, 1}
	if err := h.deliver.Run(t.Context(), nil); !errors.Is(err, errNoRegister) {
		t.Fatal(err)
	}
	if n := len(h.news()); n != 1 {
		t.Errorf("%d letters arrived before", n)
	}
	waiting, err := h.Letters(t.Context(), notice.Filter{State: string(notice.Deferred)})
	h.well(err)
	if len(waiting) != 1 || waiting[0].Tries != 0 {
		t.Errorf("given back: %+v", waiting)
	}
	h.deliver.Facts = h
	h.send()
	if n := len(h.news()); n != 1 {
		t.Errorf("%d letters arrived after", n)
	}
}

func TestAPortionHasFewItemsOrOneLetter(t *testing.T) {
	of := func(items ...int) (claimed []notice.Claimed) {
		for _, n := range items {
			claimed = append(claimed, notice.Claimed{Notice: notice.Notice{Items: make([]notice.Item, n)}})
		}
		return claimed
	}
	for _, c := range []struct {
		claimed []notice.Claimed
		want    int
	}{{of(0, 0, 0), 3}, {of(itemsAtOnce), 1}, {of(itemsAtOnce+1, 0), 1}, {of(0, itemsAtOnce+1), 1}, {of(itemsAtOnce-1, 1, 1), 2}} {
		if n := portion(c.claimed); n != c.want {
			t.Errorf("%d of %d letters at once, want %d", n, len(c.claimed), c.want)
		}
	}
}
