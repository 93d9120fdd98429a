package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func letter(n int, subject, to, language string) Mail {
	return Mail{Subject: subject, To: to, From: "Lahti <no-reply@lahti.example.org>", Language: language,
		Date: time.Date(2024, time.March, 4, 5, 30, n, 0, time.UTC), Text: "Hei!", HTML: "<p>Hei!</p>"}
}

func threeMails() []Mail {
	return []Mail{letter(1, "Ajanvarausmuistutus", "kanaria.maija@example.org", "fi"), letter(2, "Påminnelse", "kanaria.sven@example.org", "sv"),
		letter(3, "Äidinkieli", "kanaria.liisa@example.org", "fi")}
}

func TestTheInboxListsTheNewestFirst(t *testing.T) {
	body := get(t, pages(&fakeFacts{}, threeMails()...), "/inbox")
	expect(t, body, "3 of 3 letters", `<option value="fi">fi (2)</option>`, `<a href="/inbox/2" lang="sv">Påminnelse</a>`, "kanaria.sven@example.org",
		">Mon 2024-03-04 at 7:30</time>")
	if strings.Index(body, "/inbox/3") > strings.Index(body, "/inbox/1") {
		t.Error("the oldest comes first")
	}
}

func TestTheInboxIsNarrowedBySubjectRecipientAndLanguage(t *testing.T) {
	p := pages(&fakeFacts{}, threeMails()...)
	for query, want := range map[string]string{
		"?q=SVEN":             "1 of 3 letters",
		"?q=%C3%A4IDIN":       "1 of 3 letters",
		"?language=fi":        "2 of 3 letters",
		"?q=sven&language=fi": `No letter matches. <a href="/inbox">Show all 3</a>`,
		"?q=+example+":        "3 of 3 letters",
	} {
		expect(t, get(t, p, "/inbox"+query), want)
	}
	expect(t, get(t, p, "/inbox?q=%22%3E%3Cb%3E"), `value="&#34;&gt;&lt;b&gt;"`)
	expect(t, get(t, pages(&fakeFacts{}, []Mail{}...), "/inbox"), "No letter has arrived yet")
}

func TestALongInboxEndsAndSaysSo(t *testing.T) {
	var mails []Mail
	for i := range maxListed + 1 {
		mails = append(mails, letter(0, fmt.Sprint("letter ", i), "a@example.org", "fi"))
	}
	expect(t, get(t, pages(&fakeFacts{}, mails...), "/inbox"), "501 of 501 letters", "the list ends after 500")
}

func TestALetterIsShownWithItsPartsAndNeighbours(t *testing.T) {
	mails := threeMails()
	mails[1].Calendar = []byte("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
	mails[1].Headers = [][2]string{{"Auto-Submitted", "auto-generated"}}
	p := pages(&fakeFacts{}, mails...)
	body := get(t, p, "/inbox/2")
	expect(t, body, `<h1 lang="sv">Påminnelse</h1>`, `sandbox=""`, `src="/inbox/2/html"`, `lang="sv" dir="auto"`, "Hei!", `href="/inbox/2/invite.ics"`,
		`<th scope="row">Auto-Submitted</th><td>auto-generated</td>`, `href="/inbox/1" rel="next"`, `href="/inbox/3" rel="prev"`,
		"Lahti &lt;no-reply@lahti.example.org&gt;")
	refuse(t, body, `class="phone"`)
	expect(t, get(t, p, "/inbox/2?width=phone"), `<iframe class="phone"`)
	refuse(t, get(t, p, "/inbox/1"), `rel="next"`, "invite.ics")
	refuse(t, get(t, p, "/inbox/3"), `rel="prev"`)

	answer := ask(t, p, http.MethodGet, "/inbox/2/invite.ics")
	if answer.Body.String() != string(mails[1].Calendar) || answer.Header().Get("Content-Disposition") != `attachment; filename="invite.ics"` ||
		answer.Header().Get("Content-Type") != "text/calendar; charset=utf-8" {
		t.Errorf("the invitation: %q %v", answer.Body, answer.Header())
	}
}

func TestTheHTMLPartIsServedAsItIsWithoutAnyRights(t *testing.T) {
	evil := letter(1, "s", "a@example.org", "fi")
	evil.HTML = `<script>alert(1)</script><img src=http://example.org/pixel>`
	answer := ask(t, pages(&fakeFacts{}, evil), http.MethodGet, "/inbox/1/html")
	if answer.Body.String() != evil.HTML {
		t.Errorf("the letter was changed: %s", answer.Body)
	}
	csp := answer.Header().Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "style-src 'unsafe-inline'", "form-action 'none'", "base-uri 'none'", "frame-ancestors 'self'"} {
		expect(t, csp, want)
	}
	if !strings.HasSuffix(csp, "; sandbox") {
		t.Errorf("opened outside the frame the letter would have rights: %s", csp)
	}
	refuse(t, csp, "img-src", "script-src", "allow-")
}

func TestHostileMailIsOnlyText(t *testing.T) {
	evil := `"><script>alert(1)</script>`
	p := pages(&fakeFacts{}, Mail{To: evil, From: evil, Subject: evil, Language: evil, MessageID: evil, Text: evil, HTML: evil, Headers: [][2]string{{evil, evil}}})
	for _, target := range []string{"/inbox", "/inbox/1", "/inbox?language=%22%3E%3Cscript%3E"} {
		refuse(t, get(t, p, target), "<script")
	}
	expect(t, get(t, p, "/inbox/1"), "&lt;script&gt;alert(1)&lt;/script&gt;")
}

// A letter to a reader without a language of ours is in two of them; a page names the one that it begins in.
func TestALetterInTwoLanguagesIsMarkedAsOneThatExists(t *testing.T) {
	p := pages(&fakeFacts{}, letter(1, "Ajanvarausmuistutus", "kanaria.maija@example.org", "fi, en"), letter(2, "s", "a@example.org", `"fi", ?`))
	expect(t, get(t, p, "/inbox"), `<a href="/inbox/1" lang="fi">Ajanvarausmuistutus</a>`, `<a href="/inbox/2">s</a>`, "fi, en")
	expect(t, get(t, p, "/inbox/1"), `<h1 lang="fi">`, `<pre class="text" lang="fi" dir="auto"`)
	expect(t, get(t, p, "/inbox/2"), `<h1>s</h1>`, `<pre class="text" dir="auto"`)
}

func TestALetterWithNothingInItIsShownToo(t *testing.T) {
	p := pages(&fakeFacts{}, Mail{})
	body := get(t, p, "/inbox/1")
	expect(t, body, "(no subject)", "<title>Letter 1 ")
	refuse(t, body, "<iframe", "<pre")
	expect(t, get(t, p, "/inbox"), "(no subject)")
}
