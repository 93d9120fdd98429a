package workers

import (
	"context"
	"slices"
	"time"

	"vireilla/internal/notice"
	"vireilla/internal/policy"
)

// PhoneFacts is what the digest items that are no rule are made of.
type PhoneFacts interface {
	Soon(ctx context.Context, from, to time.Time) ([]notice.AwakeBooking, error)
	Unwritten(ctx context.Context, now time.Time) ([]notice.Skip, error)
	Bookings(ctx context.Context, ids []string) ([]notice.AwakeBooking, error)
	Matters(ctx context.Context, ids []string) ([]notice.Matter, error)
	ToldPhone(ctx context.Context) (map[policy.Key]map[string]policy.Stage, error)
}

// PhoneItems gives the appointments at so short notice that the coach phones too, and the letters that could not be written.
func PhoneItems(ctx context.Context, facts PhoneFacts, p *policy.Policy, now time.Time) ([]notice.Staged, error) {
	soon, err := facts.Soon(ctx, now, now.AddDate(0, 0, p.Appointments.ShortNoticeDays))
	if err != nil {
		return nil, err
	}
	skips, err := facts.Unwritten(ctx, now)
	if err != nil {
		return nil, err
	}
	unwritten, err := subjects(ctx, facts, skips)
	if err != nil {
		return nil, err
	}
	items := notice.PhoneItems(now, p, soon, unwritten.bookings, unwritten.matters, skips)
	told, err := facts.ToldPhone(ctx)
	for i := range items {
		items[i].Told = told[items[i].Key()]
	}
	return items, err
}

type unwritten struct {
	bookings []notice.AwakeBooking
	matters  []notice.Matter
}

// subjects reads the appointments and training cases that skips are about.
func subjects(ctx context.Context, facts PhoneFacts, skips []notice.Skip) (found unwritten, err error) {
	var appointments, training []string
	for _, k := range skips {
		if k.Letter == notice.MatterUpdate {
			training = append(training, k.Subject)
		} else {
			appointments = append(appointments, k.Subject)
		}
	}
	for _, ids := range inParts(appointments) {
		part, err := facts.Bookings(ctx, ids)
		if err != nil {
			return found, err
		}
		found.bookings = append(found.bookings, part...)
	}
	for _, ids := range inParts(training) {
		part, err := facts.Matters(ctx, ids)
		if err != nil {
			return found, err
		}
		found.matters = append(found.matters, part...)
	}
	return found, nil
}

func inParts(ids []string) [][]string {
	slices.Sort(ids)
	return slices.Collect(slices.Chunk(slices.Compact(ids), 500))
}
