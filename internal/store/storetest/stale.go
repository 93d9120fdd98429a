package storetest

import (
	"slices"
	"testing"
	"time"

	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/internal/store"
	"vireilla/internal/timetable"
)

func handover(c notice.Claimed, state notice.State) notice.Handover {
	h := notice.Handover{Notice: c.Notice, Fence: c.Fence, At: morning, Dated: c.Dated, State: state}
	if state == notice.Unsure {
		h.Unsure = 1
	}
	return h
}

// stale compares the outbox with what a journal knows.
func stale(t *testing.T, s *store.DB) {
	add(t, s, 3)
	c := claim(t, s, morning)
	known := []notice.HandoverID{{Key: c[0].Key, Fence: c[0].Fence}, {Key: c[1].Key, Fence: c[1].Fence}}
	if n, err := s.Unknown(t.Context(), known); err != nil || n != 0 {
		t.Errorf("%d unknown, %v", n, err)
	}
	if n, err := s.Unknown(t.Context(), append(known, notice.HandoverID{Key: c[2].Key, Fence: c[2].Fence + 1},
		notice.HandoverID{Key: "never", Fence: 1})); err != nil || n != 2 {
		t.Errorf("%d unknown, %v", n, err)
	}
	newer, never, later := handover(c[0], notice.Sent), handover(c[1], notice.Unsure), handover(c[2], notice.Deferred)
	newer.Fence++
	never.Key = "never"
	later.Fence++
	found, err := s.Stale(t.Context(), []notice.Handover{handover(c[2], notice.Sent), newer, never, later})
	if err != nil || len(found) != 2 || found[0].Key != newer.Key || found[0].InOutbox != notice.Sending ||
		found[1].Key != "never" || found[1].InOutbox != "" {
		t.Errorf("%+v, %v", found, err)
	}
}

// blockedWhenStale: no letter is claimed while the database is behind any journal.
func blockedWhenStale(t *testing.T, s *store.DB) {
	add(t, s, 2)
	expect := func(blocked bool, of ...string) {
		t.Helper()
		got, err := s.SendingBlocked(t.Context())
		journals, err2 := s.StaleBy(t.Context())
		if err != nil || err2 != nil || got != blocked || !slices.Equal(journals, of) {
			t.Errorf("blocked %v by %v, %v %v", got, journals, err, err2)
		}
		if on, err := s.KillSwitch(t.Context()); err != nil || on {
			t.Errorf("the kill switch is %v, %v", on, err)
		}
	}
	expect(false)
	for _, id := range []string{"one", "two", "one"} {
		if err := s.SetStale(t.Context(), id, morning); err != nil {
			t.Fatal(err)
		}
	}
	expect(true, "one", "two")
	if c := claim(t, s, morning); len(c) != 0 {
		t.Errorf("%d claimed", len(c))
	}
	for _, id := range []string{"one", "two"} {
		expect(true, map[string][]string{"one": {"one", "two"}, "two": {"two"}}[id]...)
		if err := s.ClearStale(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	expect(false)
	if c := claim(t, s, morning); len(c) != 2 {
		t.Errorf("%d claimed", len(c))
	}
}

// takenOver writes into the outbox what a journal knows, and all that the letters told.
func takenOver(t *testing.T, s *store.DB) {
	mustImport(t, s, Small())
	add(t, s, 2)
	c := claim(t, s, morning)
	sent, unsure := handover(c[0], notice.Sent), handover(c[1], notice.Unsure)
	sent.Fence, unsure.Fence = sent.Fence+4, unsure.Fence+1
	items := []notice.Item{{Seeker: "S-1", Rule: "initial_interview", Anchor: monday, Due: monday, Stage: policy.Overdue,
		Coach: "C-1"}}
	digest := notice.Handover{Fence: 1, At: morning, Dated: morning, State: notice.Sent,
		Notice: notice.Notice{Key: "coach_digest/C-1/x", Letter: notice.CoachDigest, To: "C-1", Role: notice.ToCoach,
			Language: "fi", SendAt: morning, Expires: morning.Add(time.Hour), Items: items, Told: items}}
	booked := notice.Handover{Fence: 2, At: morning, Dated: morning, State: notice.Sent, Unsure: 1,
		Notice: notice.Notice{Key: "appointment_booked/A-2/x", Letter: notice.AppointmentBooked, To: "S-2",
			Role: notice.ToSeeker, Subject: "A-2", Language: "fi", SendAt: morning, Expires: morning.Add(time.Hour),
			Start: morning.Add(96 * time.Hour)}}
	found, err := s.Stale(t.Context(), []notice.Handover{sent, unsure, digest, booked})
	if err != nil || len(found) != 4 {
		t.Fatalf("%d stale, %v", len(found), err)
	}
	out, held, err := s.TakeOver(t.Context(), morning.Add(time.Hour), found)
	if err != nil || out != 3 || held != 1 {
		t.Fatalf("%d sent, %d held, %v", out, held, err)
	}
	entries, err := s.Letters(t.Context(), notice.Filter{})
	if err != nil || len(entries) != 4 {
		t.Fatalf("%d letters, %v", len(entries), err)
	}
	for _, e := range entries {
		want, times := notice.Sent, 0
		switch e.Key {
		case unsure.Key:
			want, times = notice.Held, 1
		case booked.Key:
			times = 1
		}
		if e.State != want || e.Unsure != times || !e.Dated.Equal(morning) {
			t.Errorf("%s is %s, was unsure %d times, dated %s", e.Key, e.State, e.Unsure, e.Dated)
		}
	}
	if again, err := s.Stale(t.Context(), []notice.Handover{sent, unsure, digest, booked}); err != nil || len(again) != 0 {
		t.Errorf("still stale: %+v, %v", again, err)
	}
	if told, err := s.Told(t.Context(), morning.Add(time.Hour)); err != nil || len(told) != 1 {
		t.Errorf("told %v, %v", told, err)
	}
	if b, err := s.Bookings(t.Context(), []string{"A-2"}); err != nil || len(b) != 1 ||
		!b[0].Told.StartsAt.Equal(booked.Start) {
		t.Errorf("told of the appointment: %+v, %v", b, err)
	}
	if _, err := s.Add(t.Context(), morning, run("digests"),
		notice.Plan{Notices: []notice.Notice{digest.Notice}}); err != nil {
		t.Fatal(err)
	}
	if c := claim(t, s, morning.Add(time.Hour)); len(c) != 0 {
		t.Errorf("%d letters are taken again", len(c))
	}
	// who claimed it before the restore
	if lost, err := s.Record(t.Context(), morning, []notice.Report{report(c[0], notice.Deferred)}); err != nil ||
		len(lost) != 1 {
		t.Errorf("lost %v, %v", lost, err)
	}
}

// lastTick is the newest tick of the sweep.
func lastTick(t *testing.T, s *store.DB) {
	if at, err := s.LastTick(t.Context()); err != nil || !at.IsZero() {
		t.Errorf("at first %s, %v", at, err)
	}
	fence := take(t, s, "one", time.Minute)
	for _, r := range []timetable.Record{
		{Entry: "sweep", Now: morning, Ticks: []time.Time{morning.Add(-time.Minute), morning}},
		{Entry: "digests", Now: morning.Add(time.Hour), Ticks: []time.Time{morning.Add(time.Hour)}},
	} {
		recordTicks(t, s, fence, r)
	}
	if at, err := s.LastTick(t.Context()); err != nil || !at.Equal(morning) {
		t.Errorf("%s, %v", at, err)
	}
}
