package main

import (
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"vireilla/internal/test/servertest"
	"vireilla/tasks"
)

// R1: what happens to Redis while letters go out. However it goes, each letter goes out once, and the queue is used
// again.

func TestRedisIsDownWhenTheWorkBegins(t *testing.T) {
	heavy(t, "an outage lasts for seconds")
	t.Parallel()
	redis := servertest.StartRedis(t)
	redis.Kill()
	o := newOutage(t, redis.URL())
	o.awaitPart(10)
	redis.Restart(t)
	o.awaitQueue()
	o.check()
	o.told(1)
}

func TestRedisIsKilledAndComesBackEmpty(t *testing.T) {
	heavy(t, "an outage lasts for seconds")
	t.Parallel()
	redis := servertest.StartRedis(t)
	o := newOutage(t, redis.URL())
	o.awaitPart(5)
	redis.Kill()
	o.awaitPart(15)
	redis.Restart(t)
	o.awaitQueue()
	o.check()
	o.told(1)
}

func TestRedisForgetsEverything(t *testing.T) {
	heavy(t, "an outage lasts for seconds")
	t.Parallel()
	redis := servertest.StartRedis(t)
	o := newOutage(t, redis.URL())
	for i, part := range []int{5, 10, 15} {
		o.awaitPart(part)
		if err := redis.Client(t).FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		o.await("the loss to be told and made good", func() bool { return o.log.Count("the queue is back") > i })
	}
	o.awaitQueue()
	o.check()
	o.toldAll()
}

func TestRedisIsOutOfMemory(t *testing.T) {
	heavy(t, "an outage lasts for seconds")
	t.Parallel()
	redis := servertest.StartRedis(t)
	o := newOutage(t, redis.URL())
	o.awaitPart(5)
	memory := func(limit string) {
		if err := redis.Client(t).ConfigSet(t.Context(), "maxmemory", limit).Err(); err != nil {
			t.Fatal(err)
		}
	}
	memory("1") // one byte: however little Redis holds, it is too much
	o.awaitPart(15)
	memory("0")
	o.awaitQueue()
	o.check()
	o.told(1)
}

func TestRedisStalls(t *testing.T) {
	heavy(t, "an outage lasts for seconds")
	t.Parallel()
	redis := servertest.StartRedis(t)
	o := newOutage(t, redis.URL())
	o.awaitPart(5)
	redis.Hold(t)
	stalled := time.After(10 * time.Second)
	o.awaitPart(15)
	<-stalled
	redis.Resume(t)
	o.awaitQueue()
	o.check()
	o.told(1)
}

// A pause is somebody's will: nothing goes round it.
func TestAPausedQueueWaits(t *testing.T) {
	heavy(t, "an outage lasts for seconds")
	t.Parallel()
	redis := servertest.StartRedis(t)
	o := newOutage(t, redis.URL())
	inspector := asynq.NewInspector(o.Queue.Options.Redis)
	defer inspector.Close()
	o.awaitPart(5)
	for _, q := range []string{tasks.Ticks, tasks.Letters} {
		if err := inspector.PauseQueue(q); err != nil {
			t.Fatal(err)
		}
	}
	o.await("the log to say it", func() bool { return o.log.Count("a queue is paused") == 1 })
	o.nothingGoesOut()
	for _, q := range []string{tasks.Ticks, tasks.Letters} {
		if err := inspector.UnpauseQueue(q); err != nil {
			t.Fatal(err)
		}
	}
	o.await("the log to say that it is over", func() bool { return o.log.Count("no queue is paused any more") == 1 })
	o.awaitQueue()
	o.check()
	o.complains("a queue is paused", "no queue is paused any more")
	if o.log.Count("a queue is paused") != 1 || o.log.Count("no queue is paused any more") != 1 {
		t.Error(o.log.String())
	}
}

// Three processes poll the database beside each other, and all take tasks again.
func TestSeveralProcessesWithoutAQueueSendEachLetterOnce(t *testing.T) {
	heavy(t, "an outage lasts for seconds")
	t.Parallel()
	redis := servertest.StartRedis(t)
	redis.Kill()
	o := newOutageOn(t, servertest.Postgres(t), redis.URL())
	for range 2 {
		o.start(o.build())
	}
	o.awaitPart(15)
	redis.Restart(t)
	o.await("all to hear it again", func() bool { return o.log.Count("the queue is back") >= 3 })
	o.awaitQueue()
	o.check()
	o.told(3)
}
