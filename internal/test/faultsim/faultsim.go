// Package faultsim simulates faults: its tests run the steps of package workers on the real store through thirty days
// of simulated trouble and ten quiet days, and then compare what arrived with what was true. A seed decides
// everything: which goroutine continues at each call of the store, the relay and the queue, which call fails before
// or after its work is done, which machine dies, what the relay answers, what people change meanwhile.
//
//	go test ./internal/test/faultsim -seeds 20000 -first 1000000   many seeds, from a number on
//	go test ./internal/test/faultsim -run Nothing -seed 17 -v      one seed, and what happened in it (ids only)
//
// All goroutines of a seed live in one testing/synctest bubble, whose clock is the clock of the simulated world. A
// seam is a call that the scheduler controls: the goroutine waits there until the scheduler resumes it. The scheduler
// resumes one goroutine at a time and waits until all wait again. So one goroutine runs at a time, and the same seed
// gives the same story.
package faultsim
