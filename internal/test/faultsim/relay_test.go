package faultsim

import (
	"context"

	"vireilla/internal/mailer"
	"vireilla/workers"
)

const sender = "no-reply@lahti.example"

// arrival is a letter that the relay accepted.
type arrival struct {
	workers.Mail
	id int64 // of the letter
	at int   // step of the story
}

// send hands a letter to the relay, with every result of the table in docs/reliability.md. After an ambiguous result
// the letter was accepted or was not.
func (m *machine) send(ctx context.Context, mail workers.Mail) mailer.Outcome {
	w := m.world
	lost := mailer.Outcome{Result: mailer.Deferred, Reason: mailer.ReasonLost}
	f := m.seam(ctx, "send", false)
	if f == isGhost {
		return lost
	}
	n := 0
	if w.troubled {
		n = w.rng.IntN(1000)
	}
	if w.relayAway {
		return lost
	}
	switch {
	case n < 780:
		w.accept(mail)
		return mailer.Outcome{Result: mailer.Sent, Code: 250}
	case n < 800: // the machine dies between the answer and its record
		w.accept(mail)
		m.die()
	case n < 830: // accepted, and the answer to the final dot was lost
		w.accept(mail)
		return mailer.Outcome{Result: mailer.Unsure, Reason: mailer.ReasonLost}
	case n < 860: // not accepted, and no answer came
		return mailer.Outcome{Result: mailer.Unsure, Reason: mailer.ReasonTimeout}
	case n < 890:
		return mailer.Outcome{Result: mailer.Deferred, Code: 451, Reason: mailer.ReasonBusy}
	case n < 920:
		return mailer.Outcome{Result: mailer.Deferred, Code: 421, Reason: mailer.ReasonBusy}
	case n < 935:
		return w.refuse(mail, 550)
	case n < 945:
		return w.refuse(mail, 554)
	case n < 955:
		m.die()
	case n < 958:
		w.accept(mail)
		panic("the simulated line breaks the mailer")
	}
	return lost
}

func (w *world) refuse(mail workers.Mail, code int) mailer.Outcome {
	w.note("refused with %d", code)
	w.refused[mail.To] = true
	return mailer.Outcome{Result: mailer.Failed, Code: code, Reason: mailer.ReasonRejected}
}
