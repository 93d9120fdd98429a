package workers

import (
	"bytes"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"

	addresses "vireilla/internal/address"
	"vireilla/internal/caseload"
	"vireilla/internal/mailer"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
)

// parsed is a letter as a mail program reads it.
type parsed struct {
	headers    []string
	to         []*mail.Address
	text, html string
}

func parse(t *testing.T, raw []byte) (p parsed) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	p.headers = slices.Sorted(maps.Keys(m.Header))
	for name, values := range m.Header {
		if len(values) != 1 {
			t.Fatalf("%d headers %s", len(values), name)
		}
	}
	if p.to, err = m.Header.AddressList("To"); err != nil {
		t.Fatal(err)
	}
	p.read(t, m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)
	return p
}

func (p *parsed) read(t *testing.T, contentType, encoding string, body io.Reader) {
	t.Helper()
	kind, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(kind, "multipart/") {
		if strings.EqualFold(encoding, "quoted-printable") {
			body = quotedprintable.NewReader(body)
		}
		text, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		switch kind {
		case "text/plain":
			p.text += string(text)
		case "text/html":
			p.html += string(text)
		}
		return
	}
	for parts := multipart.NewReader(body, parameters["boundary"]); ; {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		p.read(t, part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part)
	}
}

// FuzzLetter holds: whatever the register says of a person and a booking, the letter has the headers and the tags of
// any other, one recipient, and no link but the e-service's; or it is not written.
func FuzzLetter(f *testing.F) {
	for _, seed := range []string{"Aino", "x\r\nBcc: kanaria@example.org", "<a href=\"https://evil.example\">x</a>", "\u202eevil", "=cmd|' /C calc'!A0", "\xff\x00", "END:VEVENT\r\nBEGIN:VALARM",
		"{{.Place}}", "=?utf-8?q?=0D=0ABcc:_x?=", "//evil.example", "kanaria@example.org", strings.Repeat("ä", 5000)} {
		f.Add(seed, "kanaria@example.org", "fi", 1)
		f.Add("Aino", seed, seed, 2)
	}
	set, err := letters()
	if err != nil {
		f.Fatal(err)
	}
	p := policy.Default()
	d := &Deliver{Policy: p, Letters: set, From: "Lahden kaupunki <" + sender + ">"}
	now := local("2024-03-06 08:00")
	compose := func(words, address, language string, tier string) ([]byte, error) {
		booking := &notice.Booking{
			Appointment: caseload.Appointment{ID: "A-1", SeekerID: "S-1", CoachID: "C-1", Kind: "x" + words, Mode: "office", Place: "x" + words, State: caseload.Booked, StartsAt: now.AddDate(0, 0, 14), BookedAt: now, Minutes: 45},
			Seeker:      caseload.Seeker{ID: "S-1", FirstName: "x" + words, Email: address, EmailTier: tier, Language: language, Municipality: "Lahti", CoachID: "C-1", Status: caseload.Unemployed},
		}
		recheck := &notice.Recheck{Booking: booking, Address: address, Authority: p.AuthorityOf("Lahti", p.Days.LastOpen(19790)),
			Staff: &notice.Staff{Coaches: map[string]caseload.Coach{"C-1": {ID: "C-1", Name: "x" + words}}}}
		c := &notice.Claimed{Notice: notice.Notice{Key: "appointment_booked/A-1", Letter: notice.AppointmentBooked, To: "S-1", Role: notice.ToSeeker, Language: "fi", Start: booking.StartsAt}, Dated: now}
		m, err := d.compose(c, recheck, nil, now)
		if err != nil {
			return nil, err
		}
		return mailer.Compose(mailer.Letter(m))
	}
	if _, err := compose("plain", "a@example.org", "fi", "consented"); err != nil {
		f.Fatal(err)
	}
	tags, link := regexp.MustCompile(`<[^>]*>`), regexp.MustCompile(`\S*(://|@[\pL\d])\S*`)
	f.Fuzz(func(t *testing.T, words, address, language string, tier int) {
		tiers := []string{"neutral", "consented", "secure"}
		if tier < 0 || tier >= len(tiers) {
			return
		}
		raw, err := compose(words, address, language, tiers[tier])
		if err != nil {
			return
		}
		got := parse(t, raw)
		normal, err := addresses.Normal(address)
		if err != nil || len(got.to) != 1 || got.to[0].Address != normal || got.to[0].Name != "" {
			t.Fatalf("to %v, %v", got.to, err)
		}
		plain, err := compose("plain", "a@example.org", language, tiers[tier])
		if err != nil {
			t.Fatal(err)
		}
		want := parse(t, plain)
		if !slices.Equal(got.headers, want.headers) {
			t.Fatalf("headers %v, want %v", got.headers, want.headers)
		}
		if !slices.Equal(tags.FindAllString(got.html, -1), tags.FindAllString(want.html, -1)) {
			t.Fatalf("%q changes the tags:\n%s", words, got.html)
		}
		for _, found := range link.FindAllString(got.text, -1) {
			if !strings.HasPrefix(strings.TrimLeft(found, "(<"), "https://") || !strings.Contains(want.text, found) {
				t.Fatalf("%q leaves the link %q", words, found)
			}
		}
	})
}
