package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"

	"vireilla/workers"
)

// tracesTo is read by OpenTelemetry itself, which knows no NAME_FILE.
const tracesTo = "OTEL_EXPORTER_OTLP_ENDPOINT"

// tracing sends spans to OTEL_EXPORTER_OTLP_ENDPOINT; without it there are none. OpenTelemetry itself reads the other
// variables, such as OTEL_SERVICE_NAME. stop sends the spans that are still waiting.
func tracing(ctx context.Context, log *slog.Logger) (t *workers.Trace, stop func(context.Context) error, err error) {
	if os.Getenv(tracesTo) == "" {
		return nil, func(context.Context) error { return nil }, nil
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, nil, errors.New("OTEL_EXPORTER_OTLP_ENDPOINT: write an address such as http://collector:4318; " +
			"another OTEL_ variable may be wrong too")
	}
	warn := sync.OnceFunc(func() {
		log.Warn("traces do not reach OTEL_EXPORTER_OTLP_ENDPOINT, or not all of them; nothing else hangs on it")
	})
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(error) { warn() }))
	name := resource.NewSchemaless(attribute.String("service.name", "vireilla"))
	about, err := resource.Merge(name, resource.Environment()) // OTEL_SERVICE_NAME wins
	if err != nil {
		return nil, nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	batches := trace.WithBatcher(exporter, trace.WithBatchTimeout(2*time.Second))
	provider := trace.NewTracerProvider(batches, trace.WithResource(about))
	return spans(provider), provider.Shutdown, nil
}

// silence sets the zero value of a library's logger, which writes nothing. OpenTelemetry would write settings that it
// cannot read to stderr, with the password or the key in them.
func silence[Logger any](set func(Logger)) {
	var nothing Logger
	set(nothing)
}

// spans gives the workers spans of a provider.
func spans(provider *trace.TracerProvider) *workers.Trace {
	tracer, carrier := provider.Tracer("vireilla"), propagation.TraceContext{}
	return &workers.Trace{
		Start: func(ctx context.Context, name string, attributes []slog.Attr) (context.Context, func(error)) {
			ctx, span := tracer.Start(ctx, name)
			for _, a := range attributes {
				span.SetAttributes(attribute.String("vireilla."+a.Key, a.Value.String()))
			}
			return ctx, func(err error) {
				if err != nil {
					span.SetStatus(codes.Error, "") // the log has the error
				}
				span.End()
			}
		},
		Carry: func(ctx context.Context) map[string]string {
			headers := propagation.MapCarrier{}
			carrier.Inject(ctx, headers)
			return headers
		},
		Follow: func(ctx context.Context, headers map[string]string) context.Context {
			return carrier.Extract(ctx, propagation.MapCarrier(headers))
		},
	}
}
