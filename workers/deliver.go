package workers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"vireilla/internal/crash"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/templates"
)

// Deliver sends letters: claim -> journal -> recheck -> render -> send -> record what became of it.
type Deliver struct {
	Clock          func() time.Time
	Wall           func() time.Time // the real time, by which claims hold; Clock differs from it when a day is run later
	Policy         *policy.Policy
	Outbox         DeliverOutbox
	SendingBlocked func(ctx context.Context) (bool, error) // by the kill switch, or by a stale database
	Compare        interface {                             // compares the database with the send journal
		Check(ctx context.Context) error
		CheckLast(ctx context.Context) error
	}
	Journal DeliverJournal
	Facts   RecheckFacts
	Refresh func(ctx context.Context, now time.Time) error // brings the agenda up to what was imported
	Letters Letters
	From    string // sender, an address or `Name <address>`
	Send    func(ctx context.Context, m Mail) notice.Outcome
	Record  *Recorder
	Trace   *Trace
	Stop    context.Context // once done, no further letter is begun
	Pace    *Pace           // nil for none
	// NotOver, when set, is the earliest time of a further try. In time that jumps, waiting a minute takes no time.
	NotOver func() time.Time
	Log     *slog.Logger
}

// DeliverOutbox is what Deliver needs of the outbox.
type DeliverOutbox interface {
	// Claim takes up to n letters for sending. With an error it gives those that may be claimed.
	Claim(ctx context.Context, now, wall time.Time, ids []int64, n int) ([]notice.Claimed, error)
}

// DeliverJournal is what Deliver needs of the send journal. Begin returns when the letters are on disk.
type DeliverJournal interface {
	Begin(now time.Time, claimed []notice.Claimed) error
}

// Letters renders the templates.
type Letters interface {
	Render(letter, language string, tier templates.Tier, data any) (templates.Message, error)
}

// Mail is one composed letter for one address.
type Mail struct {
	From, To, Subject, Text, HTML, Language, MessageID string
	Date                                               time.Time
	Calendar                                           []byte
	Method                                             string
	// Still tells whether the letter is still to go. The mailer asks when a connection is free.
	Still func() bool
}

// Format implements fmt.Formatter: no verb prints the reader or the text of a letter.
func (m Mail) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "mail %s", m.MessageID) }

// MarshalText implements encoding.TextMarshaler.
func (m Mail) MarshalText() ([]byte, error) { return []byte(fmt.Sprint(m)), nil }

// Run delivers the named letters, then whatever else is due, until nothing is or a minute has passed. While one batch
// is sent, the results of the one before are being recorded: Run waits for them one batch later.
func (d *Deliver) Run(ctx context.Context, ids []int64) error {
	end := d.Wall().Add(time.Minute)
	if err := d.Compare.Check(ctx); err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	var before *group
	for d.Stop.Err() == nil && ctx.Err() == nil {
		if err := d.Compare.CheckLast(ctx); err != nil {
			return fmt.Errorf("deliver: %w", errors.Join(err, before.wait(ctx)))
		}
		claiming, done := d.Trace.span(ctx, "claim")
		claimed, err := d.Outbox.Claim(claiming, d.Clock(), d.Wall(), ids, d.Pace.batch())
		done(err)
		if err != nil {
			return fmt.Errorf("deliver: %w", errors.Join(err, before.wait(ctx), d.giveBack(ctx, claimed).wait(ctx)))
		}
		if len(claimed) > 0 {
			crash.Here("claim")
			batch, err := d.batch(ctx, claimed)
			if err := errors.Join(err, before.wait(ctx)); err != nil {
				return fmt.Errorf("deliver: %w", errors.Join(err, batch.wait(ctx)))
			}
			before = batch
		}
		if len(claimed) == 0 && len(ids) == 0 || d.Wall().After(end) {
			break
		}
		ids = nil
	}
	if err := before.wait(ctx); err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	return nil
}

// giveBack gives back letters whose claim may not be in the database. Do not journal it: the journal would know of a
// claim that the database does not, and would report the database as stale.
func (d *Deliver) giveBack(ctx context.Context, claimed []notice.Claimed) *group {
	group := d.Record.group()
	group.unjournaled = true
	group.giveBack(ctx, claimed, d.Clock())
	return group
}

// batch sends claimed letters one by one and hands in the results. The group that it gives is done when all are
// recorded.
func (d *Deliver) batch(ctx context.Context, claimed []notice.Claimed) (_ *group, err error) {
	ctx, end := d.Trace.span(ctx, "batch", slog.Int("letters", len(claimed)))
	defer func() { end(err) }()
	group := d.Record.group()
	begun := make(chan error, 1)
	go func() {
		defer close(begun)
		begun <- d.Journal.Begin(d.Clock(), claimed) // the disk and the database work side by side
	}()
	not := map[string]int{}
	for rest := claimed; len(rest) > 0; {
		part := rest[:portion(rest)]
		checks, unread := d.recheck(ctx, part)
		if err = errors.Join(unread, <-begun); err != nil { // closed after the first part, then there is no error
			group.giveBack(ctx, rest, d.Clock())
			break
		}
		for i := range part {
			in, end := d.Trace.span(ctx, "letter", slog.Int64("letter", part[i].ID), slog.String("kind", part[i].Letter))
			r := d.letter(in, &part[i], &checks[i])
			if r.State != notice.Sent && r.State != notice.Withdrawn && !r.Returned {
				not[string(r.State)+" "+r.Why]++
			}
			group.add(in, r)
			end(nil)
		}
		rest = rest[len(part):]
	}
	if len(not) > 0 {
		d.Log.Warn("letters did not go out", "of", len(claimed), "became", not)
	}
	return group, err
}

// itemsAtOnce is how many items of digests one recheck reads. A lead's letter may have hundreds, and there are many
// batches side by side.
const itemsAtOnce = 500

// portion is how many of the next letters of a batch are rechecked together: as many as have no more than itemsAtOnce
// items, and at least one.
func portion(claimed []notice.Claimed) (n int) {
	for items := 0; n < len(claimed); n++ {
		if items += len(claimed[n].Items); n > 0 && items > itemsAtOnce {
			break
		}
	}
	return n
}

// letter sends one letter. A letter that panics fails alone.
func (d *Deliver) letter(ctx context.Context, c *notice.Claimed, check *notice.Recheck) (r notice.Report) {
	sending := false
	defer func() {
		if v := recover(); v != nil {
			d.Log.Error("a letter panicked", "letter", c.ID, "kind", c.Letter, "stack", string(debug.Stack()))
			// It may have been sent.
			if r = (notice.Report{Claimed: *c, Next: notice.Next{State: notice.Failed, Why: "panic"}}); sending {
				r = d.became(c, check, notice.Outcome{Result: notice.Ambiguous, Why: "panic"})
			}
		}
	}()
	now := d.Clock()
	if c.Unreadable {
		d.Log.Error("a letter cannot be read", "letter", c.ID)
		return notice.Report{Claimed: *c, Next: notice.Next{State: notice.Failed, Why: "unreadable"}}
	}
	if d.over(ctx, c) {
		return returned(c, now)
	}
	v := c.Check(d.Policy, check, now)
	if v.Why != "" {
		return notice.Report{Claimed: *c, Next: notice.Next{State: notice.Withdrawn, Why: v.Why}}
	}
	if !v.Until.IsZero() {
		r := returned(c, v.Until)
		r.Why = notice.OutsideWindow
		return r
	}
	if c.Role != notice.ToSeeker {
		c.Notice.Told, c.Late = v.Told, v.Late // what it does not say is not told
	}
	_, end := d.Trace.span(ctx, "render")
	mail, err := d.compose(c, check, v.Items, now)
	end(err)
	if err != nil {
		d.Log.Error("a letter cannot be written", "letter", c.ID, "kind", c.Letter, "err", err)
		return notice.Report{Claimed: *c, Next: notice.Next{State: notice.Failed, Why: "render"}}
	}
	d.Pace.wait(ctx, d.Stop)
	begun := true
	mail.Still = func() bool {
		begun = d.still(ctx, c)
		return begun
	}
	sending = true
	sendCtx, end := d.Trace.span(ctx, "send")
	outcome := d.Send(sendCtx, mail)
	end(nil)
	if !begun {
		return returned(c, now)
	}
	return d.became(c, check, outcome)
}

// still tells whether a claimed letter may begin. The claim asked for the kill switch too, but it may have been turned
// on since. When it cannot be read, nothing goes out.
func (d *Deliver) still(ctx context.Context, c *notice.Claimed) bool {
	halted, err := d.SendingBlocked(ctx)
	return !halted && err == nil && !d.over(ctx, c)
}

// over tells whether it is too late to begin a claimed letter.
func (d *Deliver) over(ctx context.Context, c *notice.Claimed) bool {
	return d.Stop.Err() != nil || ctx.Err() != nil || d.Wall().After(c.Until.Add(-ClaimMargin))
}

// ClaimMargin is the last part of a claim, in which no letter begins: it is longer than a relay may take to answer.
const ClaimMargin = 11 * time.Minute

// became says what a letter becomes after an attempt.
func (d *Deliver) became(c *notice.Claimed, check *notice.Recheck, o notice.Outcome) notice.Report {
	now := d.Clock()
	attempt := notice.Attempt{Tries: c.Tries, Unsure: c.Unsure, HoldWhen: d.Policy.Letters[c.Letter].Unsure}
	r := notice.Report{Claimed: *c, Next: attempt.After(o, now), Code: o.Code}
	switch r.State {
	case notice.Sent, notice.Unsure, notice.Held:
		r.Told = c.Telling(check, now)
	case notice.Failed:
		if c.Role == notice.ToSeeker && o.Code >= 500 {
			r.Suppress = check.Address
		}
	}
	if r.State == notice.Deferred && d.NotOver != nil && r.Try.Before(d.NotOver()) {
		r.Try = d.NotOver()
	}
	if r.State != notice.Sent {
		d.Log.Debug("a letter did not go out", "letter", c.ID, "kind", c.Letter, "state", string(r.State), "code", o.Code, "why", r.Why, "tries", c.Tries)
	}
	return r
}

// returned gives a claimed letter back, to be taken again at a time. The try does not count.
func returned(c *notice.Claimed, at time.Time) notice.Report {
	state := notice.Deferred
	if c.Unsure > 0 {
		state = notice.Unsure
	}
	return notice.Report{Claimed: *c, Returned: true, Next: notice.Next{State: state, Try: at}}
}
