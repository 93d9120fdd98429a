// Package mailer writes a letter as a message, hands it to the relay, and returns what the relay's answer means for the
// letter. It is the only package that uses go-mail: Msg writes the message, and the package smtp speaks the protocol.
// The mailer follows the phases of a conversation, so that it knows for every error how far the letter came.
//
//	Send:  Compose ─► an idle connection, or dial ─► MAIL ─► RCPT ─► DATA ─► body ─► dot ─► Outcome
//
// An Outcome depends, in this order, on whether the relay accepted the letter, on the phase in which the conversation
// ended, and on the code. Before the final dot nothing is accepted, and only a 5yz about the recipient is permanent.
// After it, only a 4yz or a 5yz means that the letter was not accepted; anything else leaves that open.
//
// Replies of the relay and errors of the library may hold addresses. They never leave this package.
package mailer

import (
	"fmt"
	"time"
)

// Letter is one letter to one recipient.
type Letter struct {
	From      string // an address, or Name <address>
	To        string // one bare address
	Subject   string
	Text      string
	HTML      string    // says the same as Text; "" leaves the part out
	Language  string    // BCP 47, or ours as "fi-selko"
	MessageID string    // id@domain; stays the same when the letter is sent again
	Date      time.Time // stays the same when the letter is sent again
	Calendar  []byte    // an iCalendar object (RFC 5545); none leaves both its parts out
	Method    string    // of Calendar: REQUEST or CANCEL (RFC 5546)

	// Still reports whether the letter is still to be sent; nil means yes. Send calls it when a connection is free, which
	// may take minutes.
	Still func() bool
}

// Format implements fmt.Formatter: no verb prints the recipient or the text of a letter.
func (l Letter) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "letter %s", l.MessageID) }

// MarshalText implements encoding.TextMarshaler.
func (l Letter) MarshalText() ([]byte, error) { return []byte(fmt.Sprint(l)), nil }

// Result is what an outcome means for the next step.
type Result int

// The zero Result is Unsure, so that a Result that nobody set never counts as sent.
const (
	Unsure   Result = iota // the connection ended after the letter was handed over
	Sent                   // accepted by the relay
	Deferred               // not accepted; try later
	Failed                 // not accepted; trying again does not help
)

// String returns the word in SQL and logs.
func (r Result) String() string {
	switch r {
	case Sent:
		return "sent"
	case Deferred:
		return "deferred"
	case Failed:
		return "failed"
	default:
		return "unsure"
	}
}

// Outcome is what became of one letter. All its fields are safe to log and to store.
type Outcome struct {
	Result   Result
	Code     int    // the reply code of the relay, 0 if it gave none
	Enhanced string // RFC 3463, "5.1.1"; "" if it gave none
	Phase    string // where the conversation ended: one of the Phase constants
	Reason   string // one of the Reason constants, or the refused field of the Letter; "" when sent
}

// The phases of a letter, in their order.
const (
	PhaseCompose  = "compose"
	PhaseConnect  = "connect"
	PhaseTLS      = "tls" // the handshake of smtps://
	PhaseGreeting = "greeting"
	PhaseHello    = "ehlo"
	PhaseSTARTTLS = "starttls" // the command, and its handshake
	PhaseAuth     = "auth"
	PhaseMail     = "mail"
	PhaseRcpt     = "rcpt"
	PhaseData     = "data"
	PhaseBody     = "body"
	PhaseDot      = "dot"
)

// The reasons of an outcome that is not Sent.
const (
	ReasonRejected    = "rejected"    // 5yz about this recipient or this letter
	ReasonBusy        = "busy"        // 4yz
	ReasonRelay       = "relay"       // the relay or our settings are wrong: an alert, never a failed letter
	ReasonTLS         = "tls"         // no STARTTLS offered, or the handshake failed
	ReasonUnreachable = "unreachable" // no TCP connection
	ReasonLost        = "lost"        // the connection ended
	ReasonTimeout     = "timeout"     // a phase took longer than its limit
	ReasonGarbled     = "garbled"     // an answer that is not SMTP, or too long
	ReasonCancelled   = "cancelled"   // the caller's context ended before the final dot, or the Relay was closed
)
