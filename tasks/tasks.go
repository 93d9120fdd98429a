// Package tasks names what travels through Redis: types, payloads and queues. Payloads hold ids and instants only,
// never a name or an address.
package tasks

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hibiken/asynq"
)

// Types of task. Every other type is "tick:" or "wake:" and the name of an entry of the timetable.
const (
	Deliver = "deliver" // takes letters to the relay
	Refresh = "refresh" // helps to evaluate cases when many wake at once
	Unknown = "other"   // in logs and metrics, for the type of a task that is not ours, which may hold anything
)

const wake = "wake:"

// Queues. Ticks are few and go first.
const (
	Ticks   = "ticks"
	Letters = "letters"
)

// Batch is how many letters a Deliver task names at most.
const Batch = 25

// Timeout is how long a task may work: longer than the answer to a final dot may take.
const Timeout = 15 * time.Minute

const (
	retries = 3              // only for "the outbox could not be read or written"; letters have their own
	keep    = 24 * time.Hour // for operators: how long the monitor shows a tick that is done
)

// Tick is a moment at which an entry of the timetable is due.
type Tick struct {
	Entry string    `json:"entry"`
	At    time.Time `json:"at"`
}

// TickType is the type of the tasks of an entry's ticks.
func TickType(entry string) string { return "tick:" + entry }

// Steps gives the types of the tasks that are work, for the entries of a timetable.
func Steps(entries []string) []string {
	steps := []string{Deliver, Refresh, Unknown}
	for _, e := range entries {
		steps = append(steps, TickType(e))
	}
	return steps
}

// NewTick makes the task of a tick. Its id is new each time: whatever Redis remembers of an earlier one does not stand
// in its way.
func NewTick(queue string, t Tick) (*asynq.Task, []asynq.Option, error) {
	payload, err := json.Marshal(t)
	if err != nil {
		return nil, nil, err
	}
	return asynq.NewTask(TickType(t.Entry), payload), options(queue, asynq.Retention(keep)), nil
}

// ParseTick reads the payload of a tick's task. Its error repeats nothing of it: errors of tasks are kept in Redis and
// logged.
func ParseTick(t *asynq.Task) (Tick, error) {
	var tick Tick
	if err := json.Unmarshal(t.Payload(), &tick); err != nil {
		return Tick{}, errors.New("tick payload is no tick")
	}
	if TickType(tick.Entry) != t.Type() || tick.At.IsZero() {
		return Tick{}, errors.New("tick payload does not fit its type")
	}
	return tick, nil
}

// NewWake makes the task by which the monitor shows an entry of the timetable. It does no work. It is enqueued at most
// once an hour, so that such tasks do not pile up when nobody takes them.
func NewWake(queue, entry string) (*asynq.Task, []asynq.Option) {
	return asynq.NewTask(wake+entry, []byte(entry)), options(queue, asynq.Unique(time.Hour))
}

// IsWake tells whether a task is there only to be shown.
func IsWake(t *asynq.Task) bool { return strings.HasPrefix(t.Type(), wake) }

// NewRefresh makes a task that helps a scan with the cases that are awake.
func NewRefresh(queue string) (*asynq.Task, []asynq.Option) {
	return asynq.NewTask(Refresh, nil), options(queue)
}

// NewDeliver makes a task that names up to Batch letters; with none it asks for whatever is due.
func NewDeliver(queue string, ids []int64) (*asynq.Task, []asynq.Option) {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = strconv.FormatInt(id, 10)
	}
	return asynq.NewTask(Deliver, []byte(strings.Join(words, " "))), options(queue)
}

// ParseDeliver reads the ids of a Deliver task.
func ParseDeliver(t *asynq.Task) ([]int64, error) {
	words := strings.Fields(string(t.Payload()))
	if len(words) > Batch {
		return nil, fmt.Errorf("deliver payload names %d letters, more than %d", len(words), Batch)
	}
	ids := make([]int64, len(words))
	for i, w := range words {
		id, err := strconv.ParseInt(w, 10, 64)
		if err != nil || id <= 0 {
			return nil, fmt.Errorf("deliver payload: word %d is no letter's id", i+1)
		}
		ids[i] = id
	}
	return ids, nil
}

func options(queue string, more ...asynq.Option) []asynq.Option {
	return append([]asynq.Option{asynq.Queue(queue), asynq.MaxRetry(retries), asynq.Timeout(Timeout)}, more...)
}
