// Package mailer writes a letter as a message, hands it to the relay, and says what the relay's answer
// means for the letter. It is the one room of go-mail: its Msg writes the message and its smtp package
// speaks the protocol, phase by phase, so that for every end of a conversation it is known how far it came.
//
//	Send:  Compose ─► a kept line, or dial ─► MAIL ─► RCPT ─► DATA ─► body ─► dot ─► Outcome
//
// What decides an Outcome, in this order: was it delivered; in which phase did it end; with which code.
// Before the final dot nothing is accepted, and nothing but a 5yz about the recipient is for good. After
// it, only a 4yz or a 5yz says that the letter was not accepted; anything else leaves that open.
//
// Server texts and library errors hold addresses and never leave this package.
package mailer

import (
	"fmt"
	"time"

	"vireilla/internal/address"
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

	Still func() bool // asked when a line is free, for which the letter may have waited for minutes: whether it is still to go; nil says yes
}

// Format implements fmt.Formatter: by no verb does a letter print its reader or its text.
func (l Letter) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "letter %s", l.MessageID) }

// MarshalText implements encoding.TextMarshaler.
func (l Letter) MarshalText() ([]byte, error) { return []byte(fmt.Sprint(l)), nil }

// Result sorts outcomes by what is to be done next.
type Result int

// The zero Result is Unsure, so that a forgotten one is never taken for an answer.
const (
	Unsure   Result = iota // the line broke after the letter was handed over
	Sent                   // accepted by the relay
	Deferred               // not accepted; try later
	Failed                 // not accepted; the same letter never will be
)

// String is the word of SQL and logs.
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
	Phase    string // how far it came: one of the Phase constants
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
	ReasonRelay       = "relay"       // the relay's or our own settings' fault: an alert, never the letter's end
	ReasonTLS         = "tls"         // no STARTTLS offered, or the handshake failed
	ReasonUnreachable = "unreachable" // no TCP connection
	ReasonLost        = "lost"        // the connection ended
	ReasonTimeout     = "timeout"     // a phase took longer than its limit
	ReasonGarbled     = "garbled"     // an answer that is no SMTP, or without end
	ReasonCancelled   = "cancelled"   // the caller's context ended before the final dot, or the Relay was closed
)

// CheckAddress says why a letter cannot go to s, or nil. The error never holds the address.
func CheckAddress(s string) error { return address.Check(s) }

// NormalAddress is s as it goes into the envelope. The error never holds the address.
func NormalAddress(s string) (string, error) { return address.Normal(s) }
