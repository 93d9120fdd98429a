// Package faultsim looks for faults before people meet them: its tests run the steps of package workers on the real store through thirty days of made-up
// trouble and ten quiet days, and then hold what arrived against what was true. A seed decides everything: who goes on at each call of the store, the relay and
// the queue, which call fails before or after its work is done, which machine dies, what the relay answers, what people change meanwhile.
//
//	go test ./internal/test/faultsim -seeds 20000 -first 1000000   many seeds, from a number on
//	go test ./internal/test/faultsim -run Nothing -seed 17 -v      one seed, and what happened in it (ids only)
//
// How it goes round: all goroutines of a seed live in one testing/synctest bubble, whose clock is the clock of the world. Each call at a seam waits to be let go
// on; the scheduler lets go one at a time and waits until everybody waits again. So one goroutine runs at a time, and the same seed is the same story.
package faultsim
