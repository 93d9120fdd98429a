package web

import (
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// sheets are the templates by file name, each within the layout.
type sheets map[string]*template.Template

func (p *Pages) parse() sheets {
	say := template.FuncMap{"number": number, "moment": p.moment, "words": words, "because": Because, "span": span, "count": count, "lang": lang}
	all := sheets{}
	for _, name := range []string{"status.html", "letters.html", "letter.html", "confirm.html", "inbox.html", "mail.html", "refusal.html"} {
		all[name] = template.Must(template.New(name).Funcs(say).ParseFS(files, "pages/layout.html", "pages/"+name))
	}
	return all
}

// frame is what the layout puts around a page.
type frame struct {
	Title         string
	Path          string
	Inbox, Queues bool
	Now           time.Time
	Zone, Version string
	Done          string // what was just done
	Data          any
}

func (p *Pages) frame(r *http.Request, found page) frame {
	return frame{Title: found.Title, Path: r.URL.Path, Inbox: p.Inbox != nil, Queues: p.Queues, Now: p.Clock(),
		Zone: p.Policy.Location.String(), Version: p.Policy.Version, Done: doneWords(r.URL.Query().Get("done")), Data: found.Data}
}

// Here says whether the page lies in a section of the site, for the navigation.
func (f frame) Here(section string) bool {
	return f.Path == section || section != "/" && strings.HasPrefix(f.Path, section+"/")
}

// moment writes an instant in the town's zone, with its day as days are written everywhere; nothing for the zero time.
func (p *Pages) moment(t time.Time) template.HTML {
	if t.IsZero() {
		return ""
	}
	t = t.In(p.Policy.Location)
	return template.HTML(fmt.Sprintf(`<time datetime="%s">%s at %d:%02d</time>`, t.Format(time.RFC3339), t.Format("Mon 2006-01-02"), t.Hour(), t.Minute()))
}

// number writes 11500 as 11,500.
func number(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// lang is the attribute for a text that begins in the first of some languages (RFC 3282); nothing when that is no language tag.
func lang(languages string) template.HTMLAttr {
	first, _, _ := strings.Cut(languages, ",")
	if first = strings.TrimSpace(first); !languageTag.MatchString(first) {
		return ""
	}
	return template.HTMLAttr(` lang="` + first + `"`)
}

var languageTag = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)
