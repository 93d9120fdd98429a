package main

import (
	"vireilla/internal/sample"
	"vireilla/internal/web"
)

// mailbox shows the demo's inbox on the pages.
type mailbox struct{ *sample.Inbox }

func (m mailbox) Mails() []web.Mail {
	letters := m.Letters()
	mails := make([]web.Mail, len(letters))
	for i, l := range letters {
		mails[i] = web.Mail(l)
	}
	return mails
}

func (m mailbox) Mail(n int) (web.Mail, bool) {
	l, ok := m.Letter(n)
	return web.Mail(l), ok
}
