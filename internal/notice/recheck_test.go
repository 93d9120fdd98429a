package notice

import (
	"testing"

	"vireilla/internal/caseload"
	"vireilla/internal/policy"
)

// verdict is the result of a check in words.
func verdict(c Claimed, p *policy.Policy, d Recheck, now string) string {
	v := c.Check(p, &d, at(now))
	switch {
	case v.Why != "":
		return v.Why
	case !v.Until.IsZero():
		return "wait until " + local(v.Until)
	}
	said := "go"
	for _, i := range v.Items {
		said += " " + i.Seeker
	}
	return said
}

// digest is the claimed digest of C-1 on 2024-03-05 that lists some obligations.
func digest(items ...Staged) Claimed {
	return Claimed{Notice: digests(at("2024-03-05 07:30"), policy.Default(), team(), items).Notices[0]}
}

func staffFacts(staff *Staff, staged ...Staged) Recheck {
	d := Recheck{Staff: staff, Staged: staged, Address: "kanaria.c1@example.org", Seekers: map[string]caseload.Seeker{}}
	for _, s := range staged {
		d.Seekers[s.Seeker] = caseload.Seeker{ID: s.Seeker}
	}
	return d
}

func TestADigestSaysWhatIsStillTrue(t *testing.T) {
	p := office()
	one, two := owed("S-1", "initial_interview", policy.Due, "2024-03-05"), owed("S-2", "initial_interview", policy.Due,
		"2024-03-05")
	other := two
	other.Anchor++ // the contact was held, and the next one is owed
	asleep := two
	asleep.Stage = policy.NoStage
	gone := staffFacts(team(), one, two)
	gone.Address = ""
	for _, c := range []struct {
		name  string
		facts Recheck
		now   string
		want  string
	}{
		{"all", staffFacts(team(), one, two), "2024-03-05 07:31", "go S-1 S-2"},
		{"a contact was held in between", staffFacts(team(), one), "2024-03-05 07:31", "go S-1"},
		{"another is owed instead", staffFacts(team(), one, other), "2024-03-05 07:31", "go S-1"},
		{"it has nothing to say any more", staffFacts(team(), one, asleep), "2024-03-05 07:31", "go S-1"},
		{"both were held", staffFacts(team()), "2024-03-05 07:31", "met"},
		{"one went to another coach", staffFacts(team(), one, two.of("C-2")), "2024-03-05 07:31", "go S-1"},
		{"both went", staffFacts(team(), one.of("C-2"), two.of("C-2")), "2024-03-05 07:31", "met"},
		{"the coach fell ill", staffFacts(team(away("C-1", "C-2", "2024-03-05", "2024-03-05")), one, two),
			"2024-03-05 07:31", "met"},
		{"the coach left", gone, "2024-03-05 07:31", "no_address"},
		{"the day is over", staffFacts(team(), one, two), "2024-03-06 00:00", "too_late"},
		{"late in the evening", staffFacts(team(), one, two), "2024-03-05 23:59", "go S-1 S-2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := verdict(digest(one, two), p, c.facts, c.now); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// An item that the recheck took out of a digest stays news for its owner.
func TestWhatADigestDoesNotSayIsNotTold(t *testing.T) {
	one, two := owed("S-1", "initial_interview", policy.Overdue, "2024-03-04"), owed("S-2", "initial_interview",
		policy.Overdue, "2024-03-04")
	known := owed("S-3", "initial_interview", policy.Overdue, "2024-03-04").told("C-1", policy.Overdue)
	c := digest(one, two, known)
	d := staffFacts(team(), one, known)
	v := c.Check(office(), &d, at("2024-03-05 07:31"))
	if len(v.Items) != 2 || len(v.Told) != 1 || v.Told[0].Seeker != "S-1" || v.Late != 2 {
		t.Errorf("%+v", v)
	}
}

func TestALeadsLetterIsForTheTeamOfTheCoach(t *testing.T) {
	p := office()
	s := owed("S-1", "initial_interview", policy.Escalated, "2024-02-20")
	c := Claimed{Notice: leads(at("2024-03-05 07:35"), p, team(), []Staged{s}, Plan{}).Notices[0]}
	for _, v := range []struct {
		name  string
		facts Recheck
		want  string
	}{
		{"still", staffFacts(team(), s), "go S-1"},
		{"an absent coach is the lead's too", staffFacts(team(away("C-1", "C-9", "2024-03-05", "2024-03-05")), s), "go S-1"},
		{"a colleague of the team", staffFacts(team(), s.of("C-2")), "go S-1"},
		{"another team", staffFacts(team(), s.of("C-9")), "met"},
		{"held", staffFacts(team()), "met"},
	} {
		if got := verdict(c, p, v.facts, "2024-03-05 07:36"); got != v.want {
			t.Errorf("%s: %s, want %s", v.name, got, v.want)
		}
	}
}

func TestAPhoneItemStandsWhileTheSeekerIsThere(t *testing.T) {
	p := office()
	item := PhoneItems(at("2024-03-05 07:30"), p,
		[]AwakeBooking{{Booking: booked("2024-03-05 15:00", "2024-03-04 17:00")}}, nil, nil, nil)[0]
	c := digest(item)
	if got := verdict(c, p, staffFacts(team(), item), "2024-03-05 07:31"); got != "go S-1" {
		t.Error(got)
	}
	if got := verdict(c, p, staffFacts(team()), "2024-03-05 07:31"); got != "met" {
		t.Errorf("gone: %s", got)
	}
}

// letter is the claimed letter that a plan of the booking begins with.
func letter(now string, b Booking) Claimed {
	plan, _ := Appointments(at(now), policy.Default(), []Booking{b})
	return Claimed{Notice: plan.Notices[0]}
}

func unsure(c Claimed) Claimed {
	c.Unsure = 1
	return c
}

func TestAnAppointmentLetterIsCheckedBeforeItGoesOut(t *testing.T) {
	fresh := booked("2024-03-14 09:00", "2024-03-04 07:00")
	known := fresh.told("2024-03-01 09:00")
	booking, reminder := letter("2024-03-04 09:00", fresh), letter("2024-03-11 09:00", known)
	change := letter("2024-03-04 09:00", known.moved("2024-03-15 09:00"))
	cancel := letter("2024-03-04 09:00", known.cancelled("2024-03-04 08:00"))
	seeker := func(b Booking, change func(*caseload.Seeker)) Booking {
		change(&b.Seeker)
		return b
	}
	bounced := fresh
	bounced.Suppressed = true
	newPlace := known
	newPlace.Place = "Vesijärvenkatu 8"
	for _, v := range []struct {
		name string
		c    Claimed
		b    *Booking
		now  string
		want string
	}{
		{"still true", booking, &fresh, "2024-03-04 09:00", "go"},
		{"it left the register", booking, nil, "2024-03-04 09:00", "superseded"},
		{"protected", booking, new(seeker(fresh, func(s *caseload.Seeker) { s.Protected = true })), "2024-03-04 09:00",
			"protected"},
		{"the search ended", booking, new(seeker(fresh, func(s *caseload.Seeker) { s.JobSearchEnded = on("2024-03-04") })),
			"2024-03-04 09:00", "job_search_ended"},
		{"the address went", booking, new(seeker(fresh, func(s *caseload.Seeker) { s.Email = "" })), "2024-03-04 09:00",
			"no_address"},
		{"consent went", booking, new(seeker(fresh, func(s *caseload.Seeker) { s.EmailTier = "none" })), "2024-03-04 09:00",
			"no_consent"},
		{"the address bounced", booking, &bounced, "2024-03-04 09:00", "suppressed_address"},
		{"somebody else's now", booking, new(seeker(fresh, func(s *caseload.Seeker) { s.ID = "S-2" })), "2024-03-04 09:00",
			"superseded"},
		{"moved", booking, new(fresh.moved("2024-03-15 09:00")), "2024-03-04 09:00", "superseded"},
		{"cancelled", booking, new(fresh.cancelled("2024-03-04 08:59")), "2024-03-04 09:00", "superseded"},
		{"told by another letter", booking, &known, "2024-03-04 09:00", "already_told"},
		{"told by this one, perhaps", unsure(booking), &known, "2024-03-04 09:00", "go"},
		{"at night", booking, &fresh, "2024-03-04 22:00", "wait until 2024-03-05 08:00"},
		{"at the weekend", booking, &fresh, "2024-03-09 12:00", "wait until 2024-03-11 08:00"},
		{"the last night", booking, new(fresh.moved("2024-03-14 09:00")), "2024-03-13 22:00", "wait until 2024-03-14 08:00"},
		{"it began", booking, &fresh, "2024-03-14 09:00", "too_late"},

		{"a reminder", reminder, &known, "2024-03-11 09:00", "go"},
		{"of what was moved", reminder, new(known.moved("2024-03-15 09:00")), "2024-03-11 09:00", "superseded"},
		{"of what was cancelled", reminder, new(known.cancelled("2024-03-11 08:00")), "2024-03-11 09:00", "superseded"},

		{"a change", change, new(known.moved("2024-03-15 09:00")), "2024-03-04 09:00", "go"},
		{"moved back", change, &known, "2024-03-04 09:00", "superseded"},
		{"moved on", change, new(known.moved("2024-03-18 09:00")), "2024-03-04 09:00", "superseded"},
		{"a new place", letter("2024-03-04 09:00", newPlace), &newPlace, "2024-03-04 09:00", "go"},
		{"the old place again", letter("2024-03-04 09:00", newPlace), &known, "2024-03-04 09:00", "already_told"},

		{"a cancelling", cancel, new(known.cancelled("2024-03-04 08:00")), "2024-03-04 09:00", "go"},
		{"booked again", cancel, &known, "2024-03-04 09:00", "superseded"},
		{"told by another", cancel, new(known.toldCancelled().cancelled("2024-03-04 08:00")), "2024-03-04 09:00",
			"already_told"},
		{"told by this one, perhaps, the cancelling", unsure(cancel),
			new(known.toldCancelled().cancelled("2024-03-04 08:00")), "2024-03-04 09:00", "go"},
		{"nothing was told", cancel, new(fresh.cancelled("2024-03-04 08:00")), "2024-03-04 09:00", "already_told"},
	} {
		t.Run(v.name, func(t *testing.T) {
			p := office()
			d := Recheck{Booking: v.b, Authority: p.AuthorityNamed("lahti_region")}
			if got := verdict(v.c, p, d, v.now); got != v.want {
				t.Errorf("%s, want %s", got, v.want)
			}
		})
	}
}

// A letter about a change was on its way while the appointment was cancelled: the time that it told is cancelled.
func TestACancellingNamesTheTimeThatWasTold(t *testing.T) {
	b := booked("2024-03-14 09:00", "2024-03-01 08:00").told("2024-03-01 09:00")
	cancel := letter("2024-03-04 09:00", b.cancelled("2024-03-04 08:00"))
	toldMoved := b.moved("2024-03-15 09:00").told("2024-03-04 09:01").version(1).cancelled("2024-03-04 08:00")
	p := office()
	if got := verdict(cancel, p, Recheck{Booking: &toldMoved, Authority: p.AuthorityNamed("lahti_region")}, "2024-03-04 09:02"); got != "superseded" {
		t.Errorf("%s: the seeker knows of the 15th, the letter speaks of the 14th", got)
	}
}

// A relay that was down must not make two reminders arrive at once.
func TestAReminderGivesWayToTheNextOne(t *testing.T) {
	b := booked("2024-03-14 09:00", "2024-03-01 08:00").told("2024-03-01 09:00")
	three, one := letter("2024-03-11 09:00", b), letter("2024-03-13 09:00", b)
	p := office()
	d := Recheck{Booking: &b, Authority: p.AuthorityNamed("lahti_region")}
	for _, v := range []struct {
		c         Claimed
		now, want string
	}{
		{three, "2024-03-13 08:59", "go"},
		{three, "2024-03-13 09:00", "superseded"},
		{one, "2024-03-13 09:00", "go"},
		{one, "2024-03-14 08:59", "go"},
	} {
		if got := verdict(v.c, p, d, v.now); got != v.want {
			t.Errorf("%s at %s: %s, want %s", v.c.Key, v.now, got, v.want)
		}
	}
}

func TestAMatterIsCheckedBeforeItGoesOut(t *testing.T) {
	p := office()
	claim := func(now string, m Matter) Claimed {
		return Claimed{Notice: Matters(at(now), p, []Matter{m}).Notices[0]}
	}
	upcoming, news := claim("2024-03-07 05:10", awaited(policy.Upcoming)), claim("2024-03-05 05:10", decided("2024-03-05"))
	protected := awaited(policy.Upcoming)
	protected.Seeker.Protected = true
	other := awaited(policy.Upcoming)
	other.Clarification.Due++
	for _, v := range []struct {
		name string
		c    Claimed
		m    *Matter
		now  string
		want string
	}{
		{"still awaited", upcoming, new(awaited(policy.Upcoming)), "2024-03-07 08:00", "go"},
		{"too early in the morning", upcoming, new(awaited(policy.Upcoming)), "2024-03-07 07:00",
			"wait until 2024-03-07 08:00"},
		{"it left the register", upcoming, nil, "2024-03-07 08:00", "superseded"},
		{"protected", upcoming, &protected, "2024-03-07 08:00", "protected"},
		{"the answer came", upcoming, new(study(caseload.UnderReview)), "2024-03-07 08:00", "not_yet"},
		{"a new day was set", upcoming, &other, "2024-03-07 08:00", "superseded"},
		{"it is due meanwhile", upcoming, new(awaited(policy.Due)), "2024-03-08 08:00", "superseded"},
		{"it is late", upcoming, new(awaited(policy.Overdue)), "2024-03-08 16:00", "too_late"},
		{"the evening of the last day", upcoming, new(awaited(policy.Upcoming)), "2024-03-08 16:01", "outside_window"},
		{"a decision", news, new(decided("2024-03-05")), "2024-03-06 08:00", "go"},
		{"another decision", news, new(decided("2024-03-06")), "2024-03-06 08:00", "superseded"},
		{"no news any more", news, new(decided("2024-03-05")), "2024-03-20 00:00", "too_late"},
	} {
		t.Run(v.name, func(t *testing.T) {
			if got := verdict(v.c, p, Recheck{Matter: v.m, Authority: p.AuthorityNamed("lahti_region")}, v.now); got != v.want {
				t.Errorf("%s, want %s", got, v.want)
			}
		})
	}
}
