package faultsim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hibiken/asynq"

	"vireilla/tasks"
)

// job is a task in the queue.
type job struct {
	task           *asynq.Task
	name           string
	ready          time.Time // by the world's true time
	tries, retries int
	at             *machine // that works on it
}

var errQueue = errors.New("the simulated queue is down")

// Letters enqueues the delivery of new letters.
func (m *machine) Letters(ctx context.Context, ids []int64) error {
	for part := range slices.Chunk(ids, tasks.Batch) {
		t, options := tasks.NewDeliver(tasks.Letters, part)
		if err := m.put(ctx, t, options); err != nil {
			return err
		}
	}
	return nil
}

// DueLetters enqueues the delivery of whatever is due.
func (m *machine) DueLetters(ctx context.Context, n int) error {
	for range n {
		t, options := tasks.NewDeliver(tasks.Letters, nil)
		if err := m.put(ctx, t, options); err != nil {
			return err
		}
	}
	return nil
}

// Help finds nobody: machines are few and cases too.
func (m *machine) Help(context.Context, int) error { return nil }

// Tick enqueues the task of a tick.
func (m *machine) Tick(ctx context.Context, entry string, at time.Time) error {
	t, options, err := tasks.NewTick(tasks.Ticks, tasks.Tick{Entry: entry, At: at})
	if err != nil {
		return err
	}
	return m.put(ctx, t, options)
}

// put enqueues a task. The queue may be down, lose it, take it twice or delay it.
func (m *machine) put(ctx context.Context, t *asynq.Task, options []asynq.Option) error {
	var retries int
	for _, o := range options {
		if o.Type() == asynq.MaxRetryOpt {
			retries = o.Value().(int)
		}
	}
	f := m.seam(ctx, "put "+t.Type(), true)
	w := m.world
	switch {
	case f == isGhost || f == diesBefore:
		return errDead
	case f == failsBefore || w.queueAway:
		return errQueue
	}
	copies, ready := 1, w.trueTime()
	if w.troubled {
		switch n := w.rng.IntN(100); {
		case n < 4: // as a task whose worker died and whose lease was lost
			copies = 0
			w.note("the queue loses it")
		case n < 7:
			copies = 2
			w.note("the queue takes it twice")
		case n < 12:
			ready = ready.Add(time.Duration(w.rng.IntN(3600)) * time.Second)
		}
	}
	for range copies {
		w.queue = append(w.queue, &job{task: t, retries: retries, ready: ready, name: fmt.Sprintf("%s#%d", strings.TrimPrefix(t.Type(), "tick:"), w.number())})
	}
	if f == diesAfter {
		return errDead
	}
	if f == failsAfter {
		return errQueue
	}
	return nil
}

// readyJobs gives the jobs that may begin.
func (w *world) readyJobs() []*job {
	var ready []*job
	for _, j := range w.queue {
		if j.at == nil && !j.ready.After(w.trueTime()) {
			ready = append(ready, j)
		}
	}
	return ready
}

// begin gives a job to a machine. A job that failed comes back in a while; after some times the queue gives it up.
func (w *world) begin(j *job, m *machine) {
	j.at = m
	w.note("%s begins %s", m.name, j.name)
	m.do(j.name, func(ctx context.Context) error { return m.workers.ProcessTask(ctx, j.task) }, func(err error) {
		j.at = nil
		j.tries++
		switch {
		case err == nil || errors.Is(err, asynq.SkipRetry):
			w.drop(j)
		case j.tries > j.retries:
			w.note("the queue gives up %s", j.name)
			w.drop(j)
		default:
			j.ready = w.trueTime().Add(time.Duration(j.tries+1) * 10 * time.Second)
		}
	})
}

func (w *world) drop(j *job) {
	w.queue = slices.DeleteFunc(w.queue, func(k *job) bool { return k == j })
}

// recover takes back the jobs of dead machines, as the queue does when their leases have ended.
func (w *world) recover() {
	for _, j := range slices.Clone(w.queue) {
		if j.at != nil && j.at.isDead() {
			if j.at, j.ready = nil, w.trueTime().Add(time.Minute); w.troubled && w.rng.IntN(4) == 0 {
				w.drop(j)
			}
		}
	}
}
