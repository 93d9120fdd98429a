package web

import (
	"fmt"
	"html/template"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// moment writes an instant in the town's time zone; nothing for the zero time.
func (p *Pages) moment(t time.Time) template.HTML {
	if t.IsZero() {
		return ""
	}
	t = t.In(p.Policy.Location)
	return template.HTML(fmt.Sprintf(`<time datetime="%s">%s at %d:%02d</time>`,
		t.Format(time.RFC3339), t.Format("Mon 2006-01-02"), t.Hour(), t.Minute()))
}

// number writes 11500 as 11,500.
func number(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// lang writes the lang attribute for the first of several languages (RFC 3282); nothing when that is no language tag.
func lang(languages string) template.HTMLAttr {
	first, _, _ := strings.Cut(languages, ",")
	if first = strings.TrimSpace(first); !languageTag.MatchString(first) {
		return ""
	}
	return template.HTMLAttr(` lang="` + first + `"`)
}

var languageTag = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)

// span writes a duration as people say it: 3 hours 12 minutes.
func span(d time.Duration) string {
	d = d.Round(time.Minute)
	unit := func(n int, name string) string {
		if n == 1 {
			return "1 " + name
		}
		return fmt.Sprintf("%d %ss", n, name)
	}
	switch hours := int(d.Hours()); {
	case d < time.Minute:
		return "less than a minute"
	case hours >= 48:
		return unit(hours/24, "day")
	case hours == 0:
		return unit(int(d.Minutes()), "minute")
	case d%time.Hour == 0:
		return unit(hours, "hour")
	default:
		return unit(hours, "hour") + " " + unit(int(d.Minutes())%60, "minute")
	}
}

// count writes a number of things: 1 letter, 4,100 letters. At manyDue the count may have stopped: 1,000 or more
// letters.
func count(n int, thing string) string {
	switch {
	case n == 1:
		return "1 " + thing
	case n == manyDue:
		return number(n) + " or more " + thing + "s"
	}
	return number(n) + " " + thing + "s"
}

// words writes coach_digest as coach digest.
func words(name string) string { return strings.ReplaceAll(name, "_", " ") }
