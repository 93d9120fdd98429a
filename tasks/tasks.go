// Package tasks names what travels through Redis: types, ids, payloads and queues. Payloads hold ids and instants only, never a name or an address.
package tasks

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hibiken/asynq"
)

// Type of the task that takes letters to the relay. Every other type is "tick:" and the name of an entry of the timetable.
const Deliver = "deliver"

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
}

// NewTick makes the task of a tick. Its id carries the tick: put twice, it is one.
func NewTick(queue string, t Tick) (*asynq.Task, []asynq.Option, error) {
	payload, err := json.Marshal(t)
	if err != nil {
		return nil, nil, err
	}
	id := "tick:" + t.Entry + ":" + t.At.UTC().Format(time.RFC3339)
	return asynq.NewTask("tick:"+t.Entry, payload), options(queue, asynq.TaskID(id), asynq.Retention(keep)), nil
}

// ParseTick reads the payload of a tick's task.
func ParseTick(t *asynq.Task) (Tick, error) {
	var tick Tick
	if err := json.Unmarshal(t.Payload(), &tick); err != nil {
		return tick, fmt.Errorf("tick payload: %w", err)
	}
	if "tick:"+tick.Entry != t.Type() || tick.At.IsZero() {
		return tick, fmt.Errorf("tick payload does not fit type %q", t.Type())
	}
	return tick, nil
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
