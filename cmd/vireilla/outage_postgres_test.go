package main

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vireilla/internal/test/servertest"
)

// D1: what happens to PostgreSQL while letters go out. However it goes, each letter goes out once and has its row, and
// the program goes on by itself.

// goneAway is how the log says that the server cannot be reached, or hangs up.
var goneAway = []string{"connection refused", "no such file or directory", "unexpected EOF", "broken pipe", "reset by peer", "conn closed", "bad connection"}

// The server dies while the relay takes a letter, and stays away for longer than a moment: what was accepted is known
// when it is back, and comes once.
func TestPostgresIsKilledWhileLettersGoOut(t *testing.T) {
	heavy(t, "an outage lasts for seconds")
	t.Parallel()
	server := servertest.StartPostgres(t)
	o := newOutageOn(t, server.URL(), servertest.Redis(t))
	for i, part := range []int{5, 10, 15} {
		o.awaitPart(part)
		o.whileTaking(func() { server.Kill(t) })
		<-time.After([]time.Duration{0, 12 * time.Second, time.Second}[i])
		server.Restart(t)
		o.awaitLetter()
	}
	o.check()
	if o.complains(append(goneAway, "57P03")...) == 0 {
		t.Error("the log says nothing")
	}
}

// Nobody knows whether what was told to be done was done, whatever it was for.
func TestPostgresIsCutOffAtCommit(t *testing.T) {
	heavy(t, "an outage lasts for seconds")
	t.Parallel()
	server := servertest.StartPostgres(t)
	line := newDatabaseLine(t, server)
	o := newOutageOn(t, server.Through(line.Addr), servertest.Redis(t))
	line.Break(true)
	for _, kind := range []string{"claim", "record", "add", "tick", "done", "sleep"} {
		o.await("the line to break at a "+kind, func() bool {
			broke := line.Broke()
			return broke[kind+" before"] > 0 && broke[kind+" after"] > 0
		})
	}
	line.Break(false)
	o.check()
	t.Log("the line broke:", line.Broke())
	// A transaction whose COMMIT was cut off may hold its locks for a while, and others meet them.
	if o.complains(append(goneAway, "40P01")...) == 0 {
		t.Error("the log says nothing")
	}
}

// A rival writes to the same rows, under the strictest isolation and in an order that makes deadlocks.
func TestPostgresTransactionsMeetOthersAndLose(t *testing.T) {
	heavy(t, "an outage lasts for seconds")
	t.Parallel()
	server := servertest.StartPostgres(t)
	line := newDatabaseLine(t, server)
	strict := server.Through(line.Addr) + "&default_transaction_isolation=serializable&deadlock_timeout=300ms"
	o := newOutageOn(t, strict, servertest.Redis(t))
	o.awaitPart(5)
	stop := rival(t, server.URL())
	o.await("the rival to be in the way", func() bool { return line.Said("40001") > 0 && line.Said("40P01") > 0 })
	stop()
	o.check()
	t.Logf("%d serialization failures, %d deadlocks", line.Said("40001"), line.Said("40P01"))
	o.complains("40001", "40P01") // of those who lost again and again
}

// rival writes, until it is stopped, to rows that the program writes to, the last of them first.
func rival(t *testing.T, database string) (stop func()) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		defer conn.Close(t.Context())
		for {
			// The other one loses.
			_, _ = conn.Exec(t.Context(), `SET deadlock_timeout = '10s'; BEGIN ISOLATION LEVEL SERIALIZABLE`)
			for _, q := range []string{
				`UPDATE notice SET rest = rest WHERE id IN (SELECT id FROM notice WHERE state IN ('pending', 'sending') ORDER BY id DESC LIMIT 5)`,
				`UPDATE run SET planned = planned`, // who books letters has the counter first, then this
				`SELECT pg_sleep(0.1)`,
				`UPDATE counter SET n = n`,
				`COMMIT`,
			} {
				if _, err := conn.Exec(t.Context(), q); err != nil {
					_, _ = conn.Exec(t.Context(), `ROLLBACK`)
					break
				}
			}
			select {
			case <-done:
				return
			case <-time.After(200 * time.Millisecond):
			}
		}
	}()
	return func() { close(done); <-ended }
}

// What can still be written is written, and what can be booked goes out; nothing else does.
func TestPostgresHasNoRoomOnItsDisk(t *testing.T) {
	heavy(t, "an outage lasts for seconds")
	t.Parallel()
	disk := servertest.SmallDisk(t, 96)
	server := servertest.StartPostgresOn(t, disk)
	o := newOutageOn(t, server.URL(), servertest.Redis(t))
	o.awaitPart(5)
	full := time.After(5 * time.Second)
	o.await("the program to say that there is no room", func() bool {
		disk.Fill(t) // again and again, for the server gives some back
		select {
		case <-full:
			full = nil
		default:
		}
		return full == nil && o.log.Count("No space left")+o.log.Count("53100")+o.log.Count("57P") > 0
	})
	disk.Free(t)
	server.Restart(t) // where the log itself cannot be written, it ends
	o.awaitLetter()
	o.check()
	o.complains(append(goneAway, "No space left", "53100", "57P")...)
}
