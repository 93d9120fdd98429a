// Package tasks names what travels through Redis: types, ids, payloads and queues. Payloads hold ids and instants only, never a name or an address.
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
	Refresh = "refresh" // helps to look at cases when many wake at once
)

const wake = "wake:"

// Queues, by what may wait for what: ticks are few and go first.
const (
	Ticks   = "ticks"
	Letters = "letters"
)

// Batch is how many letters a Deliver task names at most.
const Batch = 25

const (
	retries = 3                // only for "the outbox could not be read or written"; letters have their own
	limit   = 15 * time.Minute // longer than the answer to a final dot may take
	keep    = 24 * time.Hour   // so that a tick put again is known as put
)

// Tick is one stroke of an entry of the timetable.
type Tick struct {
	Entry string    `json:"entry"`
	At    time.Time `json:"at"`
	Again int       `json:"again,omitempty"` // counts the tasks that were lost with their id
}

// Lost is the time after which a tick's task that is said to be at work is lost: longer than any task may work.
const Lost = limit + 5*time.Minute

// ID is the id of a tick's task.
func (t Tick) ID() string {
	id := "tick:" + t.Entry + ":" + t.At.UTC().Format(time.RFC3339)
	if t.Again > 0 {
		id += ":" + strconv.Itoa(t.Again)
	}
	return id
}

// After gives the tick as it is put when its task is lost: under another id each time that so long has passed.
func (t Tick) After(now time.Time) Tick {
	t.Again = max(0, int(now.Sub(t.At)/Lost))
	return t
}

// Steps gives the types of the tasks that are work, for the entries of a timetable.
func Steps(entries []string) []string {
	steps := []string{Deliver, Refresh}
	for _, e := range entries {
		steps = append(steps, "tick:"+e)
	}
	return steps
}

// NewTick makes the task of a tick. Its id carries the tick: put twice, it is one.
func NewTick(queue string, t Tick) (*asynq.Task, []asynq.Option, error) {
	payload, err := json.Marshal(t)
	if err != nil {
		return nil, nil, err
	}
	return asynq.NewTask("tick:"+t.Entry, payload), options(queue, asynq.TaskID(t.ID()), asynq.Retention(keep)), nil
}

// ParseTick reads the payload of a tick's task. Its error repeats nothing of it: errors of tasks are kept in Redis and logged.
func ParseTick(t *asynq.Task) (Tick, error) {
	var tick Tick
	if err := json.Unmarshal(t.Payload(), &tick); err != nil {
		return Tick{}, errors.New("tick payload is no tick")
	}
	if "tick:"+tick.Entry != t.Type() || tick.At.IsZero() {
		return Tick{}, errors.New("tick payload does not fit its type")
	}
	return tick, nil
}

// NewWake makes the task by which the monitor knows an entry of the timetable. Nothing hangs on it: the ticks are others. One that nobody takes is not put
// again for an hour, so that they do not pile up.
func NewWake(queue, entry string) (*asynq.Task, []asynq.Option) {
	return asynq.NewTask(wake+entry, []byte(entry)), options(queue, asynq.Unique(time.Hour))
}

// IsWake tells whether a task is there only to be seen.
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
	return append([]asynq.Option{asynq.Queue(queue), asynq.MaxRetry(retries), asynq.Timeout(limit)}, more...)
}
