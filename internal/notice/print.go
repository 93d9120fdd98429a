package notice

import "fmt"

// These types hold addresses. They print as ids only, also in a log; see the types of caseload.

// Format implements fmt.Formatter.
func (d Recheck) Format(f fmt.State, _ rune) {
	of := "a digest"
	switch {
	case d.Booking != nil:
		of = "appointment " + d.Booking.ID
	case d.Matter != nil:
		of = "training " + d.Matter.ID
	}
	_, _ = fmt.Fprintf(f, "recheck of %s", of) // a fmt.State returns no errors
}

// Format implements fmt.Formatter.
func (r Report) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "letter %d %s %d %s", r.ID, r.State, r.Code, r.Why)
}

// MarshalText implements encoding.TextMarshaler.
func (d Recheck) MarshalText() ([]byte, error) { return []byte(fmt.Sprint(d)), nil }

// MarshalText implements encoding.TextMarshaler.
func (r Report) MarshalText() ([]byte, error) { return []byte(fmt.Sprint(r)), nil }
