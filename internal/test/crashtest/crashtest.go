// Package crashtest harms the program itself: its tests build it with the tag crash (package crash), start it as people do, and kill it, stop it, hold it up and start
// several at once, on SQLite with the embedded queue and on PostgreSQL with a redis-server. In the end they hold what a mail server accepted against the outbox.
//
//	go test ./internal/test/crashtest -run TestKilled -timeout 0 -args -seeds 300 -first 1000 many seeds, from a number on, at both ways to run: over 10,000 kills
//	go test ./internal/test/crashtest -run TestKilled -v -args -seed 17                       one seed, and what happened in it (ids only)
//	go test ./internal/test/crashtest -run TestHeldUp -timeout 0 -args -long                  processes that stand still for a true minute
//
// A seed decides where and when the program is killed; how its goroutines take turns is the machine's to decide, so a seed that fails may have to be run more than once.
package crashtest
