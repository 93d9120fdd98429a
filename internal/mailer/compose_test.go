package mailer

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"slices"
	"strings"
	"testing"
	"time"

	"vireilla/internal/address"
)

// leaf is one part of a message as a reader sees it.
type leaf struct{ kind, method, file, body string }

// read takes a message apart with another library than the one that wrote it.
func read(t *testing.T, raw []byte) (mail.Header, []leaf) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatalf("not a message: %v\n%s", err, raw)
	}
	leaves, err := leavesOf(textproto.MIMEHeader(m.Header), m.Body)
	if err != nil {
		t.Fatalf("parts: %v\n%s", err, raw)
	}
	return m.Header, leaves
}

func leavesOf(head textproto.MIMEHeader, body io.Reader) (leaves []leaf, err error) {
	kind, params, err := mime.ParseMediaType(head.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(kind, "multipart/") {
		for parts := multipart.NewReader(body, params["boundary"]); ; {
			part, err := parts.NextRawPart()
			if err == io.EOF {
				return leaves, nil
			}
			if err != nil {
				return nil, err
			}
			inner, err := leavesOf(part.Header, part)
			if err != nil {
				return nil, err
			}
			leaves = append(leaves, inner...)
		}
	}
	switch encoding := strings.ToLower(head.Get("Content-Transfer-Encoding")); encoding {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "", "7bit", "8bit":
	default:
		return nil, fmt.Errorf("encoding %q", encoding)
	}
	_, disposition, _ := mime.ParseMediaType(head.Get("Content-Disposition"))
	text, err := io.ReadAll(body)
	return []leaf{{kind, params["method"], disposition["filename"], string(text)}}, err
}

func unfolded(h mail.Header, name string) (string, error) {
	words := mime.WordDecoder{}
	return words.DecodeHeader(h.Get(name))
}

func headerNames(h mail.Header) []string {
	names := map[string]int{}
	for name, values := range h {
		names[name] = len(values)
		if len(values) > 1 {
			names[name+" again"] = len(values)
		}
	}
	return slices.Sorted(maps.Keys(names))
}

var ours = []string{
	"Auto-Submitted", "Content-Language", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Subject", "To",
	"X-Auto-Response-Suppress",
}

// crlf is text as it travels.
func crlf(s string) string {
	return strings.ReplaceAll(newlines(s), "\n", "\r\n")
}

func TestLetterBecomesAMessage(t *testing.T) {
	l := letter(1)
	l.From = "Työllisyyspalvelut, Kunta <No-Reply@Kunta.Example>"
	l.Subject = "Ajanvarausmuistutus: määräaika lähestyy – " + strings.Repeat("pitkä otsikko ", 8) + "loppu"
	l.Calendar = []byte("BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n")
	l.Method = "REQUEST"
	raw, err := Compose(l)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(string(raw), "\r\n"), "\r\n") {
		if len(line) > 78 || strings.ContainsAny(line, "\r\n") {
			t.Errorf("line %q", line)
		}
	}
	h, leaves := read(t, raw)
	if got := headerNames(h); !slices.Equal(got, ours) {
		t.Errorf("headers %v", got)
	}
	for name, want := range map[string]string{
		"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All", "Content-Language": "fi",
		"Message-Id": "<n-1@kunta.example>", "Date": "Fri, 01 Mar 2024 08:00:00 +0000", "To": "<kanaria.person1@example.org>",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got, _ := unfolded(h, "Subject"); got != l.Subject {
		t.Errorf("Subject %q", got)
	}
	from, err := h.AddressList("From")
	if err != nil || len(from) != 1 || from[0].Name != "Työllisyyspalvelut, Kunta" || from[0].Address != "No-Reply@kunta.example" {
		t.Errorf("From %v, %v", from, err)
	}
	want := []leaf{
		{"text/plain", "", "", crlf(l.Text)}, {"text/html", "", "", crlf(l.HTML)},
		{"text/calendar", "REQUEST", "", string(l.Calendar)}, {"application/ics", "", "invite.ics", string(l.Calendar)},
	}
	if !slices.Equal(leaves, want) {
		t.Errorf("parts %q", leaves)
	}
}

func TestLetterThatCannotBeSentIsRefusedByField(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Letter)
		field  string
	}{
		"CR LF in the subject":        {func(l *Letter) { l.Subject = "kanaria\r\nBcc: a@example.org" }, "subject"},
		"lone LF":                     {func(l *Letter) { l.Subject = "kanaria\nx" }, "subject"},
		"NUL in the subject":          {func(l *Letter) { l.Subject = "kanaria\x00" }, "subject"},
		"next line":                   {func(l *Letter) { l.Subject = "kanaria\u0085x" }, "subject"},
		"line separator":              {func(l *Letter) { l.Subject = "kanaria\u2028x" }, "subject"},
		"right-to-left override":      {func(l *Letter) { l.Subject = "kanaria\u202ex" }, "subject"},
		"isolate":                     {func(l *Letter) { l.Subject = "kanaria\u2066x" }, "subject"},
		"encoded word":                {func(l *Letter) { l.Subject = "kanaria =?utf-8?q?=0D=0A?=" }, "subject"},
		"broken UTF-8":                {func(l *Letter) { l.Subject = "kanaria\xff" }, "subject"},
		"empty subject":               {func(l *Letter) { l.Subject = " " }, "subject"},
		"1 MB subject":                {func(l *Letter) { l.Subject = strings.Repeat("kanaria", 1<<18) }, "subject"},
		"two recipients":              {func(l *Letter) { l.To = "kanaria@example.org, b@example.org" }, "to"},
		"recipient with a name":       {func(l *Letter) { l.To = "Kanaria <kanaria@example.org>" }, "to"},
		"no recipient":                {func(l *Letter) { l.To = "" }, "to"},
		"CR LF in the name":           {func(l *Letter) { l.From = "kanaria\r\nBcc: x <a@example.org>" }, "from"},
		"two senders":                 {func(l *Letter) { l.From = "A <a@example.org>, Kanaria <b@example.org>" }, "from"},
		"sender without its bracket":  {func(l *Letter) { l.From = "kanaria <a@example.org" }, "from"},
		"quote in the name":           {func(l *Letter) { l.From = `can"ary <a@example.org>` }, "from"},
		"message id with a bracket":   {func(l *Letter) { l.MessageID = "kanaria@example.org> <x@y" }, "message_id"},
		"message id with CR LF":       {func(l *Letter) { l.MessageID = "kanaria@example.org\r\nBcc: x" }, "message_id"},
		"message id not in ASCII":     {func(l *Letter) { l.MessageID = "kanaria@ä.example" }, "message_id"},
		"no message id":               {func(l *Letter) { l.MessageID = "" }, "message_id"},
		"no date":                     {func(l *Letter) { l.Date = time.Time{} }, "date"},
		"language with CR LF":         {func(l *Letter) { l.Language = "fi\r\nX: kanaria" }, "language"},
		"no text":                     {func(l *Letter) { l.Text = "" }, "text"},
		"NUL in the text":             {func(l *Letter) { l.Text = "kanaria\x00" }, "text"},
		"broken UTF-8 in the HTML":    {func(l *Letter) { l.HTML = "kanaria\xc3" }, "html"},
		"calendar without its method": {func(l *Letter) { l.Calendar = []byte("kanaria") }, "method"},
		"method with a parameter":     {func(l *Letter) { l.Calendar, l.Method = []byte("x"), "REQUEST; kanaria=x" }, "method"},
		"broken UTF-8 in the calendar": {func(l *Letter) { l.Calendar, l.Method = []byte("kanaria\xff"), "CANCEL" },
			"calendar"},
	} {
		l := letter(1)
		test.change(&l)
		_, err := Compose(l)
		var refused *refusal
		if !errors.As(err, &refused) || refused.field != test.field {
			t.Errorf("%s: %v, want a refusal of %s", name, err, test.field)
			continue
		}
		if strings.Contains(err.Error(), "kanaria") {
			t.Errorf("%s: the error repeats the letter: %v", name, err)
		}
		r := New(Config{Host: "192.0.2.1", Port: "25"})
		if o := r.Send(t.Context(), l); said(o) != "failed compose "+test.field+" 0" {
			t.Errorf("%s: %s", name, said(o))
		}
	}
}

func TestASenderThatNoLetterCanHaveIsRefusedBeforehand(t *testing.T) {
	for from, well := range map[string]bool{
		"no-reply@kunta.example": true, "Kunta <no-reply@kunta.example>": true, `"Työ, Kunta" <no-reply@kunta.example>`: true, "Työllisyyspalvelut <no-reply@työ.example>": true,
		"": false, "kanaria": false, "Kunta <kanaria@kunta>": false, "A <kanaria@kunta.example>, B <b@kunta.example>": false, "Työ, kunta <kanaria@kunta.example>": false,
		"Kunta <kanaria@[192.0.2.1]>": false, "Kunta (kanaria) <no-reply@kunta.example": false, "Kunta\r\nBcc: kanaria <no-reply@kunta.example>": false, `"kanaria x"@kunta.example`: false,
	} {
		err := CheckFrom(from)
		if (err == nil) != well || err != nil && strings.Contains(err.Error(), "kanaria") {
			t.Errorf("%q: %v", from, err)
		}
	}
}

func TestSpacesDoNotFoldIntoAnEmptyLine(t *testing.T) {
	l := letter(1)
	l.Subject = "a" + strings.Repeat(" ", 200) + "Bcc: x@example.org"
	raw, err := Compose(l)
	if err != nil {
		t.Fatal(err)
	}
	h, _ := read(t, raw)
	if got := h.Get("Subject"); got != "a Bcc: x@example.org" || !slices.Equal(headerNames(h), ours) {
		t.Errorf("%q %v", got, headerNames(h))
	}
}

// FuzzCompose holds: whatever the fields are, the message has our headers once each and no other, goes to
// one recipient, and says what the letter says.
func FuzzCompose(f *testing.F) {
	f.Add("Muistutus", "Hei\n.\r\nBcc: a@example.org\r\n\r\n", "<p>Hei</p>", "Kunta", "a@example.org", "fi-selko", "BEGIN:VCALENDAR")
	f.Add("=?utf-8?q?a?= b", "--boundary\r\n", "=3D\r", `"A, B"`, "a@ö.example", "fi", "")
	f.Add("ä \u00a0 ö  x", "\r", "\n\n", "A \t B", "x+y@b.example", "sv", "\r\n.\r\n")
	f.Add("x", "\r\r\x03\n", "\rä\n", "x", "a@b.c", "en", "\rä\n")
	f.Add("A", "0", "", "Kunta", "a@b.c", "en", "")
	f.Add(strings.Repeat("ä ", 127), " ", "", strings.Repeat("n ", 100), "a@b.c", "en", "ä")
	f.Fuzz(func(t *testing.T, subject, text, html, name, to, language, calendar string) {
		l := letter(1)
		l.Subject, l.Text, l.HTML, l.To, l.Language, l.Calendar, l.Method = subject, text, html, to, language, []byte(calendar), "CANCEL"
		l.From = name + " <no-reply@kunta.example>"
		raw, err := Compose(l)
		if err != nil {
			return
		}
		if strings.ContainsAny(strings.ReplaceAll(string(raw), "\r\n", ""), "\r\n") {
			t.Fatalf("a lone CR or LF in %q", raw)
		}
		h, leaves := read(t, raw)
		headers := slices.Clone(ours)
		if html == "" && calendar == "" { // one part alone says its encoding at the top
			headers = slices.Insert(headers, 2, "Content-Transfer-Encoding")
		}
		if got := headerNames(h); !slices.Equal(got, headers) {
			t.Fatalf("headers %v", got)
		}
		normal, _ := address.Normal(to)
		if got, err := h.AddressList("To"); err != nil || len(got) != 1 || got[0].Address != normal {
			t.Fatalf("To %v, %v", got, err)
		}
		if got, err := h.AddressList("From"); err != nil || len(got) != 1 || got[0].Address != "no-reply@kunta.example" {
			t.Fatalf("From %v, %v", got, err)
		}
		if got, err := unfolded(h, "Subject"); err != nil || got != oneSpaced(subject) {
			t.Fatalf("Subject %q, %v, want %q", got, err, oneSpaced(subject))
		}
		want := []leaf{{"text/plain", "", "", crlf(text)}}
		if html != "" {
			want = append(want, leaf{"text/html", "", "", crlf(html)})
		}
		if calendar != "" {
			want = append(want, leaf{"text/calendar", "CANCEL", "", crlf(calendar)}, leaf{"application/ics", "", "invite.ics", calendar})
		}
		if !slices.Equal(leaves, want) {
			t.Fatalf("parts %q, want %q", leaves, want)
		}
	})
}
