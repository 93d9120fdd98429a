package workers

import (
	"context"
	"maps"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"vireilla/internal/journal"
	"vireilla/internal/notice"
	"vireilla/internal/store"
	"vireilla/internal/store/storetest"
	"vireilla/internal/test/smtptest"
	"vireilla/internal/timetable"
	"vireilla/tasks"
)

// After a restore: the database is one of yesterday, and the letters of today are out.

// backup gives the database as it stands, as a file.
func (h *house) backup() []byte {
	h.t.Helper()
	h.well(h.DB.Close())
	text, err := os.ReadFile(h.path)
	h.well(err)
	h.open()
	return text
}

// restore puts a backup in the database's place. The mail server keeps what it has, the machine its journal.
func (h *house) restore(backup []byte) {
	h.t.Helper()
	h.well(h.DB.Close())
	for _, more := range []string{"-wal", "-shm"} {
		_ = os.Remove(h.path + more)
	}
	h.well(os.WriteFile(h.path, backup, 0o600))
	h.open()
	h.days = nil // runs that only the lost database knew
}

func (h *house) open() {
	h.t.Helper()
	var err error
	h.DB, err = store.Open(h.t.Context(), "sqlite:"+h.path)
	h.well(err)
}

// accept is vireilla journal accept.
func (h *house) accept() (sent, held int) {
	h.t.Helper()
	letters, damaged, err := journal.Letters(h.sends.folder)
	h.well(err)
	behind, err := h.Stale(h.t.Context(), letters)
	h.well(err)
	sent, held, err = h.TakeOver(h.t.Context(), h.clock(), behind)
	h.well(err)
	h.well(h.sends.Accept(h.clock(), letters))
	h.well(h.ClearStale(h.t.Context(), h.sends.ID()))
	if damaged > 0 {
		h.t.Errorf("%d lines of the journal are damaged", damaged)
	}
	return sent, held
}

// isHeld expects that no letter goes out, and why.
func (h *house) isHeld() {
	h.t.Helper()
	h.arrived()
	journals, err := h.StaleBy(h.t.Context())
	h.well(err)
	h.same("who holds all letters", journals, []string{h.sends.ID()})
}

func TestARestoredBackupSendsNothingAgain(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", seeker("S-1"), settled("S-2"))
	h.put("appointments.csv", appointment("A-1", "S-2", "2024-03-21 09:00", "2024-03-04 08:00"))
	h.at("2024-03-04 10:00")
	h.arrived("appointment_booked/A-1/2024-03-21T09:00")
	yesterday := h.backup()

	h.at("2024-03-05 07:30")
	moved := row{"appointment_id": "A-1", "starts_at": local("2024-03-22 13:00").UnixMilli(), "changed_at": local("2024-03-05 08:00").UnixMilli()}
	h.put("appointments.csv", moved)
	h.at("2024-03-05 09:00")
	h.arrived("coach_digest/C-1/2024-03-05", "appointment_changed/A-1/2024-03-22T13:00/1")

	h.restore(yesterday)
	h.put("appointments.csv", moved) // the feed of the morning is imported again
	h.at("2024-03-05 09:30")
	h.isHeld()
	h.at("2024-03-05 09:40")
	h.isHeld()
	if n := strings.Count(h.log.String(), "older than the send journal"); n != 1 {
		t.Errorf("the log says so %d times", n)
	}
	if sent, held := h.accept(); sent != 2 || held != 0 {
		t.Errorf("%d taken over as sent, %d as held", sent, held)
	}
	h.at("2024-03-05 09:50")
	h.at("2024-03-06 07:30") // the coach was told of S-1 the day before
	h.arrived()
	h.put("appointments.csv", row{"appointment_id": "A-1", "starts_at": local("2024-03-25 13:00").UnixMilli(), "changed_at": local("2024-03-06 08:00").UnixMilli()})
	h.at("2024-03-06 09:00")
	h.arrivedWith(map[string]string{"appointment_changed/A-1/2024-03-25T13:00/2": "22.3.2024 klo 13.00 (ei en"}, "21.3.2024")
}

func TestOfALetterThatWasUnderWayAPersonDecidesAfterARestore(t *testing.T) {
	h := newHouse(t)
	h.book(2)
	yesterday := h.backup()
	h.mail.Set(smtptest.Dot, smtptest.Drop().Taking().Once())
	h.at("2024-03-04 10:00")
	if n := len(h.news()); n != 2 {
		t.Fatalf("%d letters", n)
	}
	h.restore(yesterday)
	h.at("2024-03-04 10:05")
	h.isHeld()
	if sent, held := h.accept(); sent != 1 || held != 1 {
		t.Errorf("%d taken over as sent, %d as held", sent, held)
	}
	h.at("2024-03-04 10:30")
	h.at("2024-03-04 12:00")
	h.arrived()
	entries, err := h.Letters(t.Context(), notice.Filter{State: string(notice.Held)})
	h.well(err)
	if len(entries) != 1 {
		t.Fatalf("held: %+v", entries)
	}
	h.well(h.Retry(t.Context(), h.clock(), entries[0].ID))
	h.send()
	h.arrived(entries[0].Key)
}

// What did not go out before the restore goes out after it.
func TestWhatWasNotSentIsSentAfterARestore(t *testing.T) {
	h := newHouse(t)
	h.book(1)
	yesterday := h.backup()
	h.mail.Set(smtptest.Rcpt, smtptest.Reply("451 4.7.1 later").Once())
	h.at("2024-03-04 10:00")
	h.arrived()
	h.restore(yesterday)
	h.at("2024-03-04 10:05")
	h.isHeld()
	h.accept()
	h.at("2024-03-04 10:10")
	h.arrived(first)
}

// ticks records a tick of the timetable as the owner of the lease does.
func (h *house) ticks(entry string) {
	h.t.Helper()
	ctx := h.t.Context()
	fence, err := h.TakeLease(ctx, TimetableLease, "test", time.Hour)
	h.well(err)
	last, err := h.LastTicks(ctx)
	h.well(err)
	_, _, err = h.RecordTicks(ctx, TimetableLease, fence, timetable.Record{Entry: entry, Last: last[entry], Now: h.clock(), Ticks: []time.Time{h.clock()}})
	h.well(err)
	h.well(h.TickDone(ctx, h.clock(), entry, h.clock()))
}

// bringAll imports all that the register of the office holds.
func (h *house) bringAll() {
	h.t.Helper()
	feed := storetest.Feed{}
	for key, r := range h.rows {
		file, _, _ := strings.Cut(key, "/")
		feed[file] = append(feed[file], maps.Clone(r))
	}
	h.bring(feed, false)
}

// A machine that had nothing to send is told by the timetable's ledger.
func TestAMachineThatSentNothingNoticesARestoreToo(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", seeker("S-1"))
	tick := func(text string) {
		h.set(text)
		h.ticks("sweep")
		h.well(h.compare.Check(t.Context()))
	}
	tick("2024-03-04 05:00")
	yesterday := h.backup()
	tick("2024-03-04 05:04")
	tick("2024-03-04 06:00")
	h.restore(yesterday)
	h.at("2024-03-05 07:30")
	h.isHeld()
	h.accept()
	h.at("2024-03-05 07:31")
	h.arrived("coach_digest/C-1/2024-03-05")
}

// swapped is a database that is exchanged for a backup between two batches.
type swapped struct {
	*house
	backup []byte
	looks  int
}

func (s *swapped) Check(ctx context.Context) error { return s.compare.Check(ctx) }

func (s *swapped) CheckLast(ctx context.Context) error {
	if s.looks++; s.looks == 2 {
		for busy := true; busy; { // until what went out is written down
			s.deliver.Record.mu.Lock()
			busy = s.deliver.Record.busy
			s.deliver.Record.mu.Unlock()
		}
		s.restore(s.backup)
	}
	return s.compare.CheckLast(ctx)
}

func TestADatabaseThatIsExchangedBetweenTwoBatchesIsNoticed(t *testing.T) {
	h := newHouse(t)
	h.book(tasks.Batch + 5)
	h.plan("2024-03-04 10:00")
	h.deliver.Compare = &swapped{house: h, backup: h.backup()}
	h.send()
	if n := len(h.news()); n != tasks.Batch {
		t.Errorf("%d letters arrived", n)
	}
	h.isHeld()
	if sent, held := h.accept(); sent != tasks.Batch || held != 0 {
		t.Errorf("%d taken over as sent, %d as held", sent, held)
	}
}

// A standby that takes over without the last moments is no restore, as long as it knows the letters.
func TestALedgerAFewMinutesBehindHoldsNothing(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", seeker("S-1"))
	h.set("2024-03-05 07:25")
	h.ticks("sweep")
	h.well(h.compare.Check(t.Context()))
	before := h.backup()
	h.set("2024-03-05 07:29")
	h.ticks("sweep")
	h.well(h.compare.Check(t.Context()))
	h.restore(before)
	h.at("2024-03-05 07:30")
	h.arrived("coach_digest/C-1/2024-03-05")
}

func TestWithoutAJournalNoLetterGoesOut(t *testing.T) {
	h := newHouse(t)
	h.book(1)
	h.plan("2024-03-04 10:00")
	h.well(h.sends.Close())
	if err := h.deliver.Run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "send journal") {
		t.Errorf("no error that says so: %v", err)
	}
	h.arrived()
	h.sends.reopen(t)
	h.send()
	h.arrived(first)
}

// TestWhateverBackupIsRestoredNothingThatArrivedArrivesAgain goes through weeks in which letters meet trouble, machines
// die and backups come back.
func TestWhateverBackupIsRestoredNothingThatArrivedArrivesAgain(t *testing.T) {
	for seed := range uint64(6) {
		t.Run("", func(t *testing.T) {
			h := newHouse(t)
			rng := rand.New(rand.NewPCG(seed, 7))
			h.book(4)
			backups := [][]byte{h.backup()}
			for day := local("2024-03-05 00:00"); day.Before(local("2024-03-20 00:00")); day = day.AddDate(0, 0, 1) {
				start := local("2024-04-02 09:00").AddDate(0, 0, rng.IntN(9))
				h.put("appointments.csv", row{"appointment_id": "A-1", "starts_at": start.UnixMilli(), "changed_at": day.UnixMilli()})
				h.put("seekers.csv", seeker("S-9"))
				switch rng.IntN(4) {
				case 0:
					h.mail.Set(smtptest.Dot, smtptest.Drop().Taking().Once())
				case 1:
					h.mail.Set(smtptest.Dot, smtptest.Reply("451 4.3.0 later").Once())
				}
				for _, clock := range []time.Duration{8 * time.Hour, 11 * time.Hour, 15 * time.Hour} {
					h.turn(day.Add(clock))
					h.run("contacts", "training", "digests", "leads", "appointments", "sweep", "deliver")
					if rng.IntN(3) == 0 {
						backups = append(backups, h.backup())
					}
				}
				if rng.IntN(3) == 0 {
					h.restore(backups[rng.IntN(len(backups))])
					h.well(h.compare.Check(t.Context()))
					h.bringAll()
					h.accept()
				}
			}
			h.turn(local("2024-03-21 12:00"))
			h.run("sweep", "deliver", "sweep", "deliver")
			if n := len(h.mail.Accepted()); n < 10 {
				t.Errorf("only %d letters in two weeks", n)
			}
		})
	}
}

// A journal that its owner closes and opens again, as a process that is started anew.
type sends struct {
	*journal.Journal
	folder string
}

func (s *sends) reopen(t *testing.T) {
	t.Helper()
	_ = s.Close()
	var err error
	if s.Journal, err = journal.Open(s.folder, local("2024-03-01 00:00")); err != nil {
		t.Fatal(err)
	}
}

func openJournal(t *testing.T) *sends {
	t.Helper()
	s := &sends{folder: t.TempDir()}
	var err error
	if s.Journal, err = journal.Open(s.folder, local("2024-03-01 00:00")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}
