package workers

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
)

// Ping reports to an outside service how the day's digests go. The service alerts somebody when no report comes: the
// one alarm that a dead program can give. The convention is that of healthchecks.io: "/start", "" for a good end,
// "/fail".
type Ping struct {
	Policy *policy.Policy
	Outbox interface {
		RunCounts(ctx context.Context, kind string, day calendar.Day) (became map[notice.State]int, planned time.Time, err error)
		Pinged(ctx context.Context) (string, error)
		SetPinged(ctx context.Context, what string) error
	}
	Call func(ctx context.Context, what string) error
	Log  *slog.Logger
}

// unfinished is how long after its planning a run may still have letters to send.
const unfinished = 2 * time.Hour

// Check reports when something changed since the last report that arrived. It never stops letters: a report that fails
// is tried again at the next check.
func (p *Ping) Check(ctx context.Context, now time.Time) error {
	day := calendar.DayOf(now, p.Policy.Location)
	became, planned, err := p.Outbox.RunCounts(ctx, "digests", day)
	if err != nil || planned.IsZero() {
		return err
	}
	what := p.what(became, planned, now)
	last, err := p.Outbox.Pinged(ctx)
	if err != nil || last == day.String()+what {
		return err
	}
	if err := p.Call(ctx, what); err != nil {
		p.Log.Warn("the service at PING_URL was not reached; trying again", "err", err)
		return nil
	}
	if err := p.Outbox.SetPinged(ctx, day.String()+what); err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	return nil
}

func (p *Ping) what(became map[notice.State]int, planned, now time.Time) string {
	open := became[notice.Pending] + became[notice.Sending] + became[notice.Deferred] + became[notice.Unsure]
	switch {
	case open > 0 && now.Before(planned.Add(unfinished)):
		return "/start"
	case open > 0 || became[notice.Held] > 0 || became[notice.Failed] > 0:
		return "/fail"
	}
	return ""
}
