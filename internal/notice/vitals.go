package notice

import "time"

// Vitals are the few numbers that tell whether letters go out. None of them grows with the register or with the years.
type Vitals struct {
	Open       map[State]int        // letters that have not come to their end
	OldestDue  time.Time            // since when the letter that has waited longest should have gone, tried or not; zero when none is late
	HeldRuns   int                  // runs that the guard holds
	Undecided  int                  // letters that are held one by one, counted to 1000: about each a person decides
	KillSwitch bool                 // the kill switch is on
	Stale      int                  // send journals that know more than the database; no letter goes out
	OpenTicks  int                  // strokes of the timetable whose work is not done, counted to 1000
	OldestTick time.Time            // the first of them; zero when there is none
	Done       map[string]time.Time // when the last work of each entry was done
	Runs       map[string]time.Time // when a run of each kind last planned, letters or none
}

// RunKinds lists the kinds of run that book letters.
func RunKinds() []string { return []string{"digests", "leads", "training", "appointments"} }
