package notice

import "time"

// Vitals are the few numbers that show whether letters go out. None of them grows with the register or with the years.
type Vitals struct {
	Open       map[State]int        // letters in a state that is not final
	OldestDue  time.Time            // when the longest waiting letter was due, tried or not; zero when none is late
	HeldRuns   int                  // runs that the guard put on hold
	Undecided  int                  // single letters on hold, each for a person to decide, counted to 1000
	KillSwitch bool                 // the kill switch is on
	Stale      int                  // send journals that know more than the database; no letter goes out
	OpenTicks  int                  // ticks whose work is not done, counted to 1000
	OldestTick time.Time            // the oldest of them; zero when there is none
	Done       map[string]time.Time // when each entry's last work was done
	Runs       map[string]time.Time // when a run of each kind last planned, with letters or without
}
