package storetest

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/internal/store"
)

// refresh evaluates all cases that wake, with the obligations given for each, and returns their sorted ids.
func refresh(t *testing.T, s *store.DB, finds map[string][]policy.Obligation) (ids []string) {
	t.Helper()
	err := s.Refresh(t.Context(), monday, func(a *notice.Awake) notice.Agenda {
		ids = append(ids, a.Seeker.ID)
		return notice.Agenda{Seeker: a.Seeker.ID, Obligations: finds[a.Seeker.ID]}
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(ids)
	return ids
}

// sleepAll evaluates everything, so that nothing is awake.
func sleepAll(t *testing.T, s *store.DB) {
	t.Helper()
	refresh(t, s, nil)
	var evaluated []notice.Evaluated
	for _, b := range awake(t, s) {
		evaluated = append(evaluated, notice.Evaluated{ID: b.ID, Rev: b.Rev})
	}
	if err := s.Sleep(t.Context(), evaluated); err != nil {
		t.Fatal(err)
	}
}

// awake returns the appointments to be evaluated.
func awake(t *testing.T, s *store.DB) (bookings []notice.AwakeBooking) {
	t.Helper()
	if err := s.AwakeBookings(t.Context(), morning, func(part []notice.AwakeBooking) {
		bookings = append(bookings,
			part...)
	}); err != nil {
		t.Fatal(err)
	}
	return bookings
}

func wakesTouched(t *testing.T, s *store.DB) {
	mustImport(t, s, Small())
	sleepAll(t, s)
	touched := Small()
	touched["contacts.csv"][1]["held_on"] = "2024-01-15"
	mustImport(t, s, touched)
	if bookings := awake(t, s); len(bookings) != 1 || bookings[0].ID != "A-2" {
		t.Fatalf("awake appointments: %d", len(bookings))
	}
	if ids := refresh(t, s, nil); !slices.Equal(ids, []string{"S-2"}) {
		t.Fatalf("awake: %v", ids)
	}
}

// wakesOnItsDay: a case sleeps until its day, and another policy wakes all cases.
func wakesOnItsDay(t *testing.T, s *store.DB) {
	mustImport(t, s, Small())
	evaluate := func(a *notice.Awake) notice.Agenda {
		found := notice.Agenda{Seeker: a.Seeker.ID}
		if a.Seeker.ID == "S-2" {
			found.Wake = monday + 3
		}
		return found
	}
	awake := func() int {
		n, err := s.Awake(t.Context(), monday+2, 10)
		later, err2 := s.Awake(t.Context(), monday+3, 10)
		if err != nil || err2 != nil || later > 3 {
			t.Fatal(n, later, err, err2)
		}
		return 10*n + later
	}
	prepare := func(policyID string) {
		if err := s.Prepare(t.Context(), monday, policyID); err != nil {
			t.Fatal(err)
		}
	}
	prepare("p/1")
	if err := s.Refresh(t.Context(), monday, evaluate); err != nil {
		t.Fatal(err)
	}
	if n := awake(); n != 1 {
		t.Fatalf("awake %02d, want nobody before the day and one on it", n)
	}
	prepare("p/1")
	if n := awake(); n != 1 {
		t.Fatalf("awake %02d after the same policy", n)
	}
	prepare("p/2")
	if n := awake(); n != 33 {
		t.Fatalf("awake %02d after another policy, want everybody", n)
	}
	if ids := refresh(t, s, nil); len(ids) != 3 {
		t.Fatalf("evaluated %v after another policy, want everybody", ids)
	}
}

// importInBetween imports while a case is being evaluated: the newest state is the last one seen.
func importInBetween(t *testing.T, s *store.DB) {
	mustImport(t, s, Small())
	var wg sync.WaitGroup
	for n := range 10 {
		status := fmt.Sprintf("status-%d", n)
		if err := s.Prepare(t.Context(), monday, status); err != nil { // wakes everybody
			t.Fatal(err)
		}
		touched := Small()
		touched["seekers.csv"][0]["status"] = status
		var seen string
		var once sync.Once
		evaluate := func(a *notice.Awake) notice.Agenda {
			once.Do(func() {
				wg.Go(func() {
					if _, err := Import(t, s, touched, true, true); err != nil {
						t.Error(err)
					}
				})
			})
			if a.Seeker.ID == "S-1" {
				seen = a.Seeker.Status
			}
			return notice.Agenda{Seeker: a.Seeker.ID}
		}
		for range 2 { // during the import, and after it
			if err := s.Refresh(t.Context(), monday, evaluate); err != nil {
				t.Fatal(err)
			}
			wg.Wait()
		}
		if seen != status {
			t.Fatalf("the last evaluation saw %q, the import brought %q", seen, status)
		}
	}
}

// refreshesAtOnce evaluates many cases in several goroutines.
func refreshesAtOnce(t *testing.T, s *store.DB) {
	feed := Small()
	feed["seekers.csv"] = nil
	feed["contacts.csv"] = nil
	feed["appointments.csv"] = nil
	const many = 2300
	for i := range many {
		feed["seekers.csv"] = append(feed["seekers.csv"], map[string]any{"seeker_id": fmt.Sprintf("S-%05d", i),
			"coach_id": "C-1", "status": "unemployed"})
	}
	mustImport(t, s, feed)
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]int{}
	for range 4 {
		wg.Go(func() {
			err := s.Refresh(t.Context(), monday, func(a *notice.Awake) notice.Agenda {
				mu.Lock()
				defer mu.Unlock()
				seen[a.Seeker.ID]++
				return notice.Agenda{Seeker: a.Seeker.ID, Wake: monday + 1, Obligations: []policy.Obligation{
					{Seeker: a.Seeker.ID, Rule: "job_search_discussion", Anchor: monday, Due: monday, DueStrict: monday,
						Stage: policy.Due, Owner: "C-1"}}}
			})
			if err != nil {
				t.Error(err)
			}
			if staged, err := s.Staged(t.Context()); err != nil || len(staged) != many {
				t.Errorf("one of them went on with %d of %d cases, %v", len(staged), many, err)
			}
		})
	}
	wg.Wait()
	for id, n := range seen {
		if n != 1 {
			t.Fatalf("%s was evaluated %d times", id, n)
		}
	}
	if n, err := s.Awake(t.Context(), monday+1, many+1); err != nil || n != many {
		t.Fatalf("%d wake tomorrow, %v", n, err)
	}
}

// quietIsNotKept: only obligations that have something to say are stored.
func quietIsNotKept(t *testing.T, s *store.DB) {
	mustImport(t, s, Small())
	quiet := policy.Obligation{Seeker: "S-1", Rule: "job_search_discussion", Anchor: monday, Due: monday + 80,
		DueStrict: monday + 80, Owner: "C-1"}
	loud := policy.Obligation{Seeker: "S-1", Rule: "initial_interview", Anchor: monday, Due: monday, DueStrict: monday,
		Stage: policy.Due, Owner: "C-1"}
	refresh(t, s, map[string][]policy.Obligation{"S-1": {quiet, loud}})
	staged, err := s.Staged(t.Context())
	if err != nil || len(staged) != 1 || staged[0].Obligation != loud {
		t.Fatalf("staged %+v, %v", staged, err)
	}
}
