// Package crashtest tests the whole program under crashes. Its tests build it with the tag crash (package crash), start
// it from the command line, kill it, stop it, pause it and start several at once, on SQLite with the embedded queue and
// on PostgreSQL with a redis-server. In the end they compare what a mail server accepted with the outbox.
//
// Many seeds, starting with a number, on both databases: over 10,000 kills.
//
//	go test ./internal/test/crashtest -run TestKilled -timeout 0 -args -seeds 300 -first 1000
//
// One seed, with a log of what happened in it (ids only).
//
//	go test ./internal/test/crashtest -run TestKilled -v -args -seed 17
//
// Processes that are paused for a real minute, and asked to end in every phase in both ways to run them.
//
//	go test ./internal/test/crashtest -run 'TestAProcessPaused|TestAskedToEnd' -timeout 0 -args -long
//
// A seed decides where and when the program is killed. The order of its goroutines is up to the machine, so a seed that
// fails may have to run more than once.
package crashtest
