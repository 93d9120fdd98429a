package templates

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// day writes a day as people write it: ma 4.3.2024, mån 4.3.2024, Mon 4 March 2024.
func day(language string, t time.Time) string {
	switch language {
	case "fi":
		return [...]string{"su", "ma", "ti", "ke", "to", "pe", "la"}[t.Weekday()] + t.Format(" 2.1.2006")
	case "sv":
		return [...]string{"sön", "mån", "tis", "ons", "tors", "fre", "lör"}[t.Weekday()] + t.Format(" 2.1.2006")
	}
	return t.Format("Mon 2 January 2006")
}

// moment writes a day and a time: ma 4.3.2024 klo 9.00, mån 4.3.2024 kl. 9.00,
// Mon 4 March 2024 at 9:00.
func moment(language string, t time.Time) string {
	date, hour := day(language, t), strconv.Itoa(t.Hour())
	switch language {
	case "fi":
		return date + " klo " + hour + t.Format(".04")
	case "sv":
		return date + " kl. " + hour + t.Format(".04")
	}
	return date + " at " + hour + t.Format(":04")
}

// unbroken puts no-break spaces between the name of a day and its date, and between a time and the word before it.
func unbroken(date string) string {
	date = strings.Replace(date, " ", "\u00a0", 1)
	return strings.NewReplacer(" klo ", " klo\u00a0", " kl. ", " kl.\u00a0", " at ", " at\u00a0").Replace(date)
}

// plural writes n with the form that fits it.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// moved reports whether an earlier letter named another time.
func moved(old, now time.Time) bool { return !old.IsZero() && !old.Equal(now) }
