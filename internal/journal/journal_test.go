package journal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
)

var morning = time.Date(2024, time.March, 4, 6, 0, 0, 0, time.UTC)

func open(t *testing.T, folder string, now time.Time) *Journal {
	t.Helper()
	j, err := Open(folder, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func claimed(key string, fence int64) notice.Claimed {
	items := []notice.Item{{Seeker: "S-1", Rule: "initial_interview", Anchor: calendar.Date(2024, time.February, 20),
		Due: calendar.Date(2024, time.March, 1), Stage: policy.Overdue, Coach: "C-1", New: true},
		{Seeker: "S-2", Rule: notice.ReachByPhone, Coach: "C-1", At: morning, Why: "protected"}}
	return notice.Claimed{ID: 7, Fence: fence, Dated: morning,
		Notice: notice.Notice{Key: key, Letter: notice.CoachDigest, Role: notice.ToCoach, To: "C-1", Language: "fi",
			SendAt:  morning,
			Expires: morning.Add(time.Hour), Items: items, Told: items[:1], Rest: 2, Late: 1, Start: morning.Add(2 * time.Hour)}}
}

func report(key string, fence int64, next notice.Next) notice.Report {
	return notice.Report{Claimed: claimed(key, fence), Next: next}
}

func well(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func letters(t *testing.T, folder string) []notice.Handover {
	t.Helper()
	found, damaged, err := Letters(folder)
	if err != nil || damaged > 0 {
		t.Fatalf("%d damaged lines, %v", damaged, err)
	}
	return found
}

// stands is each letter's key, state and ambiguous claims.
func stands(letters []notice.Handover) (lines []string) {
	for _, l := range letters {
		lines = append(lines, fmt.Sprint(l.Key, " ", l.Fence, " ", l.State, " ", l.Unsure))
	}
	return lines
}

func TestALetterIsReadAsItWasWritten(t *testing.T) {
	folder := t.TempDir()
	j := open(t, folder, morning)
	c := claimed("coach_digest/C-1/2024-03-04", 3)
	well(t, j.Begin(morning.Add(time.Minute), []notice.Claimed{c}))
	well(t, j.End(morning.Add(2*time.Minute), []notice.Report{{Claimed: c, Next: notice.Next{State: notice.Sent}}}))
	want := []notice.Handover{{Notice: c.Notice, Fence: 3, At: morning.Add(time.Minute), Dated: morning,
		State: notice.Sent}}
	if diff := cmp.Diff(want, letters(t, folder), cmp.AllowUnexported(notice.Item{})); diff != "" {
		t.Error(diff)
	}
}

func TestTheWorstOfAllClaimsCounts(t *testing.T) {
	sent, unsure := notice.Next{State: notice.Sent}, notice.Next{State: notice.Unsure, Ambiguous: true}
	later, never, again := notice.Next{State: notice.Deferred}, notice.Next{State: notice.Failed}, notice.Next{State: notice.Unsure}
	died := notice.Next{}
	for want, claims := range map[string][]notice.Next{
		"k 1 sent 0":     {sent},
		"k 1 unsure 1":   {died},
		"k 1 deferred 0": {later},
		"k 2 deferred 0": {later, never},
		"k 2 unsure 1":   {unsure, again},
		"k 3 sent 2":     {died, unsure, sent},
		"k 2 unsure 2":   {died, died},
		"k 4 unsure 1":   {died, later, later, never},
	} {
		folder := t.TempDir()
		j := open(t, folder, morning)
		for i, next := range claims {
			fence := int64(i + 1)
			well(t, j.Begin(morning, []notice.Claimed{claimed("k", fence)}))
			if next.State != "" {
				well(t, j.End(morning, []notice.Report{report("k", fence, next)}))
			}
		}
		if got := stands(letters(t, folder)); !slices.Equal(got, []string{want}) {
			t.Errorf("%v: got %s, want %s", claims, got, want)
		}
	}
}

func TestTheTailIsKnownAfterAStart(t *testing.T) {
	folder := t.TempDir()
	j := open(t, folder, morning)
	well(t, j.RecordLastTick(morning, morning))
	well(t, j.Begin(morning, []notice.Claimed{claimed("a", 1), claimed("b", 4)}))
	well(t, j.RecordLastTick(morning, morning.Add(time.Second))) // less than a minute later: no line
	well(t, j.RecordLastTick(morning, morning.Add(time.Hour)))
	again := open(t, folder, morning)
	for _, of := range []*Journal{j, again} {
		handovers, lastTick := of.Tail()
		if want := []notice.HandoverID{{Key: "a", Fence: 1}, {Key: "b", Fence: 4}}; !slices.Equal(handovers, want) ||
			!lastTick.Equal(morning.Add(time.Hour)) {
			t.Errorf("%v %v", handovers, lastTick)
		}
	}
	if j.ID() == "" || j.ID() != again.ID() {
		t.Errorf("%q, then %q", j.ID(), again.ID())
	}
	well(t, again.Accept(morning, []notice.Handover{{Notice: notice.Notice{Key: "a"}, Fence: 1, State: notice.Sent},
		{Notice: notice.Notice{Key: "b"}, Fence: 4, State: notice.Deferred}}))
	well(t, j.Reload())
	if handovers, lastTick := j.Tail(); !slices.Equal(handovers, []notice.HandoverID{{Key: "a", Fence: 1}}) ||
		!lastTick.IsZero() {
		t.Errorf("after it was accepted: %v %v", handovers, lastTick)
	}
}

func TestTheTailOfALongJournalIsItsEnd(t *testing.T) {
	folder := t.TempDir()
	j := open(t, folder, morning)
	for i := range 300 {
		var many []notice.Claimed
		for k := range 10 {
			many = append(many, claimed(fmt.Sprintf("k-%d-%d", i, k), 1))
		}
		well(t, j.Begin(morning, many))
	}
	for _, of := range []*Journal{j, open(t, folder, morning)} {
		handovers, _ := of.Tail()
		if n := len(handovers); n < tailHandovers || n > 2*tailHandovers || handovers[n-1].Key != "k-299-9" {
			t.Errorf("%d, the last %v", n, handovers[max(0, n-1):])
		}
	}
	if n := len(letters(t, folder)); n != 3000 {
		t.Errorf("%d letters", n)
	}
}

// disk is a file that keeps only what was synced.
type disk struct {
	file
	mu            sync.Mutex
	written, kept []byte
	full          bool
}

func (d *disk) Write(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.written = append(d.written, b...)
	return d.file.Write(b)
}

func (d *disk) Sync() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.full {
		return errors.New("no room")
	}
	d.kept = append(d.kept, d.written[len(d.kept):]...)
	return nil
}

// keeps says whether a line survives a power cut.
func (d *disk) keeps(what, key string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return bytes.Contains(d.kept, fmt.Appendf(nil, `"what":%q,"key":%q`, what, key))
}

// When Begin returns, the letter may be handed over, and the power may fail at any moment after that.
func TestWhatIsRecordedSurvivesAPowerCut(t *testing.T) {
	j := open(t, t.TempDir(), morning)
	d := &disk{file: j.file}
	j.file = d
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			key := fmt.Sprint("k-", i)
			if err := j.Begin(morning, []notice.Claimed{claimed(key+"-0", 1), claimed(key, 1)}); err != nil ||
				!d.keeps(begin, key+"-0") || !d.keeps(begin, key) {
				t.Errorf("%s may go out: %v; the disk does not have it", key, err)
			}
			if err := j.End(morning, []notice.Report{report(key, 1, notice.Next{State: notice.Sent})}); err != nil ||
				!d.keeps(end, key) {
				t.Errorf("%s is recorded: %v; the disk does not have it", key, err)
			}
		})
	}
	all.Wait()
	well(t, j.Accept(morning, []notice.Handover{{Notice: notice.Notice{Key: "k-1"}, Fence: 1, State: notice.Sent}}))
	if !d.keeps(known, "k-1") {
		t.Error("that the database was brought up is not on the disk")
	}
	d.full = true
	for range 2 { // the second call must not rely on the sync of the first
		if err := j.Begin(morning, []notice.Claimed{claimed("late", 1)}); err == nil {
			t.Error("a letter may go out that is not on the disk")
		}
	}
}

// A file is synced before the next one begins.
func TestWhatStandsInTheOlderFileSurvivesAPowerCut(t *testing.T) {
	j := open(t, t.TempDir(), morning)
	d := &disk{file: j.file}
	j.file = d
	well(t, j.RecordLastTick(morning, morning.Add(time.Hour))) // a line that is not synced
	well(t, j.Begin(morning.Add(rotateAfter), []notice.Claimed{claimed("a", 1)}))
	if len(d.written) == 0 || !bytes.Equal(d.kept, d.written) {
		t.Errorf("%d bytes of %d are on the disk", len(d.kept), len(d.written))
	}
}

// A crash in the middle of a line loses that line, and nothing that is written after it.
func TestALineThatWasCutIsLeftOut(t *testing.T) {
	folder := t.TempDir()
	j := open(t, folder, morning)
	well(t, j.Begin(morning, []notice.Claimed{claimed("a", 1), claimed("b", 1)}))
	well(t, j.Close())
	path := filepath.Join(folder, Name)
	text, err := os.ReadFile(path)
	well(t, err)
	for cut := range len(text) - bytes.IndexByte(text, '\n') - 1 {
		well(t, os.WriteFile(path, text[:len(text)-cut], 0o600))
		j, err := Open(folder, morning)
		well(t, err)
		well(t, j.Begin(morning, []notice.Claimed{claimed("c", 1)}))
		well(t, j.Close())
		found, damaged, err := Letters(folder)
		if err != nil || damaged > 1 || len(found) == 0 || found[len(found)-1].Key != "c" {
			t.Fatalf("cut by %d: %v, %d damaged, %v", cut, stands(found), damaged, err)
		}
	}
}

func TestSeveralProcessesAppendToOneFile(t *testing.T) {
	folder := t.TempDir()
	var all sync.WaitGroup
	for p := range 4 {
		all.Go(func() {
			j, err := Open(folder, morning)
			if err != nil {
				t.Error(err)
				return
			}
			defer j.Close()
			for i := range 25 {
				key := fmt.Sprintf("k-%d-%d", p, i)
				if err := j.Begin(morning, []notice.Claimed{claimed(key, 1)}); err != nil {
					t.Error(err)
				}
				if err := j.End(morning, []notice.Report{report(key, 1, notice.Next{State: notice.Sent})}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	found := letters(t, folder)
	if n := len(found); n != 100 {
		t.Errorf("%d letters", n)
	}
	for _, l := range found {
		if l.State != notice.Sent {
			t.Errorf("%s is %s", l.Key, l.State)
		}
	}
}

func TestAnOldFileIsKeptAsTheOlderOfTwo(t *testing.T) {
	folder := t.TempDir()
	one, two := open(t, folder, morning), open(t, folder, morning)
	well(t, one.Begin(morning, []notice.Claimed{claimed("a", 1)}))
	later := morning.Add(rotateAfter)
	well(t, one.Begin(later, []notice.Claimed{claimed("b", 1)}))
	well(t, two.Begin(later, []notice.Claimed{claimed("c", 1)})) // it still writes to the file that was rotated
	if got, want := stands(letters(t, folder)), []string{"a 1 unsure 1", "b 1 unsure 1", "c 1 unsure 1"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if id := open(t, folder, later).ID(); id != one.ID() || id != two.ID() {
		t.Errorf("%s became %s, %s and %s", one.ID(), id, two.ID(), id)
	}
	even := later.Add(rotateAfter)
	well(t, two.Begin(even, []notice.Claimed{claimed("d", 1)}))
	if got, want := stands(letters(t, folder)), []string{"b 1 unsure 1", "c 1 unsure 1", "d 1 unsure 1"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

func TestAFileOfAnotherKindIsLeftAlone(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, Name)
	well(t, os.WriteFile(path, []byte("something else\n"), 0o600))
	if _, err := Open(folder, morning); err == nil || !strings.Contains(err.Error(), "move it away") {
		t.Errorf("%v", err)
	}
	if text, _ := os.ReadFile(path); string(text) != "something else\n" {
		t.Errorf("it holds %q now", text)
	}
}

func TestAFolderWithoutAJournalHasNoLetters(t *testing.T) {
	if found := letters(t, t.TempDir()); len(found) != 0 {
		t.Errorf("%v", found)
	}
}

// FuzzJournal checks that whatever stands in the file, what is written after it is read.
func FuzzJournal(f *testing.F) {
	f.Add([]byte(`{"at":1,"what":"begin","key":"a","fence":1,"items":"[{\"s\":\"S-1\"}]"}` + "\n"))
	f.Add([]byte(`{"at":1,"what":"end","key":"a","fence":9,"state":"sent"}` + "\n" + `{"what":"accepted"}` + "\n\n{"))
	f.Add([]byte(`{"what":"seen","seen":-1}` + "\x00\n" + `{"what":"journal","id":"x"}`))
	f.Fuzz(func(t *testing.T, between []byte) {
		folder := t.TempDir()
		j, err := Open(folder, morning)
		well(t, err)
		_, err = j.file.Write(between)
		well(t, err)
		well(t, j.Close())
		j, err = Open(folder, morning)
		well(t, err)
		well(t, j.Begin(morning, []notice.Claimed{claimed("last", 5)}))
		well(t, j.End(morning, []notice.Report{report("last", 5, notice.Next{State: notice.Sent})}))
		handovers, _ := j.Tail()
		well(t, j.Close())
		found, _, err := Letters(folder)
		well(t, err)
		if n := len(found); n == 0 || found[n-1].Key != "last" || found[n-1].State != notice.Sent ||
			handovers[len(handovers)-1] != (notice.HandoverID{Key: "last", Fence: 5}) {
			t.Fatalf("%v, %v", stands(found), handovers)
		}
	})
}
