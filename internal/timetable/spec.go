// Package timetable computes ticks: cron specs read in the town's zone, their ticks across summer time, and which ticks
// are due after a pause. It is pure: now is always a parameter, and ticks are recorded elsewhere.
//
// A spec that names its hours follows the wall clock. In the hour that summer time skips, its ticks become one at the
// hour's end; in the hour that comes twice, they come in the first. A spec with every hour of the day (`*`, `*/1`,
// `0-23`) follows real time and has ticks in every hour that passes.
package timetable

import (
	"errors"
	"fmt"
	"math/bits"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Spec is a cron spec bound to a zone. Parse makes one; the zero Spec has no ticks.
type Spec struct {
	text      string
	zone      *time.Location
	fields    cron.SpecSchedule // used with wall times only, which are written as UTC
	everyHour bool
}

// String is the spec as it was written, with single spaces and without the zone.
func (s Spec) String() string { return s.text }

// Parse reads five fields (minute, hour, day of month, month, day of week) or one of @hourly, @daily, @midnight,
// @weekly, @monthly, @yearly, @annually. With both days restricted, either is enough, as in crontab(5). What cron
// programs disagree on or accept without effect is refused: zones inside the spec, @every, seconds, steps that leave
// one value, days that no month has.
func Parse(spec string, zone *time.Location) (Spec, error) {
	text := strings.Join(strings.Fields(spec), " ")
	if zone == nil {
		return Spec{}, fmt.Errorf("timetable %q: no zone given", text)
	}
	fields, err := parse(text)
	if err != nil {
		return Spec{}, fmt.Errorf("timetable %q: %w", text, err)
	}
	s := Spec{text: text, zone: zone, fields: fields, everyHour: count(fields.Hour) == 24}
	if s.nextWall(time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return Spec{}, fmt.Errorf("timetable %q: has no tick: none of its months has such a day", text)
	}
	return s, nil
}

func parse(text string) (cron.SpecSchedule, error) {
	five, err := expand(text)
	if err != nil {
		return cron.SpecSchedule{}, err
	}
	parts := strings.Fields(five)
	if len(parts) != 5 {
		return cron.SpecSchedule{}, fmt.Errorf("has %d fields, wants 5: minute, hour, day of month, month, day of week",
			len(parts))
	}
	for i, part := range parts {
		if err := checkField(i, part); err != nil {
			return cron.SpecSchedule{}, err
		}
	}
	return parseFive(five)
}

// expand writes a word such as @daily as its five fields.
func expand(text string) (string, error) {
	upper := strings.ToUpper(text)
	switch {
	case text == "":
		return "", errors.New(`is empty; write for example "30 6 * * 1-5"`)
	case strings.HasPrefix(upper, "TZ="), strings.HasPrefix(upper, "CRON_TZ="):
		return "", errors.New("leave the zone out, every spec is in the town's zone")
	case strings.HasPrefix(upper, "@EVERY"):
		return "", errors.New(`@every counts from the start of each process; write the times on the clock, ` +
			`"*/10 * * * *" for every ten minutes, "0 */2 * * *" for every two hours`)
	case !strings.HasPrefix(text, "@"):
		return text, nil
	}
	switch text {
	case "@hourly":
		return "0 * * * *", nil
	case "@daily", "@midnight":
		return "0 0 * * *", nil
	case "@weekly":
		return "0 0 * * 0", nil
	case "@monthly":
		return "0 0 1 * *", nil
	case "@yearly", "@annually":
		return "0 0 1 1 *", nil
	}
	return "", errors.New("no such word; write @hourly, @daily, @weekly, @monthly, @yearly or five fields")
}

// checkField names the faulty field, which the library's errors do not, and refuses what the library accepts without
// effect.
func checkField(i int, part string) error {
	name := [5]string{"minute", "hour", "day of month", "month", "day of week"}[i]
	allowed := [5]string{"0-59", "0-23", "1-31", "1-12 or jan-dec", "0-6 (Sunday is 0) or sun-sat"}[i]
	for piece := range strings.SplitSeq(part, ",") {
		if piece == "" {
			return fmt.Errorf("%s %q: a comma too many", name, part)
		}
		alone := [5]string{"*", "*", "*", "*", "*"}
		alone[i] = piece
		got, err := parseFive(strings.Join(alone[:], " "))
		if err != nil || strings.ContainsFunc(piece, foreign) || strings.HasPrefix(piece, "*-") {
			return fmt.Errorf("%s %q: write %s, alone or as a list 1,3, a range 1-5, a step */2, or *", name, piece, allowed)
		}
		set := [5]uint64{got.Minute, got.Hour, got.Dom, got.Month, got.Dow}[i]
		if strings.Contains(piece, "/") && count(set) == 1 {
			return fmt.Errorf("%s %q: the step is larger than the range and leaves only %d; write that number or a smaller step",
				name, piece, bits.TrailingZeros64(set))
		}
	}
	return nil
}

// foreign says which characters no field holds: among them ? and +, which the library reads as * and as nothing.
func foreign(r rune) bool {
	return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '*' || r == '-' || r == '/')
}

// parseFive calls the library, whose parser panics on some texts.
func parseFive(five string) (fields cron.SpecSchedule, err error) {
	defer func() {
		if recover() != nil {
			fields, err = cron.SpecSchedule{}, errors.New("cannot be read")
		}
	}()
	schedule, err := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow).Parse(five)
	if err != nil {
		return cron.SpecSchedule{}, err
	}
	read, ok := schedule.(*cron.SpecSchedule)
	if !ok {
		return cron.SpecSchedule{}, errors.New("is not five fields")
	}
	fields = *read
	fields.Location = time.UTC
	return fields, nil
}

// count is how many values a field allows. The library marks `*` in the top bit.
func count(set uint64) int { return bits.OnesCount64(set &^ (1 << 63)) }
