package faultsim

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"testing/synctest"
)

// fate is what happens to a call at a seam.
type fate int

const (
	goesWell    fate = iota
	failsBefore      // an error, and the work is not done
	failsAfter       // an error, though the work is done
	diesBefore       // the machine dies, and the work is not done
	diesAfter        // the machine dies, and the work is done
	isGhost          // the machine has died already, and its calls have no effect
)

var (
	errSick = errors.New("the simulated database did not answer")
	errDead = errors.New("the simulated machine is dead")
)

// party is a goroutine that waits at a seam.
type party struct {
	name    string
	machine *machine
	risky   bool // may fail
	on      chan fate
}

// task is the key of a task's name in the context of its calls.
type task struct{}

// seam waits until the scheduler resumes the goroutine, and gives how its call ends.
func (m *machine) seam(ctx context.Context, what string, risky bool) fate {
	if m.isDead() {
		return isGhost
	}
	name, _ := ctx.Value(task{}).(string)
	p := &party{name: name + " " + what, machine: m, risky: risky, on: make(chan fate)}
	m.world.mu.Lock()
	m.world.parked = append(m.world.parked, p)
	m.world.mu.Unlock()
	return <-p.on
}

// call runs a function at a seam.
func call[T any](ctx context.Context, m *machine, what string, do func() (T, error)) (T, error) {
	var none T
	f := m.seam(ctx, what, true)
	switch f {
	case isGhost, diesBefore:
		return none, errDead
	case failsBefore:
		return none, errSick
	}
	v, err := do()
	m.world.handOver()
	switch f {
	case diesAfter:
		return none, errDead
	case failsAfter:
		return none, errors.Join(err, errSick)
	}
	return v, err
}

// handOver shows the race detector that what this goroutine did to the world happens before what the scheduler does
// next.
func (w *world) handOver() {
	w.mu.Lock()
	defer w.mu.Unlock()
}

// act is call for functions that give only an error.
func act(ctx context.Context, m *machine, what string, do func() error) error {
	_, err := call(ctx, m, what, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

// waiting gives the parties in an order that does not depend on which came first. Those of dead machines are resumed
// before.
func (w *world) waiting() []*party {
	synctest.Wait()
	for {
		w.mu.Lock()
		ghosts := 0
		w.parked = slices.DeleteFunc(w.parked, func(p *party) bool {
			if p.machine.dead {
				ghosts++
				p.on <- isGhost
			}
			return p.machine.dead
		})
		slices.SortFunc(w.parked, func(a, b *party) int { return cmp.Compare(a.name, b.name) })
		parked := slices.Clone(w.parked)
		w.mu.Unlock()
		if ghosts == 0 {
			return parked
		}
		synctest.Wait()
	}
}

// resume lets a party continue.
func (w *world) resume(p *party) {
	f := goesWell
	if p.risky && w.troubled {
		switch n := w.rng.IntN(1000); {
		case n < 12 || w.sick:
			f = failsBefore
		case n < 20:
			f = failsAfter
		case n < 24:
			f = diesBefore
		case n < 30:
			f = diesAfter
		}
	}
	if f == diesBefore || f == diesAfter {
		p.machine.die()
	}
	w.mu.Lock()
	w.parked = slices.DeleteFunc(w.parked, func(q *party) bool { return q == p })
	w.mu.Unlock()
	w.note("%s: %s", p.name, []string{"well", "error, nothing done", "error, though done", "dies before", "dies after"}[f])
	p.on <- f
}
