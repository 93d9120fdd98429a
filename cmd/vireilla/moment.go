package main

import (
	"errors"
	"fmt"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/policy"
)

// parseDay reads --at as a day; empty is today.
func (env *environment) parseDay(text string, p *policy.Policy) (calendar.Day, error) {
	if text == "" {
		return calendar.DayOf(now(), p.Location), nil
	}
	day, err := calendar.ParseDay(text)
	if err == nil {
		err = inYears(day)
	}
	if err != nil {
		return 0, usageError{fmt.Errorf("--at: %w", err)}
	}
	return day, nil
}

// parseMoment reads --at as a moment in the town's zone. A day means its last second, so that the answer covers the
// whole day. Empty is now.
func (env *environment) parseMoment(text string, p *policy.Policy) (time.Time, error) {
	if text == "" {
		return now().In(p.Location), nil
	}
	day, err := calendar.ParseDay(text)
	at := (day + 1).At(0, 0, p.Location).Add(-time.Second)
	if err != nil {
		at, err = readMoment(text, p.Location)
	}
	if err == nil {
		err = inYears(calendar.DayOf(at, p.Location))
	}
	if err != nil {
		return time.Time{}, usageError{fmt.Errorf("--at: %w", err)}
	}
	return at, nil
}

// readMoment reads a moment as the feed does: a local time, or one followed by Z or an offset such as +02:00. When the
// end of summer time makes an hour come twice, a local time means the first.
func readMoment(text string, zone *time.Location) (time.Time, error) {
	for _, layout := range []string{"2006-01-02T15:04Z07:00", time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.In(zone), nil
		}
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		wall, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		at := calendar.DayOf(wall, time.UTC).At(wall.Hour(), wall.Minute(), zone)
		at = at.Add(time.Duration(wall.Second()) * time.Second)
		if at.Format(layout) != text {
			return at, errors.New("does not exist: summer time skips that hour")
		}
		return at, nil
	}
	return time.Time{}, errors.New("not a moment like 2024-03-04T08:00 or a day like 2024-03-04")
}

// inYears fails on days that the feed refuses too.
func inYears(day calendar.Day) error {
	if day < calendar.Date(1900, 1, 1) || day > calendar.Date(2199, 12, 31) {
		return errors.New("lies outside 1900-01-01 to 2199-12-31")
	}
	return nil
}

// stamp writes a moment in a zone (RFC 3339), and the zero time as "".
func stamp(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	return t.In(zone).Format(time.RFC3339)
}
