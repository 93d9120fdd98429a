package web

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Mail is a letter that arrived in the demo's inbox, with its alternative parts.
type Mail struct {
	Number int    // counts from 1 in the order of arrival
	To     string // of the envelope
	From   string

	Subject, Language string
	MessageID         string
	Date              time.Time
	Text, HTML        string
	Calendar          []byte      // the invitation (RFC 5545), nil without one
	Headers           [][2]string // name and value
}

// Inbox is the demo's mailbox.
type Inbox interface {
	// Mails lists all letters, the newest first; their parts may be missing.
	Mails() []Mail
	// Mail returns a letter with its parts.
	Mail(n int) (Mail, bool)
}

// maxListed is how many letters the inbox lists.
const maxListed = 500

// inbox is the page with the list of mail, and the values of its form.
type inbox struct {
	Query, Language string
	Languages       []language // of the letters that match the query
	Mails           []Mail
	Found, All      int
}

// language is a language and the number of matching letters in it.
type language struct {
	Tag string
	N   int
}

func (p *Pages) inbox(r *http.Request) (page, error) {
	q := r.URL.Query()
	in := inbox{Query: strings.TrimSpace(q.Get("q")), Language: q.Get("language")}
	all := p.Inbox.Mails()
	in.All = len(all)
	count := map[string]int{}
	for _, m := range all {
		if !matches(m, in.Query) {
			continue
		}
		count[m.Language]++
		if in.Language == "" || in.Language == m.Language {
			in.Mails = append(in.Mails, m)
		}
	}
	for tag, n := range count {
		in.Languages = append(in.Languages, language{tag, n})
	}
	slices.SortFunc(in.Languages, func(a, b language) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Tag, b.Tag))
	})
	in.Found = len(in.Mails)
	in.Mails = in.Mails[:min(maxListed, len(in.Mails))]
	return page{"inbox.html", "Inbox", in}, nil
}

// matches reports whether the subject or the recipient contains the query, in any case.
func matches(m Mail, query string) bool {
	return strings.Contains(strings.ToLower(m.Subject+"\n"+m.To), strings.ToLower(query))
}

// oneMail is the page with one letter.
type oneMail struct {
	Mail
	Phone        bool // shown as wide as a phone
	Newer, Older int  // numbers of the next and the previous letter, 0 without one
}

var noMail = refusal{http.StatusNotFound, "No such letter", "There is no letter with that number in the inbox."}

func (p *Pages) mail(r *http.Request) (page, error) {
	m, ok := p.findMail(r)
	if !ok {
		return page{}, noMail
	}
	read := oneMail{Mail: m, Phone: r.URL.Query().Get("width") == "phone", Older: m.Number - 1}
	if _, ok := p.Inbox.Mail(m.Number + 1); ok {
		read.Newer = m.Number + 1
	}
	return page{"mail.html", cmp.Or(m.Subject, "Letter "+strconv.Itoa(m.Number)), read}, nil
}

func (p *Pages) findMail(r *http.Request) (Mail, bool) {
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil {
		return Mail{}, false
	}
	return p.Inbox.Mail(n)
}

// mailPolicy allows a letter only its own styles: no script, form, picture or link, even when it is opened outside the
// frame.
const mailPolicy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; " +
	"frame-ancestors 'self'; sandbox"

// mailHTML serves the HTML part unchanged, for the frame on the letter's page.
func (p *Pages) mailHTML(w http.ResponseWriter, r *http.Request) {
	m, ok := p.findMail(r)
	if !ok || m.HTML == "" {
		http.Error(w, noMail.Say, noMail.Status)
		return
	}
	w.Header().Set("Content-Security-Policy", mailPolicy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(m.HTML))
}

func (p *Pages) invite(w http.ResponseWriter, r *http.Request) {
	m, ok := p.findMail(r)
	if !ok || m.Calendar == nil {
		http.Error(w, "There is no invitation in this letter.", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="invite.ics"`)
	_, _ = w.Write(m.Calendar)
}
