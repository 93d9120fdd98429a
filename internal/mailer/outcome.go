package mailer

import (
	"errors"
	"net/textproto"
	"strings"
)

// outcomeOf returns what the end of a conversation means for the letter. aborted is the Reason for which we closed the
// connection ourselves, or "".
func outcomeOf(phase string, err error, aborted string) Outcome {
	var reply *textproto.Error
	if errors.As(err, &reply) {
		return outcomeOfReply(phase, reply.Code, reply.Msg)
	}
	o := Outcome{Result: Deferred, Phase: phase, Reason: ReasonLost}
	if phase == PhaseDot {
		o.Result = Unsure
	}
	var garbled textproto.ProtocolError
	switch {
	case aborted != "":
		o.Reason = aborted
	case errors.As(err, &garbled), errors.Is(err, errTooLong):
		o.Reason = ReasonGarbled
	case errors.Is(err, errNoLogin), errors.Is(err, errNotLoopback):
		o.Reason = ReasonRelay
	case phase == PhaseTLS, phase == PhaseSTARTTLS:
		o.Reason = ReasonTLS
	}
	return o
}

// outcomeOfReply is outcomeOf for a readable reply that was not the expected one.
func outcomeOfReply(phase string, code int, text string) Outcome {
	o := Outcome{Result: Deferred, Code: code, Enhanced: enhanced(code, text), Phase: phase}
	switch code / 100 {
	case 4:
		o.Reason = ReasonBusy
	case 5:
		o.Reason = ReasonRelay
		if isAboutLetter(o) {
			o.Result, o.Reason = Failed, ReasonRejected
		}
	default:
		o.Reason = ReasonGarbled
		if phase == PhaseDot {
			o.Result = Unsure
		}
	}
	return o
}

// isAboutLetter reports whether a 5yz is about this recipient or this letter. One about the relay, the login, the
// sender or the protocol would be the answer to the next letter too.
func isAboutLetter(o Outcome) bool {
	if o.Phase != PhaseRcpt && o.Phase != PhaseDot {
		return false
	}
	switch o.Code {
	case 500, 502, 503, 504, 530, 534, 535, 538: // RFC 5321 section 4.2.2, RFC 4954 section 6
		return false
	}
	switch o.Enhanced {
	case "5.1.7", "5.1.8", "5.7.8", "5.7.9": // the sender's address (RFC 3463), the login (RFC 4954)
		return false
	}
	return true
}

// enhanced returns the status code (RFC 2034) at the beginning of a reply, if it agrees with the code of the reply.
func enhanced(code int, text string) string {
	status, _, _ := strings.Cut(text, " ")
	status, _, _ = strings.Cut(status, "\n")
	parts := strings.Split(status, ".")
	if len(parts) != 3 || len(parts[0]) != 1 || int(parts[0][0]-'0') != code/100 {
		return ""
	}
	for _, part := range parts[1:] {
		if part == "" || len(part) > 3 || strings.Trim(part, "0123456789") != "" {
			return ""
		}
	}
	return status
}
