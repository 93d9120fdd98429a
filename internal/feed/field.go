package feed

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"vireilla/internal/address"
	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
)

const (
	maxName = 100 // characters
	maxTag  = 16

	notUTF8   = "is not UTF-8; is it an old export in windows-1252?"
	notDay    = "is not a day like 2024-03-04 in 1900–2199"
	notMoment = "is not a moment like 2024-03-04T09:00 or 2024-03-04T09:00+02:00 in 1900–2199"
)

// read gives the value of a field that is not empty, or what is wrong with it. The fault never repeats the field.
func (c *column) read(s string) (value any, what string) {
	switch c.Kind {
	case caseload.ID:
		return s, idFault(s)
	case caseload.Word:
		if w, ok := c.words[s]; ok {
			return w, ""
		}
		return nil, "is not one of " + strings.Join(c.Words, ", ")
	case caseload.Tag:
		return s, tagFault(s)
	case caseload.Email:
		normal, err := address.Normal(s)
		if err != nil {
			return nil, err.Error()
		}
		return normal, ""
	case caseload.Name:
		return s, nameFault(s)
	case caseload.DayKind:
		_, ok := day(s)
		if !ok {
			return nil, notDay
		}
		return s, ""
	case caseload.Number:
		n, ok := number(s)
		if !ok || n < int64(c.Least) || n > int64(c.Most) {
			return nil, "is not a whole number in " + strconv.Itoa(c.Least) + "–" + strconv.Itoa(c.Most)
		}
		return n, ""
	case caseload.Flag:
		switch s {
		case "true":
			return int64(1), ""
		case "false":
			return int64(0), ""
		}
		return nil, "is neither true nor false"
	}
	return s, textFault(s)
}

func idFault(s string) string {
	ok := len(s) <= 64
	for i := range len(s) {
		c := s[i]
		ok = ok && (isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || strings.IndexByte("._:-", c) >= 0)
	}
	switch {
	case !ok:
		return "is not an id: 1–64 of A–Z a–z 0–9 . _ : -"
	case isIdentityCode(s):
		return "is a personal identity code, which may not be an id"
	}
	return ""
}

// tagFault accepts a subset of RFC 5646: a language of 2–3 letters and subtags of 2–8 characters, in lower case.
func tagFault(s string) string {
	ok, first := len(s) <= maxTag, true
	for part := range strings.SplitSeq(s, "-") {
		ok = ok && len(part) >= 2 && (len(part) <= 3 || !first && len(part) <= 8)
		for i := range len(part) {
			ok = ok && ('a' <= part[i] && part[i] <= 'z' || !first && isDigit(part[i]))
		}
		first = false
	}
	if !ok {
		return "is not a language tag like fi or fi-selko"
	}
	return ""
}

func nameFault(s string) string {
	if !utf8.ValidString(s) {
		return notUTF8
	}
	letters := 0
	for _, c := range s {
		switch {
		case unicode.IsLetter(c):
			letters++
		case !unicode.IsMark(c) && !strings.ContainsRune(" '’.-", c):
			return "has other characters than letters, marks, spaces and ' ’ . -"
		}
	}
	if letters == 0 {
		return "has no letter"
	}
	if utf8.RuneCountInString(s) > maxName {
		return "is longer than 100 characters"
	}
	return ""
}

func textFault(s string) string {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			if what := characterFault(s); what != "" {
				return what
			}
			break
		}
	}
	if s[0] == '=' || s[0] == '@' || (s[0] == '+' || s[0] == '-') && strings.ContainsAny(s, "(|!=") {
		return "begins like a spreadsheet formula"
	}
	return ""
}

// characterFault checks a text that has characters other than printable ASCII.
func characterFault(s string) string {
	if !utf8.ValidString(s) {
		return notUTF8
	}
	for _, c := range s {
		switch {
		case c == '\n' || c == '\r' || unicode.In(c, unicode.Zl, unicode.Zp):
			return "has a line break"
		case unicode.IsControl(c):
			return "has a control character"
		case unicode.Is(unicode.Bidi_Control, c):
			return "has a character that changes the writing direction"
		}
	}
	return ""
}

func day(s string) (calendar.Day, bool) {
	d, err := calendar.ParseDay(s)
	return d, err == nil && inRange(s)
}

// inRange reports whether a day, as text, lies in the years that the feed accepts.
func inRange(day string) bool { return day >= "1900" && day < "2200" }

func number(s string) (int64, bool) {
	if len(s) == 0 || len(s) > 9 {
		return 0, false
	}
	n := int64(0)
	for i := range len(s) {
		if !isDigit(s[i]) {
			return 0, false
		}
		n = n*10 + int64(s[i]-'0')
	}
	return n, true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// moment reads 2024-03-04T09:00 or 2024-03-04T09:00:30 as a time in the zone; with Z or +02:00 at the end, that is the
// offset. It gives milliseconds since 1970 UTC and the date in the zone.
func moment(s string, zone *time.Location) (ms int64, local, what string) {
	if len(s) < 16 || s[10] != 'T' {
		return 0, "", notMoment
	}
	d, ok := day(s[:10])
	seconds, rest, clock := clockTime(s[11:])
	if !ok || !clock {
		return 0, "", notMoment
	}
	if rest == "" {
		t := d.At(seconds/3600, seconds/60%60, zone)
		if t.Hour() != seconds/3600 || t.Minute() != seconds/60%60 {
			return 0, "", "does not exist: summer time skips that hour"
		}
		ms, local = t.UnixMilli()+int64(seconds%60)*1000, s[:10]
	} else {
		offset, ok := zoneOffset(rest)
		if !ok {
			return 0, "", notMoment
		}
		unix := d.At(0, 0, time.UTC).Unix() + int64(seconds-offset)
		ms, local = unix*1000, calendar.DayOf(time.Unix(unix, 0), zone).String()
		if !inRange(local) {
			return 0, "", notMoment
		}
	}
	if ms == 0 {
		return 0, "", "is 1970-01-01T00:00Z, which stands for an empty field"
	}
	return ms, local, ""
}

// clockTime reads 09:00 or 09:00:30 from the start of s. It gives the second of the day and the rest of s.
func clockTime(s string) (second int, rest string, ok bool) {
	hour, okHour := twoDigits(s, 0, 23)
	minute, okMinute := twoDigits(s, 3, 59)
	if !okHour || !okMinute || s[2] != ':' {
		return 0, "", false
	}
	second, rest = hour*3600+minute*60, s[5:]
	if strings.HasPrefix(rest, ":") {
		n, ok := twoDigits(rest, 1, 59)
		if !ok {
			return 0, "", false
		}
		second, rest = second+n, rest[3:]
	}
	return second, rest, true
}

// zoneOffset reads Z or +02:00 and gives seconds east of UTC.
func zoneOffset(s string) (int, bool) {
	if s == "Z" {
		return 0, true
	}
	hours, okHours := twoDigits(s, 1, 14)
	minutes, okMinutes := twoDigits(s, 4, 59)
	if !okHours || !okMinutes || len(s) != 6 || s[3] != ':' {
		return 0, false
	}
	offset := hours*3600 + minutes*60
	switch s[0] {
	case '+':
		return offset, true
	case '-':
		return -offset, true
	}
	return 0, false
}

// twoDigits reads the two digits at index at of s as a number from 0 to most.
func twoDigits(s string, at, most int) (int, bool) {
	if len(s) < at+2 || !isDigit(s[at]) || !isDigit(s[at+1]) {
		return 0, false
	}
	n := int(s[at]-'0')*10 + int(s[at+1]-'0')
	return n, n <= most
}
