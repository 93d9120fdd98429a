package web

// Because returns a sentence for the reason why a letter was not sent or not planned; for an unknown reason the reason
// itself.
func Because(why string) string {
	if sentence, known := reasons()[why]; known {
		return sentence
	}
	return words(why)
}

// reasons has a sentence for every reason in the outbox and for every skipped letter.
func reasons() map[string]string {
	template := "the mailer does not accept the rendered letter: correct the template or MAIL_FROM, then try again"
	return map[string]string{
		// replies of the relay, and failures to reach it
		"rejected":    "the recipient's mail server refuses it for good: the address is probably wrong",
		"busy":        "the relay or the recipient's mail server asks to try again later",
		"relay":       "the relay does not take letters from this program: check SMTP_URL, the password and the sender",
		"tls":         "the connection to the relay could not be encrypted: check its certificate",
		"unreachable": "the relay could not be reached",
		"lost":        "the connection to the relay was lost",
		"timeout":     "the relay took too long to answer",
		"garbled":     "the relay's answer could not be understood",
		"cancelled":   "the program was stopped while it was sending the letter",
		// failures in the program
		"render":     "it could not be rendered from its template: the log says what is missing",
		"panic":      "the program failed on it: the log says where",
		"unreadable": "its row in the database is damaged: the log names it",
		"crash":      "the program died while it was sending the letter, perhaps after handing it over",
		"unsure":     "twice the connection was lost after the letter was handed over: it may have arrived; a person decides",
		"to":         "the recipient's address is not valid: correct it in the register",
		"from":       template, "subject": template, "text": template, "html": template, "calendar": template,
		"language": template, "message_id": template, "date": template, "method": template,
		// decisions of people
		"by_hand":       "an operator decided it",
		"released":      "an operator released the run",
		"erased":        "the person was erased from the register",
		"held_by_guard": "its run planned unusually many letters",
		// letters that are no longer true or needed
		"superseded":           "something changed meanwhile, and the letter is no longer true",
		"met":                  "what it asks for is done",
		"too_late":             "its time has passed",
		"outside_window":       "it is outside the hours in which letters are sent",
		"already_told":         "the recipient knows it already",
		"too_close_to_booking": "the appointment was booked so recently that a reminder would be too much",
		"not_yet":              "it is not due yet",
		// why no letter was planned
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
