package workers

import (
	"context"
	"strings"
	"testing"
	"time"

	"vireilla/internal/notice"
)

// What changes between the plan and the sending: the recheck sees it, and the old letter never goes out.

// plan books what is due at a moment, without taking it to the relay.
func (h *house) plan(at string) {
	h.t.Helper()
	h.set(at)
	h.run("contacts", "training", "digests", "leads", "appointments")
}

func TestContactMadeInBetweenWithdraws(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", seeker("S-1"))
	h.plan("2024-03-05 07:30")
	h.put("contacts.csv", interview("K-1", "S-1", "2024-03-05"))
	h.send()
	h.arrived()
	h.outbox("withdrawn coach_digest/C-1/2024-03-05 met")
	h.at("2024-03-05 12:00")
	h.arrived()
}

func TestAContactThatWasTakenBackIsOwedAgain(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", seeker("S-1"))
	h.plan("2024-03-05 07:30")
	h.put("contacts.csv", interview("K-1", "S-1", "2024-03-05"))
	h.send()
	mistaken := interview("K-1", "S-1", "2024-03-05")
	mistaken["kind"] = "call_attempt"
	h.put("contacts.csv", mistaken)
	h.at("2024-03-05 08:00")
	h.arrived("coach_digest/C-1/2024-03-05")
}

func TestACoachChangedBetweenPlanAndSend(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", seeker("S-1"), seeker("S-2"))
	h.plan("2024-03-05 07:30")
	h.put("seekers.csv", row{"seeker_id": "S-2", "coach_id": "C-2"})
	h.send()
	h.arrivedWith(map[string]string{"coach_digest/C-1/2024-03-05": "S-1"}, "S-2")
	h.at("2024-03-05 07:40")
	h.arrived("coach_digest/C-2/2024-03-05")
	h.put("seekers.csv", row{"seeker_id": "S-2", "coach_id": "C-1"})
	h.at("2024-03-06 07:30")
	h.arrived("coach_digest/C-1/2024-03-06") // C-1 was never told of S-2
}

func TestADeputyIsWrittenToInsteadOfACoachWhoFellIll(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", seeker("S-1"))
	h.plan("2024-03-05 07:30")
	h.put("absences.csv", row{"coach_id": "C-1", "from": "2024-03-05", "to": "2024-03-06", "deputy_id": "C-2"})
	h.send()
	h.arrived()
	h.outbox("withdrawn coach_digest/C-1/2024-03-05 met")
	h.at("2024-03-05 08:00")
	h.arrived("coach_digest/C-2/2024-03-05")
	h.put("absences.csv", row{"coach_id": "C-2", "from": "2024-03-06", "to": "2024-03-06", "deputy_id": ""})
	h.at("2024-03-06 07:30")
	h.arrived("coach_digest/T-1/2024-03-06")
	h.at("2024-03-07 07:30")
	h.arrived("coach_digest/C-1/2024-03-07")
}

func TestMovedAppointmentIsToldOnceAsMoved(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", settled("S-1"))
	h.put("appointments.csv", appointment("A-1", "S-1", "2024-03-21 09:00", "2024-03-04 08:00"))
	h.at("2024-03-04 10:00")
	h.arrived("appointment_booked/A-1/2024-03-21T09:00")
	h.put("appointments.csv", row{"appointment_id": "A-1", "starts_at": local("2024-03-20 09:00").UnixMilli(), "changed_at": local("2024-03-04 17:00").UnixMilli()})
	h.at("2024-03-04 17:00")
	h.put("appointments.csv", row{"appointment_id": "A-1", "starts_at": local("2024-03-22 13:00").UnixMilli(), "changed_at": local("2024-03-04 18:00").UnixMilli()})
	h.at("2024-03-04 18:00")
	h.arrived() // no letters in the evening
	h.at("2024-03-05 08:00")
	h.arrived("appointment_changed/A-1/2024-03-22T13:00/1")
	h.at("2024-03-18 09:00") // the moment of a reminder of the first time
	h.arrived()
	h.at("2024-03-19 13:00")
	h.arrived("appointment_reminder/A-1/2024-03-22T13:00/72h")
	h.outbox("sent appointment_booked/A-1/2024-03-21T09:00", "withdrawn appointment_changed/A-1/2024-03-20T09:00/1 superseded",
		"sent appointment_changed/A-1/2024-03-22T13:00/1", "sent appointment_reminder/A-1/2024-03-22T13:00/72h")
	if told := h.told("A-1"); told != 1 {
		t.Errorf("version %d was told last", told)
	}
}

func (h *house) told(appointment string) (sequence int) {
	h.t.Helper()
	b, err := h.Bookings(h.t.Context(), []string{appointment})
	h.well(err)
	return b[0].Told.Sequence
}

func TestThereAndBackAgainBeforeAnybodyWasTold(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", settled("S-1"))
	h.put("appointments.csv", appointment("A-1", "S-1", "2024-03-21 09:00", "2024-03-04 08:00"))
	h.at("2024-03-04 10:00")
	h.arrived("appointment_booked/A-1/2024-03-21T09:00")
	for _, start := range []string{"2024-03-22 09:00", "2024-03-21 09:00", "2024-03-22 09:00", "2024-03-21 09:00"} {
		h.put("appointments.csv", row{"appointment_id": "A-1", "starts_at": local(start).UnixMilli()})
		h.at("2024-03-04 20:00")
	}
	h.at("2024-03-05 08:00")
	h.arrived()
	h.put("appointments.csv", row{"appointment_id": "A-1", "starts_at": local("2024-03-22 09:00").UnixMilli()})
	h.at("2024-03-05 09:00")
	h.arrived("appointment_changed/A-1/2024-03-22T09:00/1")
}

// The letter of the change was on its way when the process died, so nobody knows that it was told; the next change must
// be another letter.
func TestAChangeAfterACrashIsToldToo(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", settled("S-1"))
	h.put("appointments.csv", appointment("A-1", "S-1", "2024-03-21 09:00", "2024-03-04 08:00"))
	h.at("2024-03-04 10:00")
	h.put("appointments.csv", row{"appointment_id": "A-1", "place": "Vesijärvenkatu 8"})
	h.plan("2024-03-04 11:00")
	if c, err := h.Claim(t.Context(), h.clock(), h.clock(), nil, 1); err != nil || len(c) != 1 {
		t.Fatalf("claimed %d, %v", len(c), err)
	}
	h.at("2024-03-04 11:13")
	h.at("2024-03-04 11:23")
	h.arrived("appointment_booked/A-1/2024-03-21T09:00", "appointment_changed/A-1/2024-03-21T09:00/1")
	h.put("appointments.csv", row{"appointment_id": "A-1", "place": "Rauhankatu 3"})
	h.at("2024-03-04 12:00")
	h.arrived("appointment_changed/A-1/2024-03-21T09:00/2")
	if told := h.told("A-1"); told != 2 {
		t.Errorf("version %d was told last", told)
	}
}

func TestACancelledAppointmentIsTakenBackAndNotReminded(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", settled("S-1"), settled("S-2"))
	h.put("appointments.csv", appointment("A-1", "S-1", "2024-03-21 09:00", "2024-03-04 08:00"))
	h.at("2024-03-04 10:00")
	h.put("appointments.csv", appointment("A-2", "S-2", "2024-03-21 09:00", "2024-03-04 17:00"))
	h.at("2024-03-04 17:00")
	for _, id := range []string{"A-1", "A-2"} {
		h.put("appointments.csv", row{"appointment_id": id, "state": "cancelled", "cancelled_at": local("2024-03-04 18:00").UnixMilli()})
	}
	h.at("2024-03-04 18:00")
	h.at("2024-03-05 08:00")
	h.at("2024-03-18 09:00")
	// Nobody told S-2 of anything.
	h.arrived("appointment_booked/A-1/2024-03-21T09:00", "appointment_cancelled/A-1/2024-03-21T09:00/1")
	h.put("appointments.csv", row{"appointment_id": "A-1", "state": "booked", "cancelled_at": int64(0)})
	h.at("2024-03-18 10:00")
	h.arrived("appointment_booked/A-1/2024-03-21T09:00/2")
}

func TestAnAddressChangedInBetweenIsTheNewOne(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", settled("S-1"))
	h.put("appointments.csv", appointment("A-1", "S-1", "2024-03-21 09:00", "2024-03-04 08:00"))
	h.plan("2024-03-04 17:00")
	h.put("seekers.csv", row{"seeker_id": "S-1", "email": "kanaria.new@example.org"})
	h.at("2024-03-05 08:00")
	if letters := h.news(); len(letters) != 1 || letters[0].To[0] != "kanaria.new@example.org" {
		t.Errorf("%+v", letters)
	}
}

// Who moves within the region between the plan and the letter is written to in the name of the new authority, at the
// address that holds then.
func TestWhoMovedIsWrittenToByTheAuthorityOfTheNewTown(t *testing.T) {
	h := newHouse(t)
	authorities := h.deliver.Policy.Authorities
	authorities[1].Name = map[string]string{"fi": "Heinolan kaupunki"}
	authorities[1].Municipalities = append(authorities[1].Municipalities, authorities[0].Municipalities[0])
	authorities[1].Municipalities[len(authorities[1].Municipalities)-1].Name = "Heinola"
	h.put("seekers.csv", settled("S-1"), settled("S-2"))
	h.put("appointments.csv", appointment("A-1", "S-1", "2024-03-21 09:00", "2024-03-04 08:00"), appointment("A-2", "S-2", "2024-03-21 09:00", "2024-03-04 08:00"))
	h.plan("2024-03-04 17:00")
	h.put("seekers.csv", row{"seeker_id": "S-1", "municipality": "Heinola", "coach_id": "C-2"})
	h.at("2024-03-05 08:00")
	h.arrivedWith(map[string]string{"appointment_booked/A-1/2024-03-21T09:00": "Heinolan kaupunki", "appointment_booked/A-2/2024-03-21T09:00": "Lahden kaupunki"}, "Kanaria")
}

func TestProtectedSeekerIsNeverWrittenTo(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", settled("S-1"), settled("S-2"))
	h.put("seekers.csv", row{"seeker_id": "S-1", "protected": int64(1)})
	h.put("appointments.csv", appointment("A-1", "S-1", "2024-03-21 09:00", "2024-03-04 08:00"), appointment("A-2", "S-2", "2024-03-21 09:00", "2024-03-04 08:00"))
	h.plan("2024-03-04 17:00")
	h.put("seekers.csv", row{"seeker_id": "S-2", "protected": int64(1)}) // after the plan, before the letter
	h.at("2024-03-05 08:00")
	h.at("2024-03-06 07:30")
	// No initials either.
	h.arrivedWith(map[string]string{"coach_digest/C-1/2024-03-05": "S-1", "coach_digest/C-1/2024-03-06": "S-2"}, "K.")
	for _, now := range []string{"2024-03-18 09:00", "2024-03-20 09:00", "2024-03-20 16:00"} {
		h.at(now)
	}
	h.put("appointments.csv", row{"appointment_id": "A-2", "state": "cancelled", "cancelled_at": local("2024-03-20 12:00").UnixMilli()})
	h.at("2024-03-20 16:00")
	for _, m := range h.mail.Accepted() {
		if strings.HasPrefix(m.To[0], "kanaria.s") {
			t.Errorf("a letter to %s", m.To[0])
		}
	}
}

func TestWhoLeftTheRegisterIsNotWrittenTo(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", settled("S-1"), seeker("S-2"))
	h.put("appointments.csv", appointment("A-1", "S-1", "2024-03-21 09:00", "2024-03-04 08:00"))
	h.plan("2024-03-05 07:30")
	h.empty("seekers.csv")
	h.at("2024-03-05 08:00")
	h.arrived()
	h.outbox("withdrawn coach_digest/C-1/2024-03-05 met", "withdrawn appointment_booked/A-1/2024-03-21T09:00 superseded")
}

// The coach phones about what still holds when the digest goes out.
func TestAnAppointmentAtShortNoticeThatWasCancelledIsNotInTheDigest(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", settled("S-1"), settled("S-2"))
	h.put("appointments.csv", appointment("A-1", "S-1", "2024-03-06 09:00", "2024-03-05 07:00"), appointment("A-2", "S-2", "2024-03-06 10:00", "2024-03-05 07:00"))
	h.set("2024-03-05 07:30")
	h.run("digests")
	h.put("appointments.csv", row{"appointment_id": "A-1", "state": "cancelled", "cancelled_at": local("2024-03-05 07:29").UnixMilli()})
	h.send()
	h.arrivedWith(map[string]string{"coach_digest/C-1/2024-03-05": "S-2"}, "S-1")
}

// late is an outbox that hears of a letter's end only after something else has happened.
type late struct {
	*house
	before, after func()
}

func (l *late) Record(ctx context.Context, now time.Time, reports []notice.Report) ([]int64, error) {
	l.before()
	defer l.after()
	return l.house.Record(ctx, now, reports)
}

// A letter is with the relay when its appointment is cancelled, and the scan looks at the appointment before the outbox
// knows that the letter has told it, or is just looking then.
func TestWhatIsCancelledWhileItIsToldIsTakenBack(t *testing.T) {
	for _, when := range []string{"before the record", "around the record"} {
		t.Run(when, func(t *testing.T) {
			h := newHouse(t)
			h.book(1)
			cancel := func() {
				h.put("appointments.csv", row{"appointment_id": "A-1", "state": "cancelled", "cancelled_at": local("2024-03-04 10:00").UnixMilli()})
			}
			l := &late{house: h, before: func() { cancel(); h.run("appointments") }, after: func() {}}
			if when == "around the record" {
				var looked []notice.Evaluated
				l.before = func() {
					cancel()
					h.well(h.AwakeBookings(t.Context(), h.clock(), func(awake []notice.AwakeBooking) {
						for _, b := range awake {
							looked = append(looked, notice.Evaluated{ID: b.ID, Rev: b.Rev})
						}
					}))
				}
				l.after = func() { h.well(h.Sleep(t.Context(), looked)) }
			}
			h.deliver.Record.Outbox = l
			h.at("2024-03-04 10:00")
			h.arrived(first)
			l.before, l.after = func() {}, func() {}
			h.at("2024-03-04 10:10")
			h.arrived("appointment_cancelled/A-1/2024-03-21T09:00/1")
		})
	}
}
