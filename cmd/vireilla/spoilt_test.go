package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// swap gives a header line in which two columns have changed places, while the rows stay as they are.
func swap(one, other string) func(string) string {
	return func(text string) string {
		header, rows, _ := strings.Cut(text, "\n")
		names := strings.Split(strings.TrimRight(header, "\r"), ",")
		i, j := slices.Index(names, one), slices.Index(names, other)
		names[i], names[j] = names[j], names[i]
		return strings.Join(names, ",") + "\n" + rows
	}
}

// A feed that went wrong on its way is refused whole: the agenda of the day is that of yesterday's feed, and the day's
// letters are those that were planned before.
func TestASpoiltFeedChangesNothing(t *testing.T) {
	t.Parallel()
	const day = "2024-03-06"
	folder, data := t.TempDir(), t.TempDir()
	must(t, "sample", folder, "--at", day, "--seekers", "300", "--coaches", "6")
	must(t, "--data", data, "import", folder)
	answers := func() string {
		return must(t, "--data", data, "agenda", "--at", day, "--format", "ndjson") + must(t, "--data", data, "plan", "--at", day+"T08:00", "--format", "json")
	}
	before := answers()
	headerOnly := func(text string) string { return text[:strings.Index(text, "\n")+1] }
	half := func(text string) string { return text[:len(text)/2] }
	halfTheRows := func(text string) string { return text[:strings.LastIndex(half(text), "\n")+1] }
	for _, v := range []struct {
		name, file string
		spoil      func(string) string
		told       string
	}{
		{"no byte", "seekers.csv", func(string) string { return "" }, "is empty"},
		{"no row", "seekers.csv", headerOnly, "--accept-shrink"},
		{"no contact was ever made: everybody is overdue", "contacts.csv", headerOnly, "--accept-shrink"},
		{"no appointment", "appointments.csv", headerOnly, "--accept-shrink"},
		{"cut in half", "seekers.csv", half, "was the file cut?"},
		{"half the rows", "seekers.csv", halfTheRows, "--accept-shrink"},
		{"half the contacts", "contacts.csv", halfTheRows, "--accept-shrink"},
		{"seekers and coaches swapped", "seekers.csv", swap("seeker_id", "coach_id"), "stands already"},
		{"names and addresses swapped", "seekers.csv", swap("first_name", "email"), "email: "},
		{"days and words swapped", "seekers.csv", swap("job_search_started", "status"), "job_search_started: "},
		{"contacts' ids swapped", "contacts.csv", swap("contact_id", "seeker_id"), "stands already"},
		{"everybody has another coach", "seekers.csv", func(text string) string {
			return strings.NewReplacer("C-01", "C-02", "C-02", "C-03", "C-03", "C-04", "C-04", "C-05", "C-05", "C-06", "C-06", "C-01").Replace(text)
		}, "--accept-shrink"},
	} {
		t.Run(v.name, func(t *testing.T) {
			spoilt := t.TempDir()
			if err := os.CopyFS(spoilt, os.DirFS(folder)); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(spoilt, v.file), []byte(v.spoil(file(t, filepath.Join(folder, v.file)))), 0o600); err != nil {
				t.Fatal(err)
			}
			out, told, code := vireilla(t, "--data", data, "import", spoilt)
			if code == 0 || !strings.Contains(told, v.told) || strings.Contains(told, "example.org") {
				t.Errorf("exit %d, said %q and %.600q", code, out, told)
			}
			if answers() != before {
				t.Error("something changed")
			}
		})
	}
}

// Somebody insists on a feed without contacts, so that everybody is overdue: even then each coach and each lead gets
// one letter, with a limit to its lines.
func TestADayOnWhichEverybodyIsOverdueIsOneLetterForEachOfTheStaff(t *testing.T) {
	t.Parallel()
	const day = "2024-03-06"
	folder, data := t.TempDir(), t.TempDir()
	server, env := relay(t)
	env.must(t, "sample", folder, "--at", day, "--seekers", "600", "--coaches", "6")
	env.must(t, "--data", data, "import", folder, "--adopt")
	contacts := filepath.Join(folder, "contacts.csv")
	header, _, _ := strings.Cut(file(t, contacts), "\n")
	if err := os.WriteFile(contacts, []byte(header+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env.must(t, "--data", data, "import", folder, "--accept-shrink")
	env.must(t, "--data", data, "run", "--at", day, "--yes")
	letters := map[string]int{}
	for _, m := range server.Accepted() {
		if to := strings.TrimPrefix(m.To[0], "kanaria."); strings.HasPrefix(to, "c-") || strings.HasPrefix(to, "t-") {
			letters[to]++
		}
		if m.Size > 100_000 {
			t.Errorf("a letter of %d bytes", m.Size)
		}
	}
	if len(letters) < 6 {
		t.Errorf("letters to %d of the staff", len(letters))
	}
	for to, n := range letters {
		if n > 2 || strings.HasPrefix(to, "c-") && n > 1 { // a lead has the escalations, and stands in for who is absent
			t.Errorf("%d letters to one of the staff", n)
		}
	}
}
