// Package workers does the work, a step a file. This is the way of a row of a CSV file to a 250 of the mail server:
//
//  1. The import (internal/feed, internal/store) puts the row into SQL and wakes the case that it belongs to.
//  2. Timetable: every second each process asks which entries of the policy's timetable are due. The one that owns the
//     lease records the ticks in SQL and then enqueues a task for each.
//  3. A worker takes the task (Workers.ProcessTask) and runs the entry (runEntry). Scan.Refresh evaluates the cases
//     that are awake, and only those. Scan then reads the facts, lets package notice plan the letters, and adds them to
//     the outbox in SQL, with a reason for each letter that is not to be. The ids of new letters are enqueued.
//  4. Deliver claims letters, writes them to the send journal, and rechecks each: is it still true, and for whom? What
//     still stands is composed from the templates and sent (internal/mailer).
//  5. Recorder writes what the mail server answered into the outbox and the journal.
//
// What goes wrong on the way:
//
//   - Compare puts all letters on hold while the database knows less than the send journal, because it was restored
//     from a backup.
//   - KillSwitch answers whether letters may begin at all.
//   - Sweep makes letters unsure whose worker died.
//   - Poller does what no task came for: it reads open ticks and due letters from SQL. When Redis is down, it does
//     everything.
//   - Ping reports to the service at PING_URL how the day goes.
//
// SQL is the memory, Redis only tells workers sooner: a task names ids and may come twice, late, or on several machines
// at once; the outbox decides. New wires the steps. Each declares, beside its use, the few methods that it needs of the
// store.
package workers
