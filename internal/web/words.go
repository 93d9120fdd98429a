package web

import (
	"fmt"
	"strings"
	"time"
)

// Because says in plain words why a letter did not go out, or was not written; the word itself when it is unknown.
func Because(why string) string {
	if words, known := reasons()[why]; known {
		return words
	}
	return words(why)
}

// reasons are all words that stand in the outbox and with the letters that were not written.
func reasons() map[string]string {
	template := "the mailer does not accept what was made of the template: correct the template or MAIL_FROM, then try again"
	return map[string]string{
		// what the relay said
		"rejected":    "the recipient's mail server refuses it for good: the address is probably wrong",
		"busy":        "the relay or the recipient's mail server asks to come later",
		"relay":       "the relay does not take letters from this program: look at SMTP_URL, the password, the sender",
		"tls":         "the line to the relay could not be encrypted: look at its certificate",
		"unreachable": "the relay could not be reached",
		"lost":        "the line to the relay broke",
		"timeout":     "the relay took too long to answer",
		"garbled":     "the relay's answer made no sense",
		"cancelled":   "the program was told to stop while the letter was under way",
		// what the program found
		"render":     "it could not be made from its template: the log says what is missing",
		"panic":      "the program failed over it: the log says where",
		"unreadable": "its row in the database is damaged: the log names it",
		"crash":      "the program died while the letter was under way, perhaps after handing it over",
		"unsure":     "twice the line broke after the letter was handed over: it may have arrived, and a person decides",
		"to":         "the recipient's address is no address: correct it in the register",
		"from":       template, "subject": template, "text": template, "html": template, "calendar": template, "language": template, "message_id": template,
		"date": template, "method": template,
		// what people did
		"by_hand":       "an operator decided so",
		"released":      "an operator released the run",
		"erased":        "the person was erased from the register",
		"held_by_guard": "its run planned unusually many letters",
		// what is no longer so
		"superseded":           "something changed meanwhile, and it is no longer true",
		"met":                  "what it was about is done",
		"too_late":             "its time has passed",
		"outside_window":       "it is outside the hours in which letters are sent",
		"already_told":         "the recipient knows it already",
		"too_close_to_booking": "the appointment was booked so recently that a reminder would be too much",
		"not_yet":              "it is not due yet",
		// why nobody was written to
		"protected":             "the person is protected: nothing is sent by e-mail",
		"no_address":            "there is no e-mail address",
		"no_consent":            "the person did not agree to e-mail",
		"suppressed_address":    "the address has refused letters: a new address is needed",
		"job_search_ended":      "the job search has ended",
		"in_service":            "the person is in a service",
		"employed":              "the person has work",
		"withdrawn":             "it was withdrawn",
		"skipped_by_six_months": "the rule of six months applies",
		"other_era":             "another law applies to the day",
		"other_status":          "the person has another status",
		"":                      "no reason was written down",
	}
}

// span writes how long something lasted, as people say it.
func span(d time.Duration) string {
	d = d.Round(time.Minute)
	unit := func(n int, name string) string {
		if n == 1 {
			return "1 " + name
		}
		return fmt.Sprintf("%d %ss", n, name)
	}
	switch hours := int(d.Hours()); {
	case d < time.Minute:
		return "less than a minute"
	case hours >= 48:
		return unit(hours/24, "day")
	case hours == 0:
		return unit(int(d.Minutes()), "minute")
	case d%time.Hour == 0:
		return unit(hours, "hour")
	default:
		return unit(hours, "hour") + " " + unit(int(d.Minutes())%60, "minute")
	}
}

// count writes a number of things: 1 letter, 4,100 letters; a number that was not counted to its end is "1,000 or more".
func count(n int, thing string) string {
	switch {
	case n == 1:
		return "1 " + thing
	case n == manyDue:
		return number(n) + " or more " + thing + "s"
	}
	return number(n) + " " + thing + "s"
}

// words writes coach_digest as coach digest.
func words(name string) string { return strings.ReplaceAll(name, "_", " ") }
