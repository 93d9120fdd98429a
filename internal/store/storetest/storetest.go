// Package storetest is the contract of the store: the same tests must pass on every database.
package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/internal/store"
)

// Open opens an empty store for a test.
type Open func(t *testing.T) *store.DB

// Run checks the contract on the databases that open returns.
func Run(t *testing.T, open Open) {
	for name, f := range map[string]func(*testing.T, *store.DB){
		"ImportedTwiceChangesNothing":            importedTwice,
		"WhatIsGoneIsClosedAndComesBack":         goneAndBack,
		"DuplicatesAndUnknownIdsAreReported":     duplicatesAndUnknown,
		"TheDeltaGuardStopsALoss":                deltaGuard,
		"AFailedImportLeavesNothing":             failedImport,
		"WhatLosesItsOwnerIsReported":            stranded,
		"AnImportWakesOnlyWhatItTouched":         wakesTouched,
		"ACaseImportedMeanwhileIsEvaluatedAgain": importInBetween,
		"TheSameKeyTwiceIsOneLetter":             sameKey,
		"AClaimedLetterIsClaimedOnce":            claimedOnce,
		"AnOldFenceRecordsNothing":               oldFence,
		"NoTwoClaimsHaveOneFence":                oneFence,
		"WhatIsRecordedAlreadyIsNotLost":         recordedAlready,
		"AClaimThatNeverWasIsGivenBack":          neverClaimed,
		"SentLettersTellTheirItems":              sentTells,
		"AStuckLetterIsUnsureOnceThenHeld":       stuck,
		"WhatAStuckLetterPerhapsToldIsKept":      heldWhenStuck,
		"VitalsShowWhetherLettersGoOut":          vitals,
		"ALetterIsLateSinceItShouldHaveGone":     lateSince,
		"HeldLettersAreForgottenToo":             forgottenHeld,
		"APersonIsErased":                        erased,
		"TheClocksAreCompared":                   clocks,
		"WhatIsClosedNeverWakes":                 closedNeverWakes,
		"TheGuardHoldsARunWhole":                 guard,
		"TheGuardHoldsWhatWasTriedToo":           guardHoldsTheTried,
		"AReleaseCoversWhatWasPlannedByThen":     releasedOnce,
		"AWithdrawnLetterMayBePlannedAgain":      withdrawnAgain,
		"TheKillSwitchStopsClaims":               killSwitch,
		"ATickIsRecordedOnce":                    ticks,
		"TheOutboxIsComparedWithAJournal":        stale,
		"AStaleDatabaseSendsNothing":             blockedWhenStale,
		"WhatAJournalKnowsIsTakenOver":           takenOver,
		"TheLastTickIsTheNewestSweep":            lastTick,
		"AFenceThatIsLostRecordsNothing":         lostFence,
		"OneOwnerAtATimeHasALease":               leases,
		"ALeaseOfAClockAheadIsOver":              leaseAhead,
		"WhatTheTimetableLeftOutIsKept":          tickSkips,
		"OldTicksAreForgotten":                   oldTicks,
		"WhatALetterToldOfAnAppointmentIsKept":   toldBooking,
		"AnAddressThatBouncedIsSuppressed":       suppressed,
		"IdsSortByTheirBytes":                    bytewise,
		"ACaseWakesOnItsDay":                     wakesOnItsDay,
		"RefreshesAtOnceEvaluateEachCaseOnce":    refreshesAtOnce,
		"WhatHasNothingToSayIsNotStored":         quietIsNotKept,
		"AnItemToldTwiceIsToldOnce":              toldTwiceInOne,
		"ImportsAtOnceGoOneAfterTheOther":        importsAtOnce,
		"PlansAtOnceMakeEachLetterOnce":          plansAtOnce,
		"LettersAreFiltered":                     filters,
		"TrainingIsFoundInEveryWay":              training,
		"OperatorsSeeAndDecide":                  operators,
		"ManyAreCountedToTheLast":                many,
		"ListsArePaged":                          paged,
		"EveryStateIsListed":                     everyState,
		"PersonsDecideWhatStatesAllow":           decisions,
		"AHeldRunIsListedWithWhatIsLeftOfIt":     heldRun,
		"TheDayIsCountedByStateAndReason":        counted,
		"WhatWasNotWrittenIsCounted":             skipped,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, open(t))
		})
	}
}

var (
	monday  = calendar.Date(2024, time.March, 4)
	morning = time.Date(2024, time.March, 4, 5, 30, 0, 0, time.UTC)
)

// Rows are the rows of one file, each a map of columns; what is left out is empty.
type Rows []map[string]any

// Feed is rows by file name.
type Feed map[string]Rows

// Small is a feed of one team, two coaches and three seekers with a contact and an appointment each.
func Small() Feed {
	f := Feed{
		"teams.csv": {{"team_id": "T-1", "name": "Itä", "authority": "lahti_region", "lead_email": "kanaria.lead@example.org",
			"language": "fi"}},
		"coaches.csv": {
			{"coach_id": "C-1", "name": "Eero-Kanaria One", "email": "kanaria.c1@example.org", "team_id": "T-1",
				"language": "fi", "role": "coach"},
			{"coach_id": "C-2", "name": "Helmi-Kanaria Two", "email": "kanaria.c2@example.org", "team_id": "T-1",
				"language": "fi", "role": "coach"},
		},
	}
	for i := 1; i <= 3; i++ {
		s := fmt.Sprintf("S-%d", i)
		f["seekers.csv"] = append(f["seekers.csv"], map[string]any{"seeker_id": s, "first_name": "Aino-Kanaria",
			"email": "kanaria.s@example.org", "email_tier": "neutral",
			"service_language": "fi", "municipality": "Lahti", "coach_id": "C-1", "job_search_started": "2024-01-08",
			"status": "unemployed"})
		f["contacts.csv"] = append(f["contacts.csv"], map[string]any{"contact_id": fmt.Sprintf("K-%d", i), "seeker_id": s,
			"kind":    "initial_interview",
			"held_at": int64(1), "held_on": "2024-01-12"})
		f["appointments.csv"] = append(f["appointments.csv"], map[string]any{"appointment_id": fmt.Sprintf("A-%d", i),
			"seeker_id": s, "coach_id": "C-1",
			"kind": "job_search_discussion", "starts_at": morning.Add(96 * time.Hour).UnixMilli(), "minutes": int64(45),
			"mode": "office", "state": "booked",
			"booked_at": morning.Add(-240 * time.Hour).UnixMilli()})
	}
	return f
}

// Import imports a feed.
func Import(t testing.TB, s *store.DB, f Feed, full, accept bool) (map[string]caseload.Counts, error) {
	t.Helper()
	var counts map[string]caseload.Counts
	err := s.Import(t.Context(), morning, func(im *store.Import) error {
		files := caseload.Files()
		for i := range files {
			rows, present := f[files[i].Name]
			if !present {
				continue
			}
			if _, err := im.Stage(t.Context(), &files[i], fill(&files[i], rows)); err != nil {
				return err
			}
		}
		var err error
		counts, err = im.Apply(t.Context(), full, accept)
		return err
	})
	return counts, err
}

func fill(f *caseload.File, rows Rows) []caseload.Row {
	out := make([]caseload.Row, len(rows))
	for i, r := range rows {
		out[i].Line = i + 2
		for _, c := range f.Columns {
			v, ok := r[c.Name]
			if !ok {
				switch v = ""; c.Kind {
				case caseload.Moment, caseload.Number, caseload.Flag:
					v = int64(0)
				}
			}
			out[i].Values = append(out[i].Values, v)
		}
	}
	return out
}

func mustImport(t *testing.T, s *store.DB, f Feed) map[string]caseload.Counts {
	t.Helper()
	counts, err := Import(t, s, f, true, true)
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

func run(kind string) notice.Run {
	return notice.Run{Kind: kind, Day: monday, Policy: "test", Guard: policy.Guard{Floor: 5, Times: 3, Runs: 10}}
}

// add plans n letters and returns the ids of those that may go out.
func add(t *testing.T, s *store.DB, n int) []int64 {
	t.Helper()
	var p notice.Plan
	for i := range n {
		p.Notices = append(p.Notices, letter(fmt.Sprintf("appointment_reminder/A-%d/x/72h", i)))
	}
	added, err := s.Add(t.Context(), morning, run("appointments"), p)
	if err != nil {
		t.Fatal(err)
	}
	return added.IDs
}

func letter(key string) notice.Notice {
	return notice.Notice{Key: key, Letter: notice.AppointmentReminder, To: "S-1", Role: notice.ToSeeker, Subject: "A-1",
		Language: "fi", SendAt: morning,
		Expires: morning.Add(96 * time.Hour), Start: morning.Add(96 * time.Hour)}
}

func claim(t *testing.T, s *store.DB, at time.Time) []notice.Claimed {
	t.Helper()
	c, err := s.Claim(context.Background(), at, at, nil, 25)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func states(t *testing.T, s *store.DB) map[notice.State]int {
	t.Helper()
	entries, err := s.Letters(t.Context(), notice.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	n := map[notice.State]int{}
	for _, e := range entries {
		n[e.State]++
	}
	return n
}
