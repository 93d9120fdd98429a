package mailer

import (
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	gomessage "github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"
)

// leaf is one part of a message as a reader sees it.
type leaf struct{ kind, method, file, body string }

// read takes a message apart with another library than the one that wrote it.
func read(t *testing.T, raw []byte) (mail.Header, []leaf) {
	t.Helper()
	entity, err := gomessage.Read(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatalf("not a message: %v\n%s", err, raw)
	}
	var leaves []leaf
	err = entity.Walk(func(_ []int, e *gomessage.Entity, err error) error {
		if err != nil || e.MultipartReader() != nil {
			return err
		}
		kind, params, err := e.Header.ContentType()
		if err != nil {
			return err
		}
		_, disposition, _ := e.Header.ContentDisposition()
		body, err := io.ReadAll(e.Body)
		leaves = append(leaves, leaf{kind, params["method"], disposition["filename"], string(body)})
		return err
	})
	if err != nil {
		t.Fatalf("parts: %v\n%s", err, raw)
	}
	return mail.Header{Header: entity.Header}, leaves
}

func headerNames(h mail.Header) []string {
	names := map[string]int{}
	for fields := h.Fields(); fields.Next(); {
		names[fields.Key()]++
		if names[fields.Key()] > 1 {
			names[fields.Key()+" again"]++
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
		"Message-Id": "<n-1@kunta.example>", "Date": "Fri, 01 Mar 2024 08:00:00 +0000", "To": "<person1@example.org>",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got, _ := h.Subject(); got != l.Subject {
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
		"CR LF in the subject":        {func(l *Letter) { l.Subject = "canary\r\nBcc: a@example.org" }, "subject"},
		"lone LF":                     {func(l *Letter) { l.Subject = "canary\nx" }, "subject"},
		"NUL in the subject":          {func(l *Letter) { l.Subject = "canary\x00" }, "subject"},
		"next line":                   {func(l *Letter) { l.Subject = "canary\u0085x" }, "subject"},
		"line separator":              {func(l *Letter) { l.Subject = "canary\u2028x" }, "subject"},
		"right-to-left override":      {func(l *Letter) { l.Subject = "canary\u202ex" }, "subject"},
		"isolate":                     {func(l *Letter) { l.Subject = "canary\u2066x" }, "subject"},
		"encoded word":                {func(l *Letter) { l.Subject = "canary =?utf-8?q?=0D=0A?=" }, "subject"},
		"broken UTF-8":                {func(l *Letter) { l.Subject = "canary\xff" }, "subject"},
		"empty subject":               {func(l *Letter) { l.Subject = " " }, "subject"},
		"1 MB subject":                {func(l *Letter) { l.Subject = strings.Repeat("canary", 1<<18) }, "subject"},
		"two recipients":              {func(l *Letter) { l.To = "canary@example.org, b@example.org" }, "to"},
		"recipient with a name":       {func(l *Letter) { l.To = "Canary <canary@example.org>" }, "to"},
		"no recipient":                {func(l *Letter) { l.To = "" }, "to"},
		"CR LF in the name":           {func(l *Letter) { l.From = "canary\r\nBcc: x <a@example.org>" }, "from"},
		"two senders":                 {func(l *Letter) { l.From = "A <a@example.org>, Canary <b@example.org>" }, "from"},
		"sender without its bracket":  {func(l *Letter) { l.From = "canary <a@example.org" }, "from"},
		"quote in the name":           {func(l *Letter) { l.From = `can"ary <a@example.org>` }, "from"},
		"message id with a bracket":   {func(l *Letter) { l.MessageID = "canary@example.org> <x@y" }, "message_id"},
		"message id with CR LF":       {func(l *Letter) { l.MessageID = "canary@example.org\r\nBcc: x" }, "message_id"},
		"message id not in ASCII":     {func(l *Letter) { l.MessageID = "canary@ä.example" }, "message_id"},
		"no message id":               {func(l *Letter) { l.MessageID = "" }, "message_id"},
		"no date":                     {func(l *Letter) { l.Date = time.Time{} }, "date"},
		"language with CR LF":         {func(l *Letter) { l.Language = "fi\r\nX: canary" }, "language"},
		"no text":                     {func(l *Letter) { l.Text = "" }, "text"},
		"NUL in the text":             {func(l *Letter) { l.Text = "canary\x00" }, "text"},
		"broken UTF-8 in the HTML":    {func(l *Letter) { l.HTML = "canary\xc3" }, "html"},
		"calendar without its method": {func(l *Letter) { l.Calendar = []byte("canary") }, "method"},
		"method with a parameter":     {func(l *Letter) { l.Calendar, l.Method = []byte("x"), "REQUEST; canary=x" }, "method"},
		"broken UTF-8 in the calendar": {func(l *Letter) { l.Calendar, l.Method = []byte("canary\xff"), "CANCEL" },
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
		if strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: the error repeats the letter: %v", name, err)
		}
		r := New(Config{Host: "192.0.2.1", Port: "25"})
		if o := r.Send(t.Context(), l); said(o) != "failed compose "+test.field+" 0" {
			t.Errorf("%s: %s", name, said(o))
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
		if got := headerNames(h); !slices.Equal(got, ours) {
			t.Fatalf("headers %v", got)
		}
		normal, _ := NormalAddress(to)
		if got, err := h.AddressList("To"); err != nil || len(got) != 1 || got[0].Address != normal {
			t.Fatalf("To %v, %v", got, err)
		}
		if got, err := h.AddressList("From"); err != nil || len(got) != 1 || got[0].Address != "no-reply@kunta.example" {
			t.Fatalf("From %v, %v", got, err)
		}
		if got, err := h.Subject(); err != nil || got != oneSpaced(subject) {
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
