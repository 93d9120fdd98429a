package workers

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vireilla/internal/notice"
	"vireilla/internal/test/outboxcheck"
	"vireilla/internal/test/smtptest"
)

// forgetful is a store whose disk is full when results are to be written.
type forgetful struct {
	*house
	full bool
}

func (f *forgetful) Record(ctx context.Context, now time.Time, reports []notice.Report) ([]int64, error) {
	if f.full {
		return nil, errors.New("disk full")
	}
	return f.house.Record(ctx, now, reports)
}

// The recorder tries for seconds before it gives up: the bubble's clock runs them off.
func TestSentButNotRecordedIsNotSentTwice(t *testing.T) {
	server := smtptest.Start(t)
	synctest.Test(t, func(t *testing.T) {
		defer func() { <-time.After(time.Minute) }() // the recorder looks once more
		h := newHouseWith(t, server)
		f := &forgetful{house: h, full: true}
		h.deliver.Record.Outbox = f
		h.put("seekers.csv", seeker("S-1"))
		h.set("2024-03-05 07:30")
		h.run("digests")
		if err := h.deliver.Run(t.Context(), nil); err == nil {
			t.Fatal("what could not be recorded is an error")
		} else {
			h.nobodyIn("the error", err.Error())
		}
		h.arrived("coach_digest/C-1/2024-03-05")
		h.outbox("sending coach_digest/C-1/2024-03-05")
		f.full = false

		h.at("2024-03-05 07:42") // the claim still holds: whoever has it may be at work
		h.arrived()
		h.at("2024-03-05 07:43")
		h.outbox("unsure coach_digest/C-1/2024-03-05 crash")
		h.at("2024-03-05 07:52")
		h.arrived()
		h.at("2024-03-05 07:53")
		h.arrived("coach_digest/C-1/2024-03-05") // once more, the same letter: check compares their dates
		h.outbox("sent coach_digest/C-1/2024-03-05")
		h.at("2024-03-05 12:00")
		h.at("2024-03-06 07:30")
		h.arrived()
	})
}

func TestTwiceUnsureIsForAPersonToDecide(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", seeker("S-1"))
	h.mail.Set(smtptest.Dot, smtptest.Drop().Taking().Times(2)) // it takes the letter, and its answer is lost
	h.at("2024-03-05 07:30")
	h.outbox("unsure coach_digest/C-1/2024-03-05 lost")
	h.at("2024-03-05 07:39")
	h.arrived("coach_digest/C-1/2024-03-05")
	h.at("2024-03-05 07:40")
	h.arrived("coach_digest/C-1/2024-03-05")
	h.at("2024-03-05 16:00")
	h.arrived()
	h.outbox("held coach_digest/C-1/2024-03-05 unsure")
	h.at("2024-03-06 07:30")
	h.arrived("coach_digest/C-1/2024-03-06") // nobody knows whether it was told, so it is news
}

// refusing is a store that cannot take the lock when letters are to be claimed.
type refusing struct {
	*house
	busy bool
}

func (r *refusing) Claim(ctx context.Context, now, wall time.Time, ids []int64, n int) ([]notice.Claimed, error) {
	if r.busy {
		return nil, errors.New("busy")
	}
	return r.house.Claim(ctx, now, wall, ids, n)
}

func TestALetterIsRecordedBeforeItsFirstByte(t *testing.T) {
	h := newHouse(t)
	r := &refusing{house: h, busy: true}
	h.deliver.Outbox = r
	h.put("seekers.csv", seeker("S-1"))
	h.set("2024-03-05 07:30")
	h.run("digests")
	if err := h.deliver.Run(t.Context(), nil); err == nil {
		t.Fatal("no claim and no error")
	}
	if n := h.mail.Seen()["connect"]; n != 0 {
		t.Errorf("%d connections without a claim", n)
	}
	r.busy = false
	inSQL := make(chan notice.State, 1)
	h.mail.Set(smtptest.Mail, smtptest.Well().Calling(func() {
		entries, err := h.Letters(context.Background(), notice.Filter{})
		if err != nil || len(entries) != 1 {
			t.Errorf("%d letters, %v", len(entries), err)
			return
		}
		inSQL <- entries[0].State
	}).Once())
	h.send()
	if state := <-inSQL; state != notice.Sending {
		t.Errorf("%s while the server is told of it", state)
	}
	h.arrived("coach_digest/C-1/2024-03-05")
}

// whenFirst runs f when the first letter is about to be handed over, and after it well goes on.
func (h *house) whenFirst(f func()) { h.mail.Set(smtptest.Mail, smtptest.Well().Calling(f).Once()) }

func TestStopReleasesWhatWasNotBegun(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", settled("S-1"), settled("S-2"), settled("S-3"))
	for _, n := range []string{"1", "2", "3"} {
		h.put("appointments.csv", appointment("A-"+n, "S-"+n, "2024-03-21 09:00", "2024-03-04 08:00"))
	}
	h.set("2024-03-04 10:00")
	h.run("appointments")
	h.whenFirst(h.stop)
	h.send()
	if n := len(h.news()); n != 1 {
		t.Fatalf("%d letters arrived; the one under way ends, no other begins", n)
	}
	entries, err := h.Letters(t.Context(), notice.Filter{State: string(notice.Deferred)})
	h.well(err)
	if len(entries) != 2 || entries[0].Tries != 0 || entries[1].Tries != 0 {
		t.Errorf("released: %+v", entries)
	}
	h.send() // stopped is stopped
	if n := len(h.news()); n != 0 {
		t.Fatalf("%d letters after the stop", n)
	}
	again, stop := context.WithCancel(context.Background())
	defer stop()
	h.deliver.Stop = again
	h.send()
	if n := len(h.news()); n != 2 {
		t.Errorf("%d letters by the next process", n)
	}
}

func TestAClaimThatIsNearlyOverBeginsNoLetter(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", settled("S-1"), settled("S-2"))
	h.put("appointments.csv", appointment("A-1", "S-1", "2024-03-21 09:00", "2024-03-04 08:00"), appointment("A-2", "S-2", "2024-03-21 09:00", "2024-03-04 08:00"))
	h.set("2024-03-04 10:00")
	h.run("appointments")
	h.whenFirst(func() { h.set("2024-03-04 10:03") }) // the relay is slow
	h.send()
	if n := len(h.news()); n != 1 {
		t.Fatalf("%d letters under a claim of 10:00", n)
	}
	h.send()
	if n := len(h.news()); n != 1 {
		t.Errorf("%d letters under a new claim", n)
	}
}

// The machine slept while a letter was under way, and another one took it for dead.
func TestALostClaimIsNoticed(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", settled("S-1"))
	h.put("appointments.csv", appointment("A-1", "S-1", "2024-03-21 09:00", "2024-03-04 08:00"))
	h.set("2024-03-04 10:00")
	h.run("appointments")
	h.whenFirst(func() {
		h.set("2024-03-04 10:13")
		if n, err := h.FreeStuck(context.Background(), h.clock(), nil); n != 1 || err != nil {
			t.Errorf("freed %d, %v", n, err)
		}
	})
	h.send()
	h.arrived("appointment_booked/A-1/2024-03-21T09:00")
	h.outbox("unsure appointment_booked/A-1/2024-03-21T09:00 crash")
	h.at("2024-03-04 10:23")
	h.arrived("appointment_booked/A-1/2024-03-21T09:00")
	h.at("2024-03-04 12:00")
	h.arrived()
}

func TestTheClockGoesBackAndNothingIsSentTwice(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", seeker("S-1"))
	h.put("appointments.csv", appointment("A-1", "S-1", "2024-03-21 09:00", "2024-03-04 08:00"))
	h.at("2024-03-05 10:00")
	h.arrived("coach_digest/C-1/2024-03-05", "appointment_booked/A-1/2024-03-21T09:00")
	for _, back := range []string{"2024-03-05 09:00", "2024-03-04 10:00", "2024-03-05 07:30", "2024-03-05 10:00"} {
		h.at(back)
		h.arrived()
	}
}

// dies claims what is due and is never heard of again.
func (h *house) dies(at string) {
	h.t.Helper()
	h.plan(at)
	if c, err := h.Claim(h.t.Context(), h.clock(), h.clock(), nil, 25); err != nil || len(c) == 0 {
		h.t.Fatalf("claimed %d, %v", len(c), err)
	}
}

// Nobody knows whether the first letter arrived. Whatever comes next is told as a change: whoever did not get the first
// one understands it all the same.
func TestWhatACrashPerhapsToldIsToldAsAChange(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", settled("S-1"), settled("S-2"))
	h.put("appointments.csv", appointment("A-1", "S-1", "2024-03-21 09:00", "2024-03-04 08:00"), appointment("A-2", "S-2", "2024-03-21 09:00", "2024-03-04 08:00"))
	h.dies("2024-03-04 10:00")
	h.at("2024-03-04 10:13")
	h.put("appointments.csv", row{"appointment_id": "A-1", "starts_at": local("2024-03-22 09:00").UnixMilli(), "changed_at": local("2024-03-04 10:15").UnixMilli()},
		row{"appointment_id": "A-2", "state": "cancelled", "cancelled_at": local("2024-03-04 10:15").UnixMilli()})
	h.at("2024-03-04 10:23")
	h.at("2024-03-04 10:30")
	h.arrived("appointment_changed/A-1/2024-03-22T09:00/1", "appointment_cancelled/A-2/2024-03-21T09:00/1")
}

func TestThePolicyHoldsWhatACrashLeft(t *testing.T) {
	h := newHouse(t)
	letters := h.deliver.Policy.Letters
	l := letters["appointment_booked"]
	l.Unsure = "hold"
	letters["appointment_booked"] = l
	h.book(1)
	h.dies("2024-03-04 10:00")
	h.at("2024-03-04 10:13")
	h.outbox("held " + first + " crash")
}

// The letter that is sent once more says what it said the first time: that the appointment was moved, and from when.
func TestAChangeSentOnceMoreSaysFromWhen(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", settled("S-1"))
	h.put("appointments.csv", appointment("A-1", "S-1", "2024-03-21 09:00", "2024-03-04 08:00"))
	h.at("2024-03-04 10:00")
	h.arrived("appointment_booked/A-1/2024-03-21T09:00")
	h.put("appointments.csv", row{"appointment_id": "A-1", "starts_at": local("2024-03-22 13:00").UnixMilli(), "changed_at": local("2024-03-04 10:30").UnixMilli()})
	h.mail.Set(smtptest.Dot, smtptest.Drop().Taking().Once())
	h.at("2024-03-04 11:00")
	h.at("2024-03-04 11:10")
	twice := h.news()
	if len(twice) != 2 {
		t.Fatalf("%d letters", len(twice))
	}
	for i, m := range twice {
		if text := outboxcheck.Readable(m); !strings.Contains(text, "Varattu aikasi on muuttunut") || !strings.Contains(text, "21.3.2024 klo 9.00 (ei en") {
			t.Errorf("letter %d does not say from when the appointment was moved", i+1)
		}
	}
}
