package workers

import (
	"context"
	"log/slog"
	"time"

	"vireilla/internal/notice"
	"vireilla/internal/policy"
)

// Parts is what the steps are made of.
type Parts struct {
	Clock func() time.Time // decides what is due
	// The real time, by which claims and leases hold; Clock differs from it when a day is run later.
	Wall     func() time.Time
	Policy   *policy.Policy
	PolicyID string // version and fingerprint: with another one, every case is evaluated anew
	Store    Store
	Journal  interface {
		DeliverJournal
		CompareJournal
		RecordJournal
	}
	Enqueue      Enqueuer
	DeliverTasks int  // how many tasks deliver letters side by side
	Shared       bool // other processes use the same database, and can help with many awake cases
	Letters      Letters
	From         string // sender, an address or `Name <address>`
	Send         func(ctx context.Context, m Mail) notice.Outcome
	PerMinute    int             // letters; 0 for no limit
	Stop         context.Context // once done, no further letter is begun
	SwitchMaxAge time.Duration   // how long an answer about the kill switch is good
	Recorded     func(reports []notice.Report)
	Measure      func(step string, took time.Duration, err error)
	Trace        *Trace
	Log          *slog.Logger
}

// Store is what all steps together need of the database; each part stands beside the step that needs it.
type Store interface {
	ScanStore
	DeliverOutbox
	RecheckFacts
	RecordOutbox
	CompareOutbox
	SweepOutbox
	TickLedger
	SendingBlocked(ctx context.Context) (bool, error)
}

// Enqueuer puts tasks of letters into the queue. While the queue is down it does nothing, and the Poller does the work.
type Enqueuer interface {
	Letters(ctx context.Context, ids []int64) error
	DueLetters(ctx context.Context, n int) error
	Help(ctx context.Context, n int) error
}

// Silent enqueues nothing: whoever runs a day does.
type Silent struct{}

func (Silent) Letters(context.Context, []int64) error { return nil }
func (Silent) DueLetters(context.Context, int) error  { return nil }
func (Silent) Help(context.Context, int) error        { return nil }

// New wires the steps.
func New(p Parts) *Workers {
	compare := &Compare{Clock: p.Clock, Journal: p.Journal, Outbox: p.Store, Log: p.Log}
	scan := &Scan{Policy: p.Policy, PolicyID: p.PolicyID, Store: p.Store, Enqueue: p.Enqueue.Letters, Trace: p.Trace, Log: p.Log}
	if p.Shared {
		scan.Help = p.Enqueue.Help
	}
	record := &Recorder{Clock: p.Clock, Outbox: p.Store, Journal: p.Journal, Recorded: p.Recorded, Trace: p.Trace, Log: p.Log}
	deliver := &Deliver{
		Clock: p.Clock, Wall: p.Wall, Policy: p.Policy, Outbox: p.Store, Facts: p.Store, Journal: p.Journal, Compare: compare,
		SendingBlocked: NewKillSwitch(p.Store.SendingBlocked, p.SwitchMaxAge, p.Wall).On, Refresh: scan.Refresh, Letters: p.Letters, From: p.From,
		Send: p.Send, Record: record, Pace: PerMinute(p.PerMinute), Stop: p.Stop, Trace: p.Trace, Log: p.Log,
	}
	sweep := &Sweep{Policy: p.Policy, Outbox: p.Store, Enqueue: p.Enqueue, DeliverTasks: p.DeliverTasks, Log: p.Log}
	return &Workers{
		Clock: p.Clock, Wall: p.Wall, Ticks: p.Store, Scan: scan, Compare: compare, Deliver: deliver, Sweep: sweep,
		Measure: p.Measure, Trace: p.Trace, Log: p.Log,
	}
}
