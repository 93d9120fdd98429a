package sample

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
	"time"
)

// Letter is an accepted letter as a mail program would show it. What a malformed letter lacks is empty.
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
	words := mime.WordDecoder{}
	for _, field := range fields(raw) {
		if text, err := words.DecodeHeader(field[1]); err == nil { // RFC 2047; otherwise undecoded
			field[1] = text
		}
		l.Headers = append(l.Headers, field)
		switch value := field[1]; field[0] {
		case "From":
			l.From = cmp.Or(value, from)
		case "Subject":
			l.Subject = value
		case "Content-Language":
			l.Language = value
		case "Message-Id":
			l.MessageID = strings.Trim(value, "<> ")
		case "Date":
			l.Date, _ = mail.ParseDate(value)
		}
	}
	return l
}

// fields returns the header fields in their order, unfolded, with canonical names (Message-Id).
func fields(raw []byte) (all [][2]string) {
	for line := range bytes.Lines(raw) {
		text := strings.TrimRight(string(line), "\r\n")
		if text == "" {
			return all
		}
		if last := len(all) - 1; last >= 0 && (text[0] == ' ' || text[0] == '\t') {
			all[last][1] = strings.TrimSpace(all[last][1] + text) // some fold before the first word
		} else if name, value, found := strings.Cut(text, ":"); found {
			all = append(all, [2]string{textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name)), strings.TrimSpace(value)})
		}
	}
	return all
}

// readParts adds the first text, HTML and calendar part to a letter; it stops at a truncated part.
func readParts(l Letter, raw []byte) Letter {
	if m, err := mail.ReadMessage(bytes.NewReader(raw)); err == nil {
		l.read(textproto.MIMEHeader(m.Header), m.Body)
	}
	return l
}

// read reads a part and the parts in it, and reports whether it is complete.
func (l *Letter) read(head textproto.MIMEHeader, body io.Reader) bool {
	kind, params, _ := mime.ParseMediaType(cmp.Or(head.Get("Content-Type"), "text/plain"))
	if strings.HasPrefix(kind, "multipart/") {
		for parts := multipart.NewReader(body, params["boundary"]); ; {
			part, err := parts.NextRawPart()
			if err != nil {
				return err == io.EOF
			}
			if !l.read(part.Header, part) {
				return false
			}
		}
	}
	switch strings.ToLower(head.Get("Content-Transfer-Encoding")) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, err := io.ReadAll(body)
	switch kind {
	case "text/plain":
		l.Text = cmp.Or(l.Text, string(text))
	case "text/html":
		l.HTML = cmp.Or(l.HTML, string(text))
	case "text/calendar", "application/ics":
		if l.Calendar == nil {
			l.Calendar = text
		}
	}
	return err == nil
}
