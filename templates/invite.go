package templates

import (
	"errors"
	"fmt"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
)

const (
	zoneID    = "Europe/Helsinki"
	localTime = "20060102T150405"
)

// invitation returns the .ics of an appointment: one event that keeps its UID through every change (RFC 5546 sections
// 3.2.2 and 3.2.5). People share calendars, so it says less than the letter: it is a private event without the kind of
// meeting.
func (lt *letterTemplate) invitation(method string, a Appointment) ([]byte, error) {
	_, host, _ := strings.Cut(a.Organizer, "@")
	switch {
	case !plainAddress(a.Organizer), !plainAddress(a.Attendee):
		return nil, errors.New("field Organizer or Attendee is not a plain mail address")
	case clean(a.ID) != a.ID || a.ID == "":
		return nil, errors.New("field ID is empty or holds odd characters")
	case a.Stamp.IsZero():
		return nil, errors.New("field Stamp is missing")
	}
	summary, err := lt.words.word("calendar", "summary")
	if err != nil {
		return nil, err
	}
	cal := ics.NewCalendar()
	cal.SetProductId("-//Vireilla//Letters//" + strings.ToUpper(lt.language))
	cal.SetMethod(ics.Method(method))
	addZone(cal)

	event := cal.AddEvent(a.ID + "@" + host)
	event.SetDtStampTime(a.Stamp)
	event.SetSequence(a.Sequence)
	inZone := ics.WithTZID(zoneID)
	event.SetProperty(ics.ComponentPropertyDtStart, a.Start.Format(localTime), inZone)
	if a.Minutes > 0 {
		end := a.Start.Add(time.Duration(a.Minutes) * time.Minute)
		event.SetProperty(ics.ComponentPropertyDtEnd, end.Format(localTime), inZone)
	}
	event.SetSummary(fmt.Sprintf("%s – %s", summary, unlink(clean(a.Town.in(lt.language)))))
	if a.Mode == "office" && a.Place != "" {
		event.SetLocation(unlink(clean(a.Place)))
	}
	event.SetClass(ics.ClassificationPrivate)
	event.SetOrganizer(a.Organizer)
	event.AddAttendee(a.Attendee, ics.ParticipationRoleReqParticipant, ics.WithRSVP(false))
	event.SetStatus(ics.ObjectStatusConfirmed)
	if method == string(ics.MethodCancel) {
		event.SetStatus(ics.ObjectStatusCancelled)
	}
	return []byte(cal.Serialize(ics.WithNewLineWindows)), nil
}

// addZone describes Finnish time by the rule of the European Union since 1996.
func addZone(cal *ics.Calendar) {
	zone := cal.AddTimezone(zoneID)
	summer, winter := &ics.Daylight{}, zone.AddStandard()
	zone.Components = append(zone.Components, summer)
	for _, half := range []struct {
		part                         *ics.ComponentBase
		name, start, from, to, month string
	}{
		{&summer.ComponentBase, "EEST", "19970330T030000", "+0200", "+0300", "3"},
		{&winter.ComponentBase, "EET", "19961027T040000", "+0300", "+0200", "10"},
	} {
		half.part.SetProperty(ics.ComponentPropertyDtStart, half.start)
		half.part.SetProperty(ics.ComponentProperty(ics.PropertyTzoffsetfrom), half.from)
		half.part.SetProperty(ics.ComponentProperty(ics.PropertyTzoffsetto), half.to)
		half.part.SetProperty(ics.ComponentProperty(ics.PropertyTzname), half.name)
		half.part.SetProperty(ics.ComponentPropertyRrule, "FREQ=YEARLY;BYMONTH="+half.month+";BYDAY=-1SU")
	}
}

// plainAddress reports whether s is local@domain in ASCII, without characters that could start another property or
// address.
func plainAddress(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	odd := func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"(),:;<>@[\]`, r) }
	return ok && local != "" && domain != "" && !strings.ContainsFunc(local, odd) && !strings.ContainsFunc(domain, odd)
}
