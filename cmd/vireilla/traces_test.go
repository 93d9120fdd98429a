package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"vireilla/internal/test/syncbuf"

	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

func TestSpansReachTheCollectorAndNameNobody(t *testing.T) {
	var told syncbuf.Buffer
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(&told, r.Body)
	}))
	defer collector.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	relay, env := relay(t)
	data, rules := office(t, "2024-03-06")
	env.must(t, "--data", data, "--policy", rules, "run", "--at", "2024-03-06", "--yes")
	for _, name := range []string{"enqueue digests", "tick:digests", "add", "deliver", "claim", "batch", "letter", "render", "send", "record", "vireilla.kind", "coach_digest"} {
		if !strings.Contains(told.String(), name) {
			t.Errorf("no word of %q", name)
		}
	}
	if len(relay.Accepted()) == 0 {
		t.Fatal("no letters")
	}
	for _, m := range relay.Accepted() {
		if strings.Contains(told.String(), m.To[0]) {
			t.Fatal("a span names an address")
		}
	}
}

func TestACollectorThatIsAwayHoldsNothingUp(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", gone.URL)
	_, env := relay(t)
	data, rules := office(t, "2024-03-06")
	env.must(t, "--data", data, "--policy", rules, "run", "--at", "2024-03-06", "--yes")
}

// A letter belongs to the trace of the tick that planned it, across the queue.
func TestATraceGoesFromTickToLetter(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	trace := spans(trace.NewTracerProvider(trace.WithSpanProcessor(recorder)))
	ctx, end := trace.Start(t.Context(), "tick", nil)
	headers := trace.Carry(ctx)
	end(nil)
	_, end = trace.Start(trace.Follow(t.Context(), headers), "letter", nil)
	end(io.EOF)
	ended := recorder.Ended()
	if len(ended) != 2 || ended[0].SpanContext().TraceID() != ended[1].SpanContext().TraceID() || ended[1].Parent().SpanID() != ended[0].SpanContext().SpanID() {
		t.Fatalf("spans %v", ended)
	}
	if ended[1].Status().Code.String() != "Error" || ended[1].Status().Description != "" {
		t.Errorf("status %+v", ended[1].Status())
	}
}
