package templates

import (
	"fmt"
	"strings"
	"time"
)

// day writes a day as people write it: ma 4.3.2024, mån 4.3.2024, Mon 4 March 2024.
func day(language string, t time.Time) string {
	switch language {
	case "fi":
		return strings.Fields("su ma ti ke to pe la")[t.Weekday()] + t.Format(" 2.1.2006")
	case "sv":
		return strings.Fields("sön mån tis ons tors fre lör")[t.Weekday()] + t.Format(" 2.1.2006")
	}
	return t.Format("Mon 2 January 2006")
}

// moment writes a day and a time: ma 4.3.2024 klo 9.00, mån 4.3.2024 kl. 9.00,
// Mon 4 March 2024 at 9:00.
func moment(language string, t time.Time) string {
	hour, minute := t.Hour(), t.Minute()
	switch language {
	case "fi":
		return fmt.Sprintf("%s klo %d.%02d", day(language, t), hour, minute)
	case "sv":
		return fmt.Sprintf("%s kl. %d.%02d", day(language, t), hour, minute)
	}
	return fmt.Sprintf("%s at %d:%02d", day(language, t), hour, minute)
}

// plural writes n with the form that fits it.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// moved tells whether a booked time was told as old and is now another.
func moved(old, now time.Time) bool { return !old.IsZero() && !old.Equal(now) }
