package workers

import (
	"context"
	"slices"
	"time"

	"vireilla/internal/notice"
	"vireilla/internal/policy"
)

// SubjectFacts gives what letters are about, by id.
type SubjectFacts interface {
	Bookings(ctx context.Context, ids []string) ([]notice.AwakeBooking, error)
	Matters(ctx context.Context, ids []string) ([]notice.Matter, error)
}

// CallFacts is what the digest items that ask a coach to phone are made of.
type CallFacts interface {
	SubjectFacts
	Soon(ctx context.Context, from, to time.Time) ([]notice.AwakeBooking, error)
	Unwritten(ctx context.Context, now time.Time) ([]notice.Skip, error)
	ToldPhone(ctx context.Context) (map[policy.Key]map[string]policy.Stage, error)
}

// CallItems gives the digest items that ask a coach to phone: appointments at short notice, and letters that could not
// be written.
func CallItems(ctx context.Context, facts CallFacts, p *policy.Policy, now time.Time) ([]notice.Staged, error) {
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

// callsStanding gives of the named items those that still stand. It reads only what they name.
func callsStanding(ctx context.Context, facts SubjectFacts, p *policy.Policy, now time.Time, named []notice.Item) ([]notice.Staged, error) {
	var soon []string
	var skips []notice.Skip
	for _, i := range named {
		switch {
		case !i.At.After(now):
		case i.Rule == notice.ShortNotice:
			soon = append(soon, i.Subject)
		default: // the letter that could not be written was about an appointment or a training case
			skips = append(skips, notice.Skip{Subject: i.Subject, Until: i.At}, notice.Skip{Letter: notice.MatterUpdate, Subject: i.Subject, Until: i.At})
		}
	}
	bookings, err := bookingsOf(ctx, facts, soon)
	if err != nil {
		return nil, err
	}
	unwritten, err := subjects(ctx, facts, skips)
	return notice.PhoneItems(now, p, bookings, unwritten.bookings, unwritten.matters, skips), err
}

type unwritten struct {
	bookings []notice.AwakeBooking
	matters  []notice.Matter
}

// subjects reads the appointments and training cases that skips are about.
func subjects(ctx context.Context, facts SubjectFacts, skips []notice.Skip) (found unwritten, err error) {
	var appointments, training []string
	for _, k := range skips {
		if k.Letter == notice.MatterUpdate {
			training = append(training, k.Subject)
		} else {
			appointments = append(appointments, k.Subject)
		}
	}
	if found.bookings, err = bookingsOf(ctx, facts, appointments); err != nil {
		return found, err
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

func bookingsOf(ctx context.Context, facts SubjectFacts, ids []string) (found []notice.AwakeBooking, err error) {
	for _, ids := range inParts(ids) {
		part, err := facts.Bookings(ctx, ids)
		if err != nil {
			return nil, err
		}
		found = append(found, part...)
	}
	return found, nil
}

func inParts(ids []string) [][]string {
	slices.Sort(ids)
	return slices.Collect(slices.Chunk(slices.Compact(ids), 500))
}
