package web

import (
	"html/template"
	"net/http"
	"strings"
	"time"
)

// templates are the templates of the pages by file name, each with the layout around it.
type templates map[string]*template.Template

func (p *Pages) parse() templates {
	functions := template.FuncMap{"number": number, "moment": p.moment, "words": words, "because": Because, "span": span,
		"count": count, "lang": lang}
	all := templates{}
	for _, name := range []string{"status.html", "letters.html", "letter.html", "confirm.html", "inbox.html",
		"mail.html", "refusal.html"} {
		all[name] = template.Must(template.New(name).Funcs(functions).ParseFS(files, "pages/layout.html", "pages/"+name))
	}
	return all
}

// layout is the data of layout.html, the frame of every page.
type layout struct {
	Title         string
	Path          string
	Inbox, Queues bool
	Now           time.Time
	Zone, Version string
	Done          string // the result of the action that led to this page; "" for none
	Data          any
}

func (p *Pages) layout(r *http.Request, found page) layout {
	return layout{Title: found.Title, Path: r.URL.Path, Inbox: p.Inbox != nil, Queues: p.Queues, Now: p.Clock(),
		Zone: p.Policy.Location.String(), Version: p.Policy.Version,
		Done: doneText(r.URL.Query().Get("done")), Data: found.Data}
}

// Here reports whether the page belongs to a section of the site, for the navigation.
func (l layout) Here(section string) bool {
	return l.Path == section || section != "/" && strings.HasPrefix(l.Path, section+"/")
}
