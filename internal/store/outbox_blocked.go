package store

import (
	"context"
	"strings"
	"time"
)

// Two things block sending: the kill switch, which is row 'stopped' of table meta, and a stale database, which has a
// row 'behind/JOURNAL'. A database restored from a backup is stale: letters went out of which it knows nothing.

const (
	killSwitch  = `stopped`
	stalePrefix = `behind/`

	// blocking is a range, so that the index is used.
	blocking = `name = 'stopped' OR name >= 'behind/' AND name < 'behind0'`
)

// BlockedMaxAge is how long an answer of SendingBlocked may be used, counted from before the call. SetKillSwitch and
// SetStale wait for longer.
const BlockedMaxAge = 20 * time.Millisecond

// SendingBlocked reports whether no letter may be begun: the kill switch is on, or the database is stale or damaged.
func (o *Outbox) SendingBlocked(ctx context.Context) (yes bool, err error) {
	if err := o.damageFound(); err != nil {
		return true, err
	}
	return o.anyMeta(ctx, blocking)
}

// KillSwitch reports whether the kill switch is on.
func (o *Outbox) KillSwitch(ctx context.Context) (on bool, err error) {
	return o.anyMeta(ctx, `name = 'stopped'`)
}

func (o *Outbox) anyMeta(ctx context.Context, where string) (found bool, err error) {
	var one int
	return readOne(ctx, o.db, `SELECT 1 FROM meta WHERE `+where, nil, &one)
}

// SetKillSwitch turns the kill switch. While it is on, no letter is claimed, and no claimed letter is begun. When
// SetKillSwitch returns, no earlier answer of SendingBlocked is in use.
func (o *Outbox) SetKillSwitch(ctx context.Context, on bool) error {
	if on {
		return o.block(ctx, killSwitch, "yes")
	}
	return o.unblock(ctx, killSwitch)
}

// SetStale blocks sending because of what a journal knows, as SetKillSwitch does.
func (o *Outbox) SetStale(ctx context.Context, journal string, since time.Time) error {
	return o.block(ctx, stalePrefix+journal, since.UTC().Format(time.RFC3339))
}

// ClearStale undoes SetStale.
func (o *Outbox) ClearStale(ctx context.Context, journal string) error {
	return o.unblock(ctx, stalePrefix+journal)
}

func (o *Outbox) block(ctx context.Context, name, value string) error {
	err := o.setMeta(ctx, name, value)
	if err == nil {
		time.Sleep(2 * BlockedMaxAge)
	}
	return err
}

func (o *Outbox) unblock(ctx context.Context, name string) error {
	_, err := o.exec(ctx, `DELETE FROM meta WHERE name = $1`, name)
	return err
}

// StaleBy names the journals because of which sending is blocked.
func (o *Outbox) StaleBy(ctx context.Context) ([]string, error) {
	journals, err := readAll(ctx, o.db, `SELECT name FROM meta WHERE name LIKE 'behind/%' ORDER BY name`, nil,
		func(name *string) []any { return []any{name} })
	for i, name := range journals {
		journals[i] = strings.TrimPrefix(name, stalePrefix)
	}
	return journals, err
}
