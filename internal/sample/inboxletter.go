package sample

import (
	"bytes"
	"cmp"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"
)

// Letter is an accepted letter as a mail program would show it. What a broken letter does not tell is empty.
type Letter struct {
	Number int    // counts from 1 in the order of arrival
	To     string // of the envelope; several with commas between
	From   string // as the header has it, with its name

	Subject, Language string
	MessageID         string // without angle brackets
	Date              time.Time
	Text, HTML        string
	Calendar          []byte      // the invitation (RFC 5545), nil without one
	Headers           [][2]string // name and value of every header field, in order, decoded
}

// readHead reads the headers; from and to are the envelope's.
func readHead(from, to string, raw []byte) Letter {
	l := Letter{To: to, From: from}
	entity, err := message.Read(bytes.NewReader(raw))
	if entity == nil || err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
		return l
	}
	head := mail.Header{Header: entity.Header}
	l.From = cmp.Or(decoded(head, "From"), from)
	l.Subject = decoded(head, "Subject")
	l.Language = head.Get("Content-Language")
	l.MessageID = strings.Trim(strings.TrimSpace(head.Get("Message-Id")), "<>")
	l.Date, _ = head.Date()
	for fields := head.Fields(); fields.Next(); {
		value, err := fields.Text()
		if err != nil {
			value = fields.Value()
		}
		l.Headers = append(l.Headers, [2]string{fields.Key(), value})
	}
	return l
}

// decoded gives a field with its encoded words (RFC 2047) read, or as it stands when they cannot be.
func decoded(head mail.Header, name string) string {
	text, err := head.Text(name)
	if err != nil {
		return head.Get(name)
	}
	return text
}

// readParts adds the first text, HTML and calendar part to a letter; a part that is cut off ends the reading.
func readParts(l Letter, raw []byte) Letter {
	reader, err := mail.CreateReader(bytes.NewReader(raw))
	if reader == nil || err != nil && !message.IsUnknownCharset(err) {
		return l
	}
	for {
		part, err := reader.NextPart()
		if err != nil && (part == nil || !message.IsUnknownCharset(err)) {
			return l
		}
		body, err := io.ReadAll(part.Body)
		kind, _, _ := strings.Cut(part.Header.Get("Content-Type"), ";")
		switch strings.ToLower(strings.TrimSpace(kind)) {
		case "text/plain", "":
			l.Text = cmp.Or(l.Text, string(body))
		case "text/html":
			l.HTML = cmp.Or(l.HTML, string(body))
		case "text/calendar", "application/ics":
			if l.Calendar == nil {
				l.Calendar = body
			}
		}
		if err != nil {
			return l
		}
	}
}
