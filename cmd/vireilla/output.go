package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"golang.org/x/term"
)

func (env *environment) json(v any) error {
	e := json.NewEncoder(env.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// table writes aligned columns.
type table struct{ w *tabwriter.Writer }

func (env *environment) table(columns ...string) *table {
	t := &table{tabwriter.NewWriter(env.out, 0, 0, 2, ' ', 0)}
	for i := range columns {
		columns[i] = strings.ToUpper(columns[i])
	}
	t.row(columns...)
	return t
}

func (t *table) row(cells ...string) { fmt.Fprintln(t.w, strings.Join(cells, "\t")) }

func (t *table) flush() error { return t.w.Flush() }

// progress draws a bar on a terminal; to a file or a pipe it writes nothing.
type progress struct {
	to   io.Writer
	last int
}

func (env *environment) progress() *progress {
	if !isTerminal(env.out) || !isTerminal(env.err) {
		return &progress{}
	}
	return &progress{to: env.err}
}

// isTerminal says whether a person reads what is written.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func (p *progress) show(what string, done, total int64) {
	if p.to == nil || total == 0 {
		return
	}
	const width = 30
	if n := int(done * width / total); n != p.last || done == total {
		p.last = n
		bar := strings.Repeat("=", n) + strings.Repeat(" ", width-n)
		fmt.Fprintf(p.to, "\r\033[K%-18s [%s] %3d %%", what, bar, done*100/total)
	}
}

func (p *progress) end() {
	if p.to != nil {
		fmt.Fprint(p.to, "\r\033[K")
	}
}
