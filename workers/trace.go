package workers

import (
	"context"
	"log/slog"
)

// Trace records spans, from the tick to the letter. They carry ids and codes only. A nil Trace records nothing and
// costs nothing.
type Trace struct {
	Start func(ctx context.Context, name string, attributes []slog.Attr) (context.Context, func(error))
	// Carry gives the headers by which a task's span knows its parent.
	Carry func(ctx context.Context) map[string]string
	// Follow reads them.
	Follow func(ctx context.Context, headers map[string]string) context.Context
}

// span begins a span. Call end when the work is done.
func (t *Trace) span(ctx context.Context, name string, attributes ...slog.Attr) (_ context.Context, end func(error)) {
	if t == nil {
		return ctx, func(error) {}
	}
	return t.Start(ctx, name, attributes)
}

func (t *Trace) follow(ctx context.Context, headers map[string]string) context.Context {
	if t == nil {
		return ctx
	}
	return t.Follow(ctx, headers)
}
