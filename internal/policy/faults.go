package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"vireilla/internal/calendar"
)

// Fault is something wrong with a policy file, at a line and column counted from 1.
type Fault struct {
	Line   int    `json:"line"`
	Column int    `json:"column"`
	What   string `json:"what"`
}

func (f Fault) String() string { return fmt.Sprintf("%d:%d: %s", f.Line, f.Column, f.What) }

// faults collects what is wrong with a file.
type faults struct {
	root   ast.Node
	list   []Fault
	unread bool // a value could not be read
}

// add reports a fault of the value at a path such as "eras[1].from", or at its parent's place when the value is
// missing.
func (f *faults) add(path, format string, args ...any) {
	line, column := 1, 1
	for rest := path; ; {
		if node := find(f.root, rest); node != nil {
			t := node.GetToken()
			line, column = t.Position.Line, t.Position.Column
			break
		}
		cut := strings.LastIndexAny(rest, ".[")
		if cut < 0 {
			break
		}
		rest = rest[:cut]
	}
	f.list = append(f.list, Fault{line, column, path + ": " + fmt.Sprintf(format, args...)})
}

// addAt reports a fault at a token.
func (f *faults) addAt(t *token.Token, format string, args ...any) {
	f.list = append(f.list, Fault{t.Position.Line, t.Position.Column, fmt.Sprintf(format, args...)})
}

func find(root ast.Node, path string) ast.Node {
	p, err := yaml.PathString("$." + path)
	if err != nil {
		return nil
	}
	node, err := p.FilterNode(root)
	if err != nil {
		return nil
	}
	if m, ok := node.(*ast.MappingNode); ok && len(m.Values) > 0 {
		return m.Values[0].Key
	}
	return node
}

// checkPeriod reports a period that has no start or ends before it starts.
func (f *faults) checkPeriod(path string, from, to calendar.Day) {
	if from == 0 {
		f.add(path+".from", "a day is needed")
	}
	if to != 0 && to < from {
		f.add(path+".to", "%s is before %s", to, from)
	}
}

func (f *faults) oneOf(path string, got, allowed []string) {
	for _, g := range got {
		if !slices.Contains(allowed, g) {
			f.add(path, "%q is not one of %s", g, strings.Join(allowed, ", "))
		}
	}
	if len(got) == 0 {
		f.add(path, "is missing")
	}
}

func (f *faults) atLeast(path string, n, least int) {
	if n < least {
		f.add(path, "must be at least %d", least)
	}
}
