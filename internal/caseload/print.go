package caseload

import (
	"fmt"
	"io"
)

// A team, a coach and a seeker print as their id: by every verb of fmt, as JSON and in a log. A name or an address is
// written only by code that names its field.

// Format implements fmt.Formatter.
func (t Team) Format(f fmt.State, _ rune) { printID(f, "team", t.ID) }

// Format implements fmt.Formatter.
func (c Coach) Format(f fmt.State, _ rune) { printID(f, "coach", c.ID) }

// Format implements fmt.Formatter.
func (s Seeker) Format(f fmt.State, _ rune) { printID(f, "seeker", s.ID) }

// MarshalText implements encoding.TextMarshaler.
func (t Team) MarshalText() ([]byte, error) { return []byte("team " + t.ID), nil }

// MarshalText implements encoding.TextMarshaler.
func (c Coach) MarshalText() ([]byte, error) { return []byte("coach " + c.ID), nil }

// MarshalText implements encoding.TextMarshaler.
func (s Seeker) MarshalText() ([]byte, error) { return []byte("seeker " + s.ID), nil }

// printID ignores the error: fmt.State buffers what is written and never fails.
func printID(to io.Writer, what, id string) { _, _ = fmt.Fprintf(to, "%s %s", what, id) }
