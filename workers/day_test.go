package workers

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vireilla/internal/calendar"
	"vireilla/internal/policy"
	"vireilla/internal/timetable"
)

// daybook is a queue and an outbox for a Day: it writes down each tick with the time at which it runs, and has letters
// that fall due and appointments that wake.
type daybook struct {
	clock time.Time
	ran   []string
	ended chan error
	due   []time.Time
	wakes []time.Time
}

func (b *daybook) Tick(_ context.Context, entry string, at time.Time) error {
	if entry != "sweep" {
		b.ran = append(b.ran, fmt.Sprint(entry, " ", at.UTC().Format(time.RFC3339), " at ", b.clock.UTC().Format(time.RFC3339)))
	}
	if entry == "appointments" {
		b.wakes = slices.DeleteFunc(b.wakes, func(t time.Time) bool { return !t.After(b.clock) })
	}
	b.ended <- nil
	return nil
}

func (b *daybook) DueLetters(_ context.Context, n int) error {
	for range n {
		b.due = b.due[1:]
		b.ended <- nil
	}
	return nil
}

func (b *daybook) Due(_ context.Context, now time.Time) (n int, err error) {
	for _, t := range b.due {
		if !t.After(now) {
			n++
		}
	}
	return n, nil
}

func (b *daybook) NextDue(context.Context) (time.Time, error) {
	if len(b.due) == 0 {
		return time.Time{}, nil
	}
	return b.due[0], nil
}

func (b *daybook) NextBooking(context.Context) (time.Time, bool, error) {
	if len(b.wakes) == 0 {
		return time.Time{}, false, nil
	}
	return slices.MinFunc(b.wakes, time.Time.Compare), true, nil
}

func (b *daybook) Hasten(context.Context, time.Time) error { return nil }

// Whatever stands in the timetable, a day that is run has each tick of the real day, at its instant: also of entries
// that are due in one minute, and when the clocks change.
func TestADayHasEveryTickOfItsTimetable(t *testing.T) {
	names := []string{"contacts", "training", "digests", "leads", "retention", "appointments", "deliver", "sweep"}
	crons := []string{"30 7 * * *", "30 7 * * 1-5", "0 * * * *", "*/10 * * * *", "0 0 * * *", "59 23 * * *", "30 3 * * *", "15,45 8-16 * * *", "7 7 1 * *"}
	days := []string{"2024-03-05", "2024-03-31", "2024-10-27", "2024-12-31", "2026-01-01"}
	rapid.Check(t, func(t *rapid.T) {
		p := *policy.Default()
		p.Timetable = nil
		for _, name := range names {
			spec, err := timetable.Parse(rapid.SampledFrom(crons).Draw(t, name), p.Location)
			if err != nil {
				t.Fatal(err)
			}
			p.Timetable = append(p.Timetable, policy.Entry{Name: name, Spec: spec, CatchUp: rapid.SampledFrom([]timetable.CatchUp{timetable.All, timetable.Latest, timetable.None}).Draw(t, "catch up")})
		}
		day, err := calendar.ParseDay(rapid.SampledFrom(days).Draw(t, "day"))
		if err != nil {
			t.Fatal(err)
		}
		start, end := day.At(0, 0, p.Location), (day+1).At(0, 0, p.Location)
		b := &daybook{ended: make(chan error, 64)}
		for _, minute := range rapid.SliceOfN(rapid.IntRange(0, 1379), 0, 5).Draw(t, "letters") {
			b.due = append(b.due, start.Add(time.Duration(minute)*time.Minute))
		}
		slices.SortFunc(b.due, time.Time.Compare)
		for _, minute := range rapid.SliceOfN(rapid.IntRange(0, 1379), 0, 5).Draw(t, "appointments") {
			b.wakes = append(b.wakes, start.Add(time.Duration(minute)*time.Minute))
		}
		wakes := slices.Clone(b.wakes)
		d := &Day{Policy: &p, Clock: func() time.Time { return b.clock }, Set: func(at time.Time) { b.clock = at }, Wall: time.Now, Queue: b, Ended: b.ended,
			Outbox: b, DeliverTasks: 2, Log: slog.New(slog.DiscardHandler)}
		if err := d.Run(context.Background(), day); err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, e := range p.Timetable {
			if slices.Contains([]string{"deliver", "sweep", "appointments"}, e.Name) {
				continue
			}
			for _, at := range e.Spec.Between(start.Add(-time.Millisecond), end.Add(-time.Millisecond), 2000) {
				want = append(want, fmt.Sprint(e.Name, " ", at.UTC().Format(time.RFC3339), " at ", at.UTC().Format(time.RFC3339)))
			}
		}
		got := slices.DeleteFunc(slices.Clone(b.ran), func(s string) bool { return s[:3] == "app" })
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("-want +got\n%s", diff)
		}
		// An appointment that wakes is looked at by the next tick of its entry, if the day has one left.
		last := p.Timetable[slices.Index(names, "appointments")].Spec.Between(start.Add(-time.Millisecond), end.Add(-time.Millisecond), 2000)
		for _, w := range b.wakes {
			if slices.Contains(wakes, w) && len(last) > 0 && !last[len(last)-1].Before(w) {
				t.Fatalf("the appointment that wakes at %s was never looked at", w)
			}
		}
		if len(b.due) > 0 && b.due[0].Before(end) {
			t.Fatalf("a letter due at %s was never sent", b.due[0])
		}
	})
}
