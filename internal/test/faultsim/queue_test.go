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
	id             string // of a tick; the queue accepts an id once
	name           string
	ready          time.Time // by the world's true time
	tries, retries int
	at             *machine // that works on it
}

var errQueue = errors.New("the simulated queue is down")

// ring enqueues the delivery of new letters.
func (m *machine) ring(ctx context.Context, ids []int64) error {
	for part := range slices.Chunk(ids, tasks.Batch) {
		t, options := tasks.NewDeliver(tasks.Letters, part)
		if err := m.put(ctx, t, options); err != nil {
			return err
		}
	}
	return nil
}

// DueLetters enqueues deliveries for the sweep.
func (m *machine) DueLetters(ctx context.Context, n int) error {
	for range n {
		t, options := tasks.NewDeliver(tasks.Letters, nil)
		if err := m.put(ctx, t, options); err != nil {
			return err
		}
	}
	return nil
}

// Tick enqueues the task of a tick once. A task that was archived is tried again.
func (m *machine) Tick(ctx context.Context, entry string, at time.Time) error {
	w, tick := m.world, tasks.Tick{Entry: entry, At: at}
	switch j := w.archived[tick.ID()]; {
	case j != nil:
		delete(w.archived, tick.ID())
		j.tries, j.ready = 0, w.trueTime()
		w.queue = append(w.queue, j)
		w.note("the queue tries %s again", j.name)
		return nil
	case m.knows(tick.ID()) && w.lost[tick.ID()]:
		tick = tick.After(w.trueTime())
	}
	t, options, err := tasks.NewTick(tasks.Ticks, tick)
	if err != nil {
		return err
	}
	return m.put(ctx, t, options)
}

// put enqueues a task. The queue may be down, lose it, take it twice or delay it.
func (m *machine) put(ctx context.Context, t *asynq.Task, options []asynq.Option) error {
	var id string
	var retries int
	for _, o := range options {
		switch o.Type() {
		case asynq.TaskIDOpt:
			id = o.Value().(string)
		case asynq.MaxRetryOpt:
			retries = o.Value().(int)
		}
	}
	if m.knows(id) {
		return nil
	}
	f := m.seam(ctx, "put "+t.Type(), true)
	w := m.world
	switch {
	case f == isGhost || f == diesBefore:
		return errDead
	case f == failsBefore || w.queueAway:
		return errQueue
	}
	if m.knows(id) {
		return nil
	}
	if id != "" {
		w.ticks[id] = w.trueTime().Add(90 * 24 * time.Hour)
	}
	copies, ready := 1, w.trueTime()
	if w.troubled {
		switch n := w.rng.IntN(100); {
		case n < 4: // its id stays known, like that of a task whose worker died and whose lease was lost
			copies = 0
			w.lost[id] = true
			w.note("the queue loses it")
		case n < 7:
			copies = 2
			w.note("the queue takes it twice")
		case n < 12:
			ready = ready.Add(time.Duration(w.rng.IntN(3600)) * time.Second)
		}
	}
	for range copies {
		w.queue = append(w.queue, &job{task: t, id: id, retries: retries, ready: ready,
			name: fmt.Sprintf("%s#%d", strings.TrimPrefix(t.Type(), "tick:"), w.number())})
	}
	if f == diesAfter {
		return errDead
	}
	if f == failsAfter {
		return errQueue
	}
	return nil
}

// knows says whether the queue has a task with that id: active, done or archived.
func (m *machine) knows(id string) bool {
	return id != "" && m.world.trueTime().Before(m.world.ticks[id])
}

// readyJobs lists the jobs that may begin.
func (w *world) readyJobs() []*job {
	var ready []*job
	for _, j := range w.queue {
		if j.at == nil && !j.ready.After(w.trueTime()) {
			ready = append(ready, j)
		}
	}
	return ready
}

// begin gives a job to a machine. A job that failed is retried later; after its retries it is archived, and its id
// stays known.
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
			w.note("the queue archives %s", j.name)
			w.drop(j)
			if j.id != "" {
				w.ticks[j.id] = w.trueTime().Add(90 * 24 * time.Hour)
				w.archived[j.id] = j
			}
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
				w.lost[j.id] = true
				w.drop(j)
			}
		}
	}
}
