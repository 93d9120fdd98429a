package policy

import (
	"fmt"
	"time"

	"vireilla/internal/calendar"
)

// ClockTime is a time of day in minutes after midnight, written "07:30".
type ClockTime int

// UnmarshalText reads "07:30".
func (c *ClockTime) UnmarshalText(b []byte) error {
	t, err := time.Parse("15:04", string(b))
	if err != nil || len(b) != 5 {
		return fmt.Errorf("%q is not a time of day like \"07:30\"", b)
	}
	*c = ClockTime(t.Hour()*60 + t.Minute())
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (c ClockTime) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%02d:%02d", c/60, c%60), nil
}

// On gives the instant of the clock time on a day in a zone.
func (c ClockTime) On(day calendar.Day, zone *time.Location) time.Time {
	return day.At(int(c)/60, int(c)%60, zone)
}
