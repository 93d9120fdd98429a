package feed

import (
	"bytes"
	"encoding/csv"
	"errors"
	"strings"
	"testing"

	"vireilla/internal/caseload"
)

// FuzzImport checks that any file is either applied or has faults, and that applied rows have only valid fields.
func FuzzImport(f *testing.F) {
	for i, file := range caseload.Files() {
		f.Add(i, oneRow(file.Name, nil), false)
		f.Add(i, oneRow(file.Name, nil)+"\"\xff;\n", true)
	}
	f.Add(3, "\ufeff"+seekers, true)
	f.Add(3, "\n"+strings.ReplaceAll(seekers, ",", ";"), false)
	f.Add(2, "coach_id,from,to\nX-1,2024-03-05,2024-03-04\nX-1,,\n", false)
	zone := helsinki(f)
	f.Fuzz(func(t *testing.T, file int, text string, old bool) {
		files := caseload.Files()
		if file < 0 || file >= len(files) {
			return
		}
		o := Options{Zone: zone}
		if old {
			o.Encoding = "windows-1252"
		}
		s := sinkWithAllIDs()
		_, err := Import(t.Context(), folder(files[file].Name, text), s, o)
		var faults *Faults
		if s.applied == errors.As(err, &faults) || (err == nil) != s.applied {
			t.Fatalf("applied: %v, error: %v", s.applied, err)
		}
		if faults != nil && (faults.Total == 0 || len(faults.List) > maxFaults || faults.Total < len(faults.List)) {
			t.Fatalf("%d faults, %d listed", faults.Total, len(faults.List))
		}
		if s.applied {
			checkRows(t, &files[file], s.rows[files[file].Name])
		}
	})
}

func checkRows(t *testing.T, f *caseload.File, rows []Row) {
	for _, r := range rows {
		for i, c := range f.Columns {
			switch v := r.Values[i].(type) {
			case string:
				if strings.ContainsAny(v, "\x00\r\n\u202e\u2066") || len(v) > maxField+len("xn--") || c.Required && v == "" {
					t.Fatalf("line %d: %s is %q", r.Line, c.Name, v)
				}
			case int64:
			default:
				t.Fatalf("line %d: %s is a %T", r.Line, c.Name, v)
			}
		}
	}
}

// FuzzNamesAreNotRepeated checks that no fault repeats a name or an address, whatever column it was put into.
func FuzzNamesAreNotRepeated(f *testing.F) {
	f.Add("", "@example.org", 0, false)
	f.Add("1", "@", 5, true)
	f.Add("\r\nBcc: x", "@[192.0.2.1]", 1, false)
	f.Add("\"", "\xff@example.org\x00", 4, true)
	zone := helsinki(f)
	f.Fuzz(func(t *testing.T, name, address string, turn int, headless bool) {
		if turn < 0 {
			return
		}
		names := []string{"seeker_id", "first_name", "email", "municipality",
			"coach_id", "service_language", "status", "job_search_started"}
		row := []string{"S-1", "Kanaria" + name, "Kanaria" + address, "Kanaria", "C-1", "fi", "unemployed", "2024-03-04"}
		turn %= len(row)
		row = append(row[turn:len(row):len(row)], row[:turn]...) // the fields are in the wrong columns
		var text bytes.Buffer
		w := csv.NewWriter(&text)
		if !headless {
			_ = w.Write(names)
		}
		_ = w.Write(row)
		_ = w.Write(row)
		w.Flush()
		_, err := Import(t.Context(), folder("seekers.csv", text.String()), newSink(), Options{Zone: zone})
		if err != nil && strings.Contains(strings.ToLower(err.Error()), "kanaria") {
			t.Fatalf("%q", err)
		}
	})
}
