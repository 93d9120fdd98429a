package mailer

import (
	"bytes"
	"fmt"
	netmail "net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wneessen/go-mail"

	"vireilla/internal/address"
)

// maxSubject, in bytes, keeps a header line without spaces below the 998 characters of RFC 5322 section 2.1.1.
const maxSubject = 255

// message is a letter ready to send: the envelope addresses in angle brackets, and the bytes with CRLF.
type message struct {
	from, to string
	raw      []byte
}

// refusal says why a letter cannot be sent: the field and the fault, never the content.
type refusal struct{ field, what string }

func (r *refusal) Error() string { return "letter: " + r.field + " " + r.what }

// Compose returns the message (RFC 5322) that Send would hand over. Its headers are from a fixed set, and it refuses a
// letter that could add another header or recipient. The boundaries between the parts are random. The error names the
// field and never repeats its content.
func Compose(l Letter) ([]byte, error) {
	m, err := compose(l, &bytes.Buffer{})
	if err != nil {
		return nil, err
	}
	return m.raw, nil
}

// compose writes a letter into a buffer. The message uses the memory of the buffer.
func compose(l Letter, raw *bytes.Buffer) (message, error) {
	from, err := parseFrom(l.From)
	if err != nil {
		return message{}, err
	}
	to, err := address.Normal(l.To)
	if err != nil {
		return message{}, &refusal{"to", "is no address: " + err.Error()}
	}
	if err := check(l); err != nil {
		return message{}, err
	}

	msg := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithEncoding(mail.EncodingQP))
	msg.FromMailAddress(from)
	msg.ToMailAddress(&netmail.Address{Address: to})
	msg.Subject(oneSpaced(l.Subject))
	msg.SetMessageIDWithValue(bareID(l.MessageID))
	msg.SetDateWithValue(l.Date)
	// No vacation notice answers this (RFC 3834 section 5). The second header is for Exchange.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	msg.SetGenHeader("Content-Language", l.Language)
	if err := addParts(msg, l); err != nil {
		return message{}, err
	}
	raw.Grow(4096 + len(l.Text) + 2*len(l.HTML) + 3*len(l.Calendar))
	if _, err := msg.WriteTo(raw); err != nil {
		return message{}, fmt.Errorf("letter: write: %w", err)
	}
	return message{"<" + from.Address + ">", "<" + to + ">", raw.Bytes()}, nil
}

func addParts(msg *mail.Msg, l Letter) error {
	msg.SetBodyString(mail.TypeTextPlain, newlines(l.Text))
	if l.HTML != "" {
		msg.AddAlternativeString(mail.TypeTextHTML, newlines(l.HTML))
	}
	if len(l.Calendar) == 0 {
		return nil
	}
	// Calendar programs use the alternative (RFC 6047); the attachment is for readers who save it by hand.
	msg.AddAlternativeString(mail.ContentType("text/calendar; method="+l.Method), newlines(string(l.Calendar)))
	return msg.AttachReader("invite.ics", bytes.NewReader(l.Calendar),
		mail.WithFileContentType("application/ics"), mail.WithFileEncoding(mail.EncodingB64))
}

// newlines ends every line with LF alone, which the encoder turns into CRLF. The encoder would lose the LF of a line
// that follows a bare CR and holds only encoded bytes.
func newlines(s string) string {
	if strings.IndexByte(s, '\r') < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

func check(l Letter) error {
	switch {
	case strings.TrimSpace(l.Subject) == "":
		return &refusal{"subject", "is empty"}
	case len(l.Subject) > maxSubject:
		return &refusal{"subject", fmt.Sprintf("is longer than %d bytes", maxSubject)}
	case !isHeaderText(l.Subject):
		return &refusal{"subject", "holds a control, direction or encoding mark"}
	case !isMessageID(bareID(l.MessageID)):
		return &refusal{"message_id", "is not id@domain"}
	case l.Date.IsZero():
		return &refusal{"date", "is missing"}
	case !isLanguage(l.Language):
		return &refusal{"language", "is no language tag"}
	case l.Text == "":
		return &refusal{"text", "is empty"}
	case !isBody(l.Text):
		return &refusal{"text", "holds NUL or broken UTF-8"}
	case !isBody(l.HTML):
		return &refusal{"html", "holds NUL or broken UTF-8"}
	case !isBody(string(l.Calendar)):
		return &refusal{"calendar", "holds NUL or broken UTF-8"}
	case len(l.Calendar) > 0 && l.Method != "REQUEST" && l.Method != "CANCEL":
		return &refusal{"method", "is neither REQUEST nor CANCEL"}
	}
	return nil
}

// CheckFrom returns why no letter can be sent from s, or nil. The error never repeats it.
func CheckFrom(s string) error {
	if _, err := netmail.ParseAddress(s); err != nil { // a reader of RFC 5322 must understand it the same way
		return &refusal{"from", "is not Name <address>, or its name needs quotation marks"}
	}
	_, err := parseFrom(s)
	return err
}

// parseFrom takes an address, or Name <address> with or without quotes around the name.
func parseFrom(s string) (*netmail.Address, error) {
	name, bare := "", s
	if before, after, found := strings.Cut(s, "<"); found {
		inner, closed := strings.CutSuffix(after, ">")
		if !closed {
			return nil, &refusal{"from", "is not Name <address>"}
		}
		name, bare = strings.TrimSpace(before), inner
	}
	if len(name) >= 2 && name[0] == '"' && name[len(name)-1] == '"' {
		name = name[1 : len(name)-1]
	}
	if len(name) > maxSubject || !isHeaderText(name) || strings.ContainsAny(name, `"\>`) {
		return nil, &refusal{"from", "has a name that is too long or holds a mark that is not allowed"}
	}
	normal, err := address.Normal(bare)
	if err != nil {
		return nil, &refusal{"from", "is no address: " + err.Error()}
	}
	return &netmail.Address{Name: oneSpaced(name), Address: normal}, nil
}

// isHeaderText rejects characters that could end a header line or display another text: control characters, line
// separators, marks of direction, and an encoded word (RFC 2047).
func isHeaderText(s string) bool {
	if !utf8.ValidString(s) || strings.Contains(s, "=?") {
		return false
	}
	for _, r := range s {
		if unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control) || r == '\ufeff' {
			return false
		}
	}
	return true
}

func isBody(s string) bool {
	return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

// isLanguage accepts one language tag, or several with commas between them for a letter in two languages (RFC 3282).
func isLanguage(s string) bool {
	for tag := range strings.SplitSeq(s, ", ") {
		if len(tag) < 2 || len(tag) > 35 {
			return false
		}
		for i := range len(tag) {
			c := tag[i] | 0x20
			if (c < 'a' || c > 'z') && tag[i] != '-' && (tag[i] < '0' || tag[i] > '9') {
				return false
			}
		}
	}
	return true
}

func bareID(id string) string {
	return strings.TrimSuffix(strings.TrimPrefix(id, "<"), ">")
}

// isMessageID accepts the form of an address, except that the domain needs no dot (RFC 5322 section 3.6.4).
func isMessageID(id string) bool {
	normal, err := address.Normal(id + ".invalid")
	return err == nil && len(normal) == len(id)+len(".invalid")
}

// oneSpaced replaces several spaces by one. The library folds lines at spaces, and a folded line of nothing but spaces
// could be read as the end of the headers.
func oneSpaced(s string) string {
	for strings.Contains(s, "  ") {
		s = strings.ReplaceAll(s, "  ", " ")
	}
	return strings.Trim(s, " ")
}
