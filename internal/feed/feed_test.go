package feed

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"vireilla/internal/caseload"
)

const (
	teams   = "team_id,name,authority,lead_email\nT-1,Keskusta,lahti,kanaria.t-1@example.org\n"
	coaches = "coach_id,name,email,team_id\nC-1,Aino Esimerkki,kanaria.c-1@example.org,T-1\n" +
		"C-2,Eino Esimerkki,kanaria.c-2@example.org,T-1\n"
	seekers = "seeker_id,first_name,municipality,coach_id\nS-1,Aino,Lahti,C-1\nS-2,Eino,Lahti,C-2\n"
)

func TestAFolderIsReadInTheOrderOfItsReferences(t *testing.T) {
	s := newSink()
	files := folder("seekers.csv", seekers, "coaches.csv", coaches, "teams.csv", teams, "lue_minut.txt", "ei taulu")
	report := mustImport(t, files, s, Options{})
	for file, want := range map[string]Counts{
		"teams.csv": {Read: 1, Added: 1}, "coaches.csv": {Read: 2, Added: 2}, "seekers.csv": {Read: 2, Added: 2},
	} {
		if got := report.Files[file]; got != want {
			t.Errorf("%s: %+v, want %+v", file, got, want)
		}
	}
	if len(report.Files) != 3 || !s.full {
		t.Errorf("report %v, full %v", report.Files, s.full)
	}
	want := "[S-2 Eino  neutral fi Lahti C-2     unemployed  0 0]"
	if got := s.rows["seekers.csv"][1]; got.Line != 3 || fmt.Sprint(got.Values) != want {
		t.Errorf("second seeker %+v", got)
	}
}

func TestAFormOfTheFileThatIsAllowedMakesNoDifference(t *testing.T) {
	for name, text := range map[string]string{
		"byte order mark":         "\ufeff" + seekers,
		"semicolons":              strings.ReplaceAll(seekers, ",", ";"),
		"line ends":               strings.ReplaceAll(seekers, "\n", "\r\n"),
		"empty lines":             "\n" + strings.ReplaceAll(seekers, "\n", "\n\n"),
		"no last line end":        strings.TrimSuffix(seekers, "\n"),
		"quoted":                  `"seeker_id","first_name","municipality","coach_id"` + "\n" + `"S-1","Aino","Lahti","C-1"` + "\nS-2,Eino,Lahti,C-2\n",
		"another order":           "coach_id,municipality,first_name,seeker_id\nC-1,Lahti,Aino,S-1\nC-2,Lahti,Eino,S-2\n",
		"one optional column off": "seeker_id,municipality,coach_id\nS-1,Lahti,C-1\nS-2,Lahti,C-2\n",
		"mark and old encoding":   "\ufeff" + seekers,
	} {
		s := newSink("coaches.csv C-1", "coaches.csv C-2")
		o := Options{}
		if strings.Contains(name, "old") {
			o.Encoding = "windows-1252"
		}
		report := mustImport(t, folder("seekers.csv", text), s, o)
		town, coach := s.value(t, "seekers.csv", "municipality"), s.value(t, "seekers.csv", "coach_id")
		if report.Files["seekers.csv"].Added != 2 || town != "Lahti" || coach != "C-1" {
			t.Errorf("%s: %v", name, s.rows)
		}
	}
}

func TestAnOldExportIsReadInItsEncoding(t *testing.T) {
	text := "seeker_id,first_name,municipality,coach_id\nS-1,Bj\xf6rn,K\xe4rk\xf6l\xe4,C-1\n"
	s := newSink("coaches.csv C-1")
	mustImport(t, folder("seekers.csv", text), s, Options{Encoding: "windows-1252"})
	name, town := s.value(t, "seekers.csv", "first_name"), s.value(t, "seekers.csv", "municipality")
	if name != "Björn" || town != "Kärkölä" {
		t.Errorf("read as %v of %v", name, town)
	}
	want := "seekers.csv:2: first_name: " + notUTF8 + "\nseekers.csv:2: municipality: " + notUTF8
	if got := mustRefuse(t, folder("seekers.csv", text), newSink("coaches.csv C-1"), Options{}); got != want {
		t.Errorf("as UTF-8: %q", got)
	}
	text = "seeker_id,municipality,coach_id\nS-1,Lahti,C-1\nS-2,L\x81ti,C-1\n"
	want = "seekers.csv:3: municipality: holds a byte that stands for nothing in windows-1252"
	got := mustRefuse(t, folder("seekers.csv", text), newSink("coaches.csv C-1"), Options{Encoding: "windows-1252"})
	if got != want {
		t.Errorf("a byte that stands for nothing: %q", got)
	}
}

func TestWhatIsWrongWithAFileIsToldWithItsLine(t *testing.T) {
	long := strings.Repeat("q", 400<<10)
	for name, x := range map[string]struct{ file, text, want string }{
		"empty":          {"seekers.csv", "", "seekers.csv:1: header: is empty: there is no header line"},
		"only a mark":    {"seekers.csv", "\ufeff", "seekers.csv:1: header: is empty: there is no header line"},
		"only line ends": {"seekers.csv", "\n\n", "seekers.csv:1: header: is empty: there is no header line"},
		"UTF-16":         {"seekers.csv", "\xff\xfes\x00", "seekers.csv:1: header: is UTF-16; it must be UTF-8"},
		"unknown column": {"seekers.csv", "seeker_id,shoe_size,municipality,coach_id\n",
			"seekers.csv:1: shoe_size: is not a column of this file"},
		"kept from a feed": {"contacts.csv", "contact_id,seeker_id,kind,held_at,held_on\n",
			"contacts.csv:1: held_on: is not a column of this file"},
		"twice": {"seekers.csv", "seeker_id,municipality,coach_id,seeker_id\n",
			"seekers.csv:1: seeker_id: stands twice, as columns 1 and 4"},
		"missing column": {"seekers.csv", "seeker_id,first_name\nS-1,Aino\n",
			"seekers.csv:1: municipality: this column is missing\nseekers.csv:1: coach_id: this column is missing"},
		"upper case": {"seekers.csv", "Seeker_ID,municipality,coach_id\n",
			"seekers.csv:1: Seeker_ID: is not a column of this file; did you mean \"seeker_id\"?"},
		"a space": {"seekers.csv", "seeker_id, municipality,coach-id\n",
			"seekers.csv:1: column 2: is not a column of this file; did you mean \"municipality\"?\n" +
				"seekers.csv:1: column 3: is not a column of this file; did you mean \"coach_id\"?"},
		"tabs": {"seekers.csv", strings.ReplaceAll(seekers, ",", "\t"),
			"seekers.csv:1: header: is separated by tabs; the separator must be , or ;"},
		"bars": {"seekers.csv", strings.ReplaceAll(seekers, ",", "|"),
			"seekers.csv:1: header: is separated by |; the separator must be , or ;"},
		"mixed separators": {"seekers.csv", "seeker_id;municipality,first_name;coach_id\n",
			"seekers.csv:1: column 2: has a separator in its name: is the line in quotation marks, or are , and ; mixed?\n" +
				"seekers.csv:1: municipality: this column is missing"},
		"other separators": {"seekers.csv", "seeker_id;municipality;coach_id\nS-1,Lahti,C-1\nS-2,Lahti,C-2\nS-3;Lahti\n",
			"seekers.csv:2: row: is separated by , and the header line by ; (this row and all like it)\n" +
				"seekers.csv:4: row: has 2 fields and the header line 3: was the file cut?"},
		"a separator more": {"seekers.csv", "seeker_id,municipality,coach_id,\n",
			"seekers.csv:1: column 4: has no name: is there a separator too many?"},
		"two marks": {"seekers.csv", "\ufeff\ufeff" + seekers,
			"seekers.csv:1: header: begins with two byte order marks"},
		"UTF-16, no mark": {"seekers.csv", "s\x00e\x00e\x00", "seekers.csv:1: header: is UTF-16; it must be UTF-8"},
		"not UTF-8": {"seekers.csv", "seeker_id,municipality,coach_id,n\xe4ytt\xf6\n",
			"seekers.csv:1: column 4: " + notUTF8},
		"header again": {"seekers.csv", seekers + seekers[:strings.Index(seekers, "\n")+1],
			"seekers.csv:4: row: repeats the header line"},
		"CR alone": {"seekers.csv", strings.ReplaceAll(seekers, "\n", "\r"), "seekers.csv:1: header: " + loneCR},
		"CR alone in rows": {"seekers.csv", seekers + "S-3,Aino,Lahti,C-1\rS-4,Aino,Lahti,C-1\n",
			"seekers.csv:4: row: " + loneCR},
		"too few fields": {"seekers.csv", seekers + "S-3,Ai\n",
			"seekers.csv:4: row: has 2 fields and the header line 4: was the file cut?"},
		"too many fields": {"seekers.csv", seekers + "S-3,Aino,Lahti,C-1,x\n",
			"seekers.csv:4: row: has 5 fields and the header line 4: a , inside a field needs quotation marks around the field"},
		"open quote": {"seekers.csv", seekers + "S-3,\"Aino\nS-4,Aino,Lahti,C-1\n",
			"seekers.csv:4: row: a quotation mark is not closed, or stands where none may: was the file cut?"},
		"open long quote": {"seekers.csv", seekers + "\"S-3,\n" + long,
			"seekers.csv:4: row: the row is longer than 256 KiB: a quotation mark that is not closed?"},
		"quote inside": {"seekers.csv", seekers + "S-3,Ai\"no,Lahti,C-1\n",
			"seekers.csv:4: row: a quotation mark is not closed, or stands where none may: was the file cut?"},
		"quote then text": {"seekers.csv", seekers + "S-3,\"Ai\"no,Lahti,C-1\n",
			"seekers.csv:4: row: a quotation mark is not closed, or stands where none may: was the file cut?"},
		"long line": {"seekers.csv", long,
			"seekers.csv:1: header: the row is longer than 256 KiB: a quotation mark that is not closed?"},
		"unknown file": {"Seekers.CSV", seekers,
			"the folder has none of teams.csv, coaches.csv, absences.csv, seekers.csv, contacts.csv, appointments.csv, training.csv\n" +
				"Seekers.CSV:1: file: is not a file of the feed; its files are teams.csv, coaches.csv, absences.csv, seekers.csv, contacts.csv, appointments.csv, training.csv"},
		"backwards": {"absences.csv", "coach_id,from,to\nC-1,2024-03-05,2024-03-04\n",
			"absences.csv:2: to: is before from"},
		"line after break": {"teams.csv", "team_id,name,authority,lead_email\nT-1,\"a\r\nb\",lahti,t@example.org\n\nT-2,,lahti,t@example.org\n",
			"teams.csv:2: name: has a line break\n" +
				"teams.csv:5: name: is missing"},
	} {
		if got := mustRefuse(t, folder(x.file, x.text), newSink("coaches.csv C-1", "coaches.csv C-2"), Options{}); got != x.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, x.want)
		}
	}
}

func TestAFileWithoutItsHeaderLineRepeatsNobodysName(t *testing.T) {
	got := mustRefuse(t, folder("seekers.csv", "S-1,kanaria,kanaria@example.org,Lahti,C-1\n"), newSink(), Options{})
	if strings.Contains(got, "kanaria") || !strings.HasPrefix(got, "seekers.csv:1: header: has no column of this file; its columns are seeker_id, ") {
		t.Error(got)
	}
}

func TestUnknownIDsAndSecondKeysAreTold(t *testing.T) {
	s := newSink("coaches.csv C-1")
	got := mustRefuse(t, folder(
		"seekers.csv", "seeker_id,municipality,coach_id\nS-1,Lahti,C-1\nS-2,Lahti,C-99\nS-1,Lahti,C-1\nS-3,Lahti,Kanaria\n"+
			"Kanaria,Lahti,C-1\nKanaria,Lahti,C-1\nS-4,Lahti,eero.kanaria2\nS-5,Lahti,KANARIA2\n",
		"absences.csv", "coach_id,from,to,deputy_id\nC-1,2024-03-04,2024-03-05,\n"+
			"C-1,2024-03-04,2024-03-05,C-7\nC-1,2024-03-04,2024-03-06,C-8\n",
		"contacts.csv", "contact_id,seeker_id,coach_id,kind,held_at\nK-1,S-9,,call,2024-03-04T09:00\n",
	), s, Options{})
	want := `absences.csv:3: coach_id, from, to: "C-1 2024-03-04 2024-03-05" stands already on line 2
absences.csv:4: deputy_id: no such coach "C-8"
seekers.csv:3: coach_id: no such coach "C-99"
seekers.csv:4: seeker_id: "S-1" stands already on line 2
seekers.csv:5: coach_id: no such coach
seekers.csv:7: seeker_id: stands already on line 6
seekers.csv:8: coach_id: no such coach
seekers.csv:9: coach_id: no such coach
contacts.csv:2: seeker_id: no such seeker "S-9"`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestAFileThatIsNoneOfTheFeedIsNotNamedAfterAPerson(t *testing.T) {
	files := folder("absences.csv", "coach_id,from,to\n", "Eero Kanaria kanaria@example.org.csv", "x", "seekers.csv", seekers)
	got := mustRefuse(t, files, newSink("coaches.csv C-1", "coaches.csv C-2"), Options{})
	want := "file 1 by name is not a file of the feed; its files are " +
		"teams.csv, coaches.csv, absences.csv, seekers.csv, contacts.csv, appointments.csv, training.csv"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestAWrongRowIsNotBlamedOnThoseWhoNameIt(t *testing.T) {
	for name, row := range map[string]string{
		"address": "C-1,Aino,nobody,T-1", "id": "C 1,Aino,kanaria.c-1@example.org,T-1", "cut": "C-1,Ai",
	} {
		files := folder("coaches.csv", "coach_id,name,email,team_id\n"+row+"\n", "seekers.csv", seekers)
		got := mustRefuse(t, files, newSink("teams.csv T-1", "coaches.csv C-2"), Options{})
		if strings.Contains(got, "\n") || !strings.HasPrefix(got, "coaches.csv:2: ") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestAHundredFaultsAreListedAndAllAreCounted(t *testing.T) {
	var text strings.Builder
	text.WriteString("seeker_id,municipality,coach_id,protected\n")
	for i := range 2000 {
		fmt.Fprintf(&text, "S-%d,Lahti,C-%d,perhaps\n", i, i)
	}
	got := mustRefuse(t, folder("seekers.csv", text.String()), newSink(), Options{})
	lines := strings.Split(got, "\n")
	if len(lines) != 101 || lines[100] != "and 3900 more" || lines[99] != "seekers.csv:101: protected: is neither true nor false" {
		t.Errorf("%d lines, the last: %q", len(lines), lines[len(lines)-1])
	}
}

func TestAFileOfTheFolderThatIsNoFileIsRefused(t *testing.T) {
	files := fstest.MapFS{"seekers.csv/x": &fstest.MapFile{}}
	if got := mustRefuse(t, files, newSink(), Options{}); got != "seekers.csv:1: file: is no regular file" {
		t.Error(got)
	}
}

func TestAFileThatIsThereButHoldsNoRowIsStaged(t *testing.T) {
	s := newSink()
	report := mustImport(t, folder("seekers.csv", "seeker_id,municipality,coach_id\n"), s, Options{Delta: true})
	if _, told := report.Files["seekers.csv"]; s.rows["seekers.csv"] == nil || !told || s.full {
		t.Errorf("staged %v, report %v, full %v", s.rows, report, s.full)
	}
}

func TestWhatTheSinkSaysComesThrough(t *testing.T) {
	files := folder("teams.csv", teams)
	s := newSink()
	s.shrink = &ShrinkError{File: "teams.csv", Closed: 5, Of: 6}
	_, err := Import(t.Context(), files, s, Options{Zone: helsinki(t)})
	var shrink *ShrinkError
	if !errors.As(err, &shrink) {
		t.Errorf("the delta guard's answer became %v", err)
	}
	s = newSink()
	s.fail = errors.New("disk full")
	if _, err := Import(t.Context(), files, s, Options{Zone: helsinki(t)}); !errors.Is(err, s.fail) || s.applied {
		t.Errorf("a failing sink became %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := Import(ctx, files, newSink(), Options{Zone: helsinki(t)}); !errors.Is(err, context.Canceled) {
		t.Errorf("a stopped import became %v", err)
	}
}

func TestAnImportWithoutZoneOrWithAnotherEncodingIsNotBegun(t *testing.T) {
	for _, o := range []Options{{}, {Zone: helsinki(t), Encoding: "latin-9"}} {
		if _, err := Import(t.Context(), folder("teams.csv", teams), newSink(), o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}

func TestTheProgressEndsAtTheSizeOfTheFile(t *testing.T) {
	var file string
	var done, total int64
	progress := func(f string, d, all int64) { file, done, total = f, d, all }
	mustImport(t, folder("teams.csv", teams), newSink(), Options{Progress: progress})
	if file != "teams.csv" || done != int64(len(teams)) || total != done {
		t.Errorf("%s %d of %d", file, done, total)
	}
}

// The defaults and words of the table of columns must themselves be right fields.
func TestTheDefaultsAreRightFields(t *testing.T) {
	for _, f := range caseload.Files() {
		for _, c := range newHeader(&f, nil).columns {
			if c.Default == "" {
				continue
			}
			if _, what := c.read(c.Default); what != "" {
				t.Errorf("%s %s: the default %s", f.Name, c.Name, what)
			}
		}
	}
}
