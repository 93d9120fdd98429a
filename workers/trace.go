package workers

import (
	"context"
	"log/slog"
)

// Trace tells what happened in what, from the tick to the letter: spans that carry ids and codes only. A nil Trace
// tells nothing and costs nothing.
type Trace struct {
	Start func(ctx context.Context, name string, attributes []slog.Attr) (context.Context, func(error))
	// What a task takes along, so that its span knows its parent.
	Carry  func(ctx context.Context) map[string]string
	Follow func(ctx context.Context, headers map[string]string) context.Context // the other end of Carry
}

// span begins one; whoever is given end calls it when the work is done.
func (t *Trace) span(ctx context.Context, name string, attributes ...slog.Attr) (_ context.Context, end func(error)) {
	if t == nil {
		return ctx, func(error) {}
	}
	return t.Start(ctx, name, attributes)
}

func (t *Trace) carry(ctx context.Context) map[string]string {
	if t == nil {
		return nil
	}
	return t.Carry(ctx)
}

func (t *Trace) follow(ctx context.Context, headers map[string]string) context.Context {
	if t == nil {
		return ctx
	}
	return t.Follow(ctx, headers)
}
