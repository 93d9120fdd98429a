package storetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"vireilla/internal/caseload"
	"vireilla/internal/store"
)

func importedTwice(t *testing.T, s *store.DB) {
	first := mustImport(t, s, Small())
	if got := first["seekers.csv"]; got != (caseload.Counts{Read: 3, Added: 3}) {
		t.Fatalf("first: %+v", got)
	}
	for file, c := range mustImport(t, s, Small()) {
		if c.Added+c.Changed+c.Closed != 0 || c.Unchanged != c.Read {
			t.Errorf("%s the second time: %+v", file, c)
		}
	}
}

func goneAndBack(t *testing.T, s *store.DB) {
	mustImport(t, s, Small())
	without := Small()
	without["seekers.csv"] = without["seekers.csv"][:2]
	if c := mustImport(t, s, without)["seekers.csv"]; c.Closed != 1 {
		t.Fatalf("closed: %+v", c)
	}
	if _, err := s.Case(t.Context(), "S-3"); err == nil {
		t.Fatal("S-3 is still there")
	}
	if c := mustImport(t, s, Small())["seekers.csv"]; c.Changed != 1 || c.Added != 0 {
		t.Fatalf("back: %+v", c)
	}
	if c, err := s.Case(t.Context(), "S-3"); err != nil || len(c.Contacts) != 1 {
		t.Fatalf("S-3 after its return: %+v, %v", c, err)
	}
}

func duplicatesAndUnknown(t *testing.T, s *store.DB) {
	files := caseload.Files()
	seekers := &files[3]
	err := s.Import(t.Context(), morning, func(im *store.Import) error {
		rows := fill(seekers, append(Small()["seekers.csv"], Small()["seekers.csv"][1]))
		duplicates, err := im.Stage(t.Context(), seekers, rows)
		if err != nil || len(duplicates) != 1 || duplicates[0] != (caseload.Duplicate{Line: 5, First: 3}) {
			t.Errorf("duplicates %v, %v", duplicates, err)
		}
		unknown, total, err := im.Unknown(t.Context(), seekers, "coach_id", 2)
		if err != nil || total != 3 || len(unknown) != 2 || unknown[0] != (caseload.Reference{Line: 2, ID: "C-1"}) {
			t.Errorf("unknown %v of %d, %v", unknown, total, err)
		}
		return errors.New("undo")
	})
	if err == nil {
		t.Fatal("the import was not undone")
	}
	mustImport(t, s, Small())
	if err := s.Import(t.Context(), morning, func(im *store.Import) error {
		_, err := im.Stage(t.Context(), seekers, fill(seekers, Small()["seekers.csv"]))
		unknown, total, err2 := im.Unknown(t.Context(), seekers, "coach_id", 10)
		if total != 0 || len(unknown) != 0 {
			t.Errorf("ids of the store are unknown: %v", unknown)
		}
		return errors.Join(err, err2)
	}); err != nil {
		t.Fatal(err)
	}
}

func deltaGuard(t *testing.T, s *store.DB) {
	mustImport(t, s, Small())
	half := Small()
	half["seekers.csv"] = half["seekers.csv"][:1]
	var shrink *caseload.ShrinkError
	if _, err := Import(t, s, half, true, false); !errors.As(err, &shrink) || shrink.Closed != 2 || shrink.Of != 3 {
		t.Fatalf("closed: %v", err)
	}
	moved := Small()
	moved["seekers.csv"][0]["coach_id"] = "C-2"
	if _, err := Import(t, s, moved, true, false); !errors.As(err, &shrink) || shrink.Moved != 1 {
		t.Fatalf("moved: %v", err)
	}
	if c, err := s.Case(t.Context(), "S-1"); err != nil || c.Seeker.CoachID != "C-1" {
		t.Fatalf("something changed: %+v, %v", c.Seeker.CoachID, err)
	}
	if counts, err := Import(t, s, half, false, false); err != nil || counts["seekers.csv"].Closed != 0 {
		t.Fatalf("a delta closes nothing: %+v, %v", counts, err)
	}
}

// What is closed while open rows still belong to it is reported once, by its id.
func stranded(t *testing.T, s *store.DB) {
	mustImport(t, s, Small())
	closing := Small()
	closing["teams.csv"] = []map[string]any{{"team_id": "T-9", "name": "Länsi", "authority": "lahti_region",
		"lead_email": "kanaria.lead@example.org", "language": "fi"}}
	closing["coaches.csv"] = closing["coaches.csv"][1:]
	closed := func(f Feed, at time.Time) (reported []string) {
		err := s.Import(t.Context(), at, func(im *store.Import) error {
			for _, file := range caseload.Files() {
				if _, err := im.Stage(t.Context(), &file, fill(&file, f[file.Name])); err != nil {
					return err
				}
			}
			_, err := im.Apply(t.Context(), true, true)
			found, err2 := im.Stranded(t.Context())
			for i := range found {
				reported = append(reported, found[i].String())
			}
			return errors.Join(err, err2)
		})
		if err != nil {
			t.Fatal(err)
		}
		return reported
	}
	want := []string{"coaches.csv: coaches belong to teams that this import closes: T-1 (1)",
		"seekers.csv: seekers belong to coaches that this import closes: C-1 (3)"}
	if got := closed(closing, morning.Add(time.Hour)); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := closed(closing, morning.Add(2*time.Hour)); len(got) != 0 {
		t.Errorf("the second time: %q", got)
	}
}

func failedImport(t *testing.T, s *store.DB) {
	err := s.Import(t.Context(), morning, func(im *store.Import) error {
		files := caseload.Files()
		if _, err := im.Stage(t.Context(), &files[0], fill(&files[0], Small()["teams.csv"])); err != nil {
			return err
		}
		if _, err := im.Apply(t.Context(), true, false); err != nil {
			return err
		}
		return errors.New("a failure")
	})
	if err == nil {
		t.Fatal("no error")
	}
	if staff, err := s.Staff(t.Context()); err != nil || len(staff.Teams) != 0 {
		t.Fatalf("teams %v, %v", staff.Teams, err)
	}
	mustImport(t, s, Small())
}
