package notice

import (
	"fmt"
	"testing"

	"vireilla/internal/caseload"
	"vireilla/internal/policy"
)

func TestWhatIsShortNotice(t *testing.T) {
	for _, c := range []struct {
		name, start, booked, changed string
		want                         bool
	}{
		{"a week", "2024-03-14 09:00", "2024-03-07 09:00", "", false},
		{"a minute less", "2024-03-14 09:00", "2024-03-07 09:01", "", true},
		{"moved near", "2024-03-14 09:00", "2024-02-01 09:00", "2024-03-11 12:00", true},
		{"moved in time", "2024-03-14 09:00", "2024-02-01 09:00", "2024-03-06 12:00", false},
		{"booked near, moved far", "2024-03-29 09:00", "2024-03-11 09:00", "2024-03-12 12:00", false},
	} {
		b := booked(c.start, c.booked)
		b.ChangedAt = at(c.changed)
		if got := short(office(), b.Appointment); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func lines(items []Staged) []string {
	out := []string{}
	for _, i := range items {
		out = append(out, fmt.Sprintln(i.Rule, i.Seeker, i.Subject, "to", i.Coach, "until", local(i.At), i.Why))
		out[len(out)-1] = out[len(out)-1][:len(out[len(out)-1])-1]
	}
	return out
}

func TestTheCoachPhonesAboutAnAppointmentSoNear(t *testing.T) {
	const short = "short_notice S-1 A-1 to C-1 until 2024-03-07 09:00 "
	near := booked("2024-03-07 09:00", "2024-03-04 08:00")
	later := near
	later.BookedAt = at("2024-03-05 12:00")
	moved := near
	moved.ChangedAt = at("2024-03-05 12:00")
	for _, c := range []struct {
		name string
		b    Booking
		want []string
	}{
		{"booked near", near, []string{short}},
		{"booked in time", booked("2024-03-07 09:00", "2024-02-20 08:00"), []string{}},
		{"cancelled", near.cancelled("2024-03-04 12:00"), []string{}},
		{"cancelled later", near.cancelled("2024-03-06 12:00"), []string{short}},
		{"booked only later", later, []string{}},
		{"moved only later", moved, []string{}},
		{"it has begun", booked("2024-03-05 07:30", "2024-03-04 08:00"), []string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			expect(t, lines(PhoneItems(at("2024-03-05 07:30"), office(), []AwakeBooking{{Booking: c.b}}, nil, nil, nil)), c.want)
		})
	}
}

func TestTheCoachPhonesWhomNoLetterReaches(t *testing.T) {
	now := at("2024-03-05 07:30")
	unreachable := func(b Booking) Booking {
		b.Seeker.EmailTier = "none"
		return b
	}
	b := unreachable(booked("2024-03-14 09:00", "2024-03-01 09:00"))
	begun := unreachable(booked("2024-03-05 07:30", "2024-02-01 09:00"))
	m := awaited(policy.Due)
	m.Suppressed = true
	handled := m
	handled.HandlerID, handled.ID = "C-2", "M-2"
	skips := []Skip{{Subject: "A-1", Until: at("2024-03-14 09:00")}, {Subject: "M-1", Until: at("2024-03-09 00:00")},
		{Subject: "M-2", Until: at("2024-03-10 00:00")}}
	got := PhoneItems(now, office(), nil, []AwakeBooking{{Booking: b}, {Booking: begun}},
		[]Matter{handled, m, decided("2024-03-05")}, skips)
	expect(t, lines(got), []string{
		"reach_by_phone S-1 A-1 to C-1 until 2024-03-14 09:00 no_consent",
		"reach_by_phone S-1 M-1 to C-1 until 2024-03-09 00:00 suppressed_address",
		"reach_by_phone S-1 M-2 to C-2 until 2024-03-10 00:00 suppressed_address",
	})
	// Reachable again.
	expect(t, lines(PhoneItems(now, office(), nil, []AwakeBooking{{Booking: booked("2024-03-14 09:00", "2024-03-01 09:00")}}, nil, skips)), []string{})
}

func TestPhoneItemsStandInTheDigest(t *testing.T) {
	now := at("2024-03-05 07:30")
	phone := PhoneItems(now, office(), []AwakeBooking{{Booking: booked("2024-03-05 15:00", "2024-03-04 17:00")}}, nil,
		nil, nil)
	same := owed("S-0", "statement", policy.Due, "2024-03-05")
	late := owed("S-9", "initial_interview", policy.Overdue, "2024-03-01")
	expect(t, words(digests(now, office(), team(), append(phone, same, late)))[:1],
		[]string{"send coach_digest/C-1/2024-03-05 at 2024-03-05 07:30: S-9! S-1! S-0!"})
	phone[0].Told = map[string]policy.Stage{"C-1": policy.Due}
	expect(t, words(digests(now, office(), team(), phone))[:1], []string{"skip coach_digest C-1 already_told"})
}

func TestACaseThatLeftHasNothingOnTheAgenda(t *testing.T) {
	p := office()
	a := Awake{Case: caseload.Case{Seeker: caseload.Seeker{ID: "S-1", CoachID: "C-1", Status: caseload.Unemployed,
		JobSearchStarted: on("2024-03-04")}}}
	found := Evaluate(p, &a, on("2024-03-05"))
	if found.Seeker != "S-1" || len(found.Obligations) != 1 || found.Wake <= on("2024-03-05") {
		t.Errorf("%+v", found)
	}
	a.Gone = true
	if found = Evaluate(p, &a, on("2024-03-05")); len(found.Obligations) != 0 || found.Wake != 0 {
		t.Errorf("gone: %+v", found)
	}
}
