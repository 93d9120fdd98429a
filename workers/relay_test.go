package workers

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
	"vireilla/internal/test/outboxcheck"
	"vireilla/internal/test/smtptest"
	"vireilla/templates"
)

// book puts n seekers, of whom nothing else is due, with an appointment each on Thursday 2024-03-21.
func (h *house) book(n int) {
	h.t.Helper()
	var seekers, appointments []row
	for i := 1; i <= n; i++ {
		s := fmt.Sprint("S-", i)
		seekers = append(seekers, settled(s))
		appointments = append(appointments, appointment(fmt.Sprint("A-", i), s, "2024-03-21 09:00", "2024-03-04 08:00"))
	}
	h.put("seekers.csv", seekers...)
	h.put("appointments.csv", appointments...)
}

const first = "appointment_booked/A-1/2024-03-21T09:00"

// The table of SMTP conversations and the states that letters end in. The server says the address in its answers, as
// servers do; check looks for it in the log.
func TestWhatAConversationEndsAs(t *testing.T) {
	for _, c := range []struct {
		name  string
		phase smtptest.Phase
		mood  smtptest.Mood
		want  string
	}{
		{"all is well", smtptest.Quit, smtptest.Well(), "sent " + first},
		{"taken, then RSET fails", smtptest.Rset, smtptest.ReplyAndDrop("421 4.3.2 <kanaria.s1@example.org> closing"), "sent " + first},
		{"taken, then QUIT fails", smtptest.Quit, smtptest.Drop(), "sent " + first},
		{"lost after the dot", smtptest.Dot, smtptest.Drop(), "unsure " + first + " lost"},
		{"taken, and lost after the dot", smtptest.Dot, smtptest.Drop().Taking(), "unsure " + first + " lost"},
		{"taken, and reset after the dot", smtptest.Dot, smtptest.RST().Taking(), "unsure " + first + " lost"},
		{"nonsense after the dot", smtptest.Dot, smtptest.Garbage().Taking(), "unsure " + first + " garbled"},
		{"451 after the dot", smtptest.Dot, smtptest.Reply("451 4.3.0 <kanaria.s1@example.org> later"), "deferred " + first + " 451 busy"},
		{"421 after the dot", smtptest.Dot, smtptest.ReplyAndDrop("421 4.3.2 later"), "deferred " + first + " 421 busy"},
		{"554 after the dot", smtptest.Dot, smtptest.Reply("554 5.7.1 <kanaria.s1@example.org> never"), "failed " + first + " 554 rejected"},
		{"421 to MAIL", smtptest.Mail, smtptest.ReplyAndDrop("421 4.3.2 busy"), "deferred " + first + " 421 busy"},
		{"450 to RCPT", smtptest.Rcpt, smtptest.Reply("450 4.2.1 <kanaria.s1@example.org> is full"), "deferred " + first + " 450 busy"},
		{"550 to RCPT", smtptest.Rcpt, smtptest.Reply("550 5.1.1 <kanaria.s1@example.org> unknown"), "failed " + first + " 550 rejected"},
		{"554 to DATA is the relay's fault", smtptest.Data, smtptest.Reply("554 5.7.1 never"), "deferred " + first + " 554 relay"},
		{"554 at the greeting too", smtptest.Greeting, smtptest.Reply("554 5.7.1 never"), "deferred " + first + " 554 relay"},
		{"no greeting", smtptest.Greeting, smtptest.Drop(), "deferred " + first + " lost"},
		{"lost at RCPT", smtptest.Rcpt, smtptest.Drop(), "deferred " + first + " lost"},
		{"nonsense at EHLO", smtptest.Hello, smtptest.Garbage(), "deferred " + first + " garbled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			h.mail.Set(c.phase, c.mood)
			h.book(1)
			h.at("2024-03-04 10:00")
			h.outbox(c.want)
		})
	}
}

func TestRelayDownDefersAndLaterSends(t *testing.T) {
	h := newHouse(t)
	h.book(2)
	h.put("appointments.csv", appointment("A-2", "S-2", "2024-03-05 09:00", "2024-03-04 08:00"))
	h.put("seekers.csv", seeker("S-3"))
	h.mail.Set(smtptest.Greeting, smtptest.ReplyAndDrop("421 4.3.2 closed"))
	h.at("2024-03-04 10:00")
	tries := 0
	for _, now := range []string{"2024-03-04 10:00", "2024-03-04 10:01", "2024-03-04 10:03", "2024-03-04 10:06", "2024-03-04 10:21", "2024-03-05 07:30", "2024-03-05 08:00", "2024-03-06 09:00"} {
		h.at(now)
		entries, err := h.Letters(t.Context(), notice.Filter{To: "S-1"})
		h.well(err)
		if e := entries[0]; e.State != notice.Deferred || e.Tries < tries {
			t.Fatalf("%s: %+v", now, e)
		}
		tries = entries[0].Tries
	}
	if tries < 5 {
		t.Errorf("%d tries in two days", tries)
	}
	h.arrived()
	h.mail.Set(smtptest.Greeting)
	h.at("2024-03-06 14:00")
	h.arrived(first, "coach_digest/C-1/2024-03-06") // what is not true any more is not sent
	h.outbox("sent "+first, "withdrawn appointment_booked/A-2/2024-03-05T09:00 too_late", "withdrawn coach_digest/C-1/2024-03-04 too_late",
		"withdrawn coach_digest/C-1/2024-03-05 too_late", "sent coach_digest/C-1/2024-03-06")
}

func TestWhileTheRelayIsDeadTheOldestLetterGrowsOlderAndAtNightNoneIsLate(t *testing.T) {
	h := newHouse(t)
	h.book(1)
	h.mail.Set(smtptest.Greeting, smtptest.ReplyAndDrop("421 4.3.2 closed"))
	late := func(at, since string) {
		t.Helper()
		var want time.Time
		if since != "" {
			want = local(since)
		}
		if got, err := h.OldestDue(t.Context(), local(at)); err != nil || !got.Equal(want) {
			t.Errorf("%s: late since %v, want %v; %v", at, got, want, err)
		}
	}
	for hour := 10; hour < 16; hour++ {
		for minute := range 60 {
			now := fmt.Sprintf("2024-03-08 %02d:%02d", hour, minute)
			h.set(now)
			h.run("appointments")
			h.send()
			late(now, "2024-03-08 10:00")
		}
	}
	// Friday evening, the weekend.
	for _, now := range []string{"2024-03-08 20:00", "2024-03-09 12:00", "2024-03-11 07:59"} {
		h.set(now)
		h.send()
		late(now, "")
	}
	h.set("2024-03-11 08:00")
	h.send()
	late("2024-03-11 08:00", "2024-03-08 10:00")
	h.mail.Set(smtptest.Greeting)
	h.set("2024-03-11 12:00")
	h.send()
	h.arrived(first)
	late("2024-03-11 12:00", "")
}

func TestOneHopelessAddressIsSuppressedAndTheCoachIsToldToPhone(t *testing.T) {
	h := newHouse(t)
	h.book(1)
	h.mail.Set(smtptest.Rcpt, smtptest.Reply("550 5.1.1 <kanaria.s1@example.org> unknown").Once())
	h.at("2024-03-04 10:00")
	h.book(2)
	h.at("2024-03-04 10:10")
	// The others' letters go on.
	h.arrivedWith(map[string]string{"appointment_booked/A-2/2024-03-21T09:00": "", "coach_digest/C-1/2024-03-04": "S-1"}, "kanarias1")
	h.outbox("failed "+first+" 550 rejected", "sent appointment_booked/A-2/2024-03-21T09:00", "sent coach_digest/C-1/2024-03-04")
	h.at("2024-03-05 07:30")
	h.arrived() // told once
	h.at("2024-03-18 09:00")
	h.arrived("coach_digest/C-1/2024-03-18", "appointment_reminder/A-2/2024-03-21T09:00/72h")
	// Another address is written to again, also about what the old one refused.
	h.put("seekers.csv", row{"seeker_id": "S-1", "email": "kanaria.new@example.org"})
	h.put("appointments.csv", appointment("A-3", "S-1", "2024-04-11 09:00", "2024-03-18 10:00"))
	h.at("2024-03-18 10:00")
	h.arrived(first, "appointment_booked/A-3/2024-04-11T09:00")
}

func TestA5yzToEverybodyIsTheRelaysFault(t *testing.T) {
	h := newHouse(t)
	h.book(20)
	h.mail.Set(smtptest.Rcpt, smtptest.Reply("550 5.7.1 go away"))
	h.at("2024-03-04 10:00")
	h.mail.Set(smtptest.Rcpt)
	h.at("2024-03-04 10:10")
	if n := len(h.news()); n < 15 {
		t.Errorf("%d of 20 letters after the relay came to its senses", n)
	}
}

// panicking are letters of which that to one seeker panics while it is written.
type panicking struct {
	*templates.Set
	reader string
}

func (p panicking) Render(letter, language string, tier templates.Tier, data any) (templates.Message, error) {
	if a, ok := data.(templates.Appointment); ok && a.Attendee == p.reader {
		panic("no words for " + p.reader)
	}
	return p.Set.Render(letter, language, tier, data)
}

func TestAPanickingLetterFailsAloneAndTheRestGoesOn(t *testing.T) {
	h := newHouse(t)
	h.book(5)
	// A poison row: no letter can be written in such a tier.
	h.put("seekers.csv", row{"seeker_id": "S-3", "email_tier": "confidential"})
	set, err := letters()
	h.well(err)
	h.deliver.Letters = panicking{set, "kanaria.s4@example.org"}
	send := h.deliver.Send
	h.deliver.Send = func(ctx context.Context, m Mail) notice.Outcome {
		if m.To == "kanaria.s2@example.org" {
			panic("no such recipient: " + m.To)
		}
		return send(ctx, m)
	}
	h.at("2024-03-04 10:00")
	h.outbox("sent "+first, "unsure appointment_booked/A-2/2024-03-21T09:00 panic", "failed appointment_booked/A-3/2024-03-21T09:00 render",
		"failed appointment_booked/A-4/2024-03-21T09:00 panic", "sent appointment_booked/A-5/2024-03-21T09:00")
	h.arrived(first, "appointment_booked/A-5/2024-03-21T09:00")
	if strings.Count(h.log.String(), "relay_test.go") < 2 {
		t.Error("the log does not tell where it panicked")
	}
}

func TestGuardHoldsARunWhole(t *testing.T) {
	h := newHouse(t)
	h.book(51)
	h.put("seekers.csv", seeker("S-90"))
	h.at("2024-03-05 10:00")
	h.arrived("coach_digest/C-1/2024-03-05") // another kind of run is not held
	h.book(52)
	h.at("2024-03-05 11:00")
	h.arrived()
	n, err := h.Release(t.Context(), h.clock(), "appointments", calendar.DayOf(h.clock(), h.deliver.Policy.Location))
	h.well(err)
	if n != 52 {
		t.Fatalf("%d letters released", n)
	}
	h.at("2024-03-05 11:10")
	if n := len(h.news()); n != 52 {
		t.Errorf("%d letters", n)
	}
}

// Many more appointments wake at once than are read at a time: none goes out before all are counted.
func TestARunThatIsReadInPartsIsHeldWhole(t *testing.T) {
	h := newHouse(t)
	// So the limit is 1200.
	h.well(h.Adopt(t.Context(), time.Time{}, calendar.Date(2024, time.March, 5), map[string]int{"appointments": 400}, 10))
	// The workers are quick.
	h.scan.Enqueue = h.deliver.Run
	h.book(1500)
	h.at("2024-03-05 10:00")
	h.arrived()
	h.counts(map[notice.State]int{notice.Held: 1500})
}

// What the relay did not take in the morning is of the same run as what is too much at noon.
func TestALaterPartOfARunHoldsWhatIsNotOutYet(t *testing.T) {
	h := newHouse(t)
	h.book(40)
	h.mail.Set(smtptest.Dot, smtptest.Drop().Once(), smtptest.Reply("451 4.3.0 later"))
	h.at("2024-03-05 10:00")
	h.counts(map[notice.State]int{notice.Unsure: 1, notice.Deferred: 39})
	h.book(60)
	h.mail.Set(smtptest.Dot)
	h.at("2024-03-05 12:00")
	h.arrived()
	h.counts(map[notice.State]int{notice.Held: 60})
}

func TestAReleaseLetsOutNoMoreThanWasPlannedByThen(t *testing.T) {
	h := newHouse(t)
	h.book(51)
	h.at("2024-03-05 10:00")
	h.arrived()
	_, err := h.Release(t.Context(), h.clock(), "appointments", calendar.DayOf(h.clock(), h.deliver.Policy.Location))
	h.well(err)
	h.at("2024-03-05 10:10")
	if n := len(h.news()); n != 51 {
		t.Fatalf("%d letters", n)
	}
	h.book(700)
	h.at("2024-03-05 11:00")
	h.arrived()
}

func TestKillSwitch(t *testing.T) {
	h := newHouse(t)
	h.book(1)
	h.put("seekers.csv", seeker("S-9"))
	h.well(h.SetKillSwitch(t.Context(), true))
	h.at("2024-03-05 10:00")
	h.at("2024-03-05 12:00")
	h.outbox("pending "+first, "pending coach_digest/C-1/2024-03-05")
	if n := h.mail.Seen()["connect"]; n != 0 {
		t.Errorf("%d connections while stopped", n)
	}
	h.well(h.SetKillSwitch(t.Context(), false))
	h.at("2024-03-05 12:10")
	h.arrived(first, "coach_digest/C-1/2024-03-05")
}

func TestThePolicyCanHoldWhatIsUnsure(t *testing.T) {
	h := newHouse(t)
	letters := h.deliver.Policy.Letters
	for name, l := range letters {
		l.Unsure = "hold"
		letters[name] = l
	}
	h.book(1)
	h.mail.Set(smtptest.Dot, smtptest.Drop().Taking())
	h.at("2024-03-04 10:00")
	h.at("2024-03-04 12:00")
	h.arrived(first)
	h.outbox("held " + first + " unsure")
}

func TestALetterOutsideTheWindowWaits(t *testing.T) {
	h := newHouse(t)
	h.book(1)
	h.plan("2024-03-04 15:59")
	h.set("2024-03-04 16:01") // the queue was long
	h.send()
	h.arrived()
	h.at("2024-03-05 07:59")
	h.arrived()
	h.at("2024-03-05 08:00")
	h.arrived(first)
	entries, err := h.Letters(t.Context(), notice.Filter{})
	h.well(err)
	if entries[0].Tries != 1 {
		t.Errorf("%d tries: waiting is none", entries[0].Tries)
	}
}

func TestAnUnsureLetterThatWaitsStaysUnsure(t *testing.T) {
	h := newHouse(t)
	h.book(1)
	h.mail.Set(smtptest.Dot, smtptest.Drop().Taking().Once())
	h.at("2024-03-04 15:55")
	h.arrived(first)
	h.at("2024-03-04 16:05")
	h.arrived()
	h.outbox("unsure " + first + " outside_window")
	h.at("2024-03-05 08:00")
	h.arrived(first)
}

// A consented letter says the seeker's name; no other letter does.
func TestALetterSaysWhatItsTierAllows(t *testing.T) {
	h := newHouse(t)
	h.book(3)
	h.put("seekers.csv", row{"seeker_id": "S-2", "email_tier": "consented"}, row{"seeker_id": "S-3", "service_language": "sv"})
	h.at("2024-03-04 10:00")
	for _, m := range h.news() {
		text := strings.ToLower(outboxcheck.Readable(m))
		if named := strings.Contains(text, "kanarias2"); named != (m.To[0] == "kanaria.s2@example.org") {
			t.Errorf("to %s, named %v", m.To[0], named)
		}
		if swedish := outboxcheck.Header(m, "Content-Language") == "sv"; swedish != (m.To[0] == "kanaria.s3@example.org") {
			t.Errorf("to %s in %s", m.To[0], outboxcheck.Header(m, "Content-Language"))
		}
	}
}
