package templates

import (
	"fmt"
	"reflect"
	"strings"
	"text/template/parse"
)

// fieldChecker follows which fields a letter's templates read, branch by branch. Inside `{{if .Consented}}` and
// `{{if .Secure}}` the reader's tier is at least that one.
type fieldChecker struct {
	kind      kind
	lookup    func(name string) *parse.Tree
	inSubject bool
	seen      map[string]bool // template and tier already checked
	faults    []error
}

// fieldFaults returns a fault for every field that a template uses where a reader of the letter may not see it, and for
// every name that is not a field.
func (lt *letterTemplate) fieldFaults(k kind) []error {
	text := func(name string) *parse.Tree {
		if t := lt.text.Lookup(name); t != nil {
			return t.Tree
		}
		return nil
	}
	html := func(name string) *parse.Tree {
		if t := lt.html.Lookup(name); t != nil {
			return t.Tree
		}
		return nil
	}
	var faults []error
	for _, start := range []struct {
		name      string
		lookup    func(string) *parse.Tree
		inSubject bool
	}{
		{"subject", text, true},
		{shown(lt.file(".txt")), text, false},
		{shown(lt.file(".html")), html, false},
	} {
		w := fieldChecker{kind: k, lookup: start.lookup, inSubject: start.inSubject, seen: map[string]bool{}}
		w.template(start.name, k.tiers[0])
		faults = append(faults, w.faults...)
	}
	return faults
}

func (w *fieldChecker) template(name string, tier Tier) {
	key := name + " " + string(tier)
	tree := w.lookup(name)
	if tree == nil || w.seen[key] { // checkSamples reports a missing template
		return
	}
	w.seen[key] = true
	w.list(tree, tree.Root, tier)
}

func (w *fieldChecker) list(tree *parse.Tree, list *parse.ListNode, tier Tier) {
	if list == nil {
		return
	}
	for _, n := range list.Nodes {
		w.node(tree, n, tier)
	}
}

func (w *fieldChecker) node(tree *parse.Tree, n parse.Node, tier Tier) {
	switch n := n.(type) {
	case *parse.IfNode:
		w.branch(tree, &n.BranchNode, tier, w.raised(n.Pipe, tier))
	case *parse.WithNode:
		w.branch(tree, &n.BranchNode, tier, tier)
	case *parse.RangeNode:
		w.branch(tree, &n.BranchNode, tier, tier)
	case *parse.ActionNode:
		w.pipe(tree, n.Pipe, tier)
	case *parse.TemplateNode:
		w.pipe(tree, n.Pipe, tier)
		w.template(n.Name, tier)
	}
}

func (w *fieldChecker) branch(tree *parse.Tree, b *parse.BranchNode, tier, inside Tier) {
	w.pipe(tree, b.Pipe, tier)
	w.list(tree, b.List, inside)
	w.list(tree, b.ElseList, tier)
}

// raised returns the tier that holds inside an if with this condition.
func (w *fieldChecker) raised(p *parse.PipeNode, tier Tier) Tier {
	switch condition := p.String(); {
	case condition == ".Secure" && tier != Staff:
		return Secure
	case condition == ".Consented" && tier == Neutral:
		return Consented
	}
	return tier
}

func (w *fieldChecker) pipe(tree *parse.Tree, p *parse.PipeNode, tier Tier) {
	if p == nil {
		return
	}
	for _, command := range p.Cmds {
		for _, arg := range command.Args {
			switch arg := arg.(type) {
			case *parse.FieldNode:
				w.field(tree, arg, arg.Ident[0], tier)
			case *parse.VariableNode: // $.Field
				if len(arg.Ident) > 1 {
					w.field(tree, arg, arg.Ident[1], tier)
				}
			case *parse.ChainNode: // (pipeline).Field
				w.field(tree, arg, arg.Field[0], tier)
			case *parse.PipeNode:
				w.pipe(tree, arg, tier)
			}
		}
	}
}

func (w *fieldChecker) field(tree *parse.Tree, at parse.Node, name string, tier Tier) {
	if name == "Consented" || name == "Secure" {
		return
	}
	where, _ := tree.ErrorContext(at)
	where = where[:strings.LastIndex(where, ":")] // without the column
	f, ok := fieldOf(w.kind.data, name)
	switch {
	case !ok:
		w.faults = append(w.faults, fmt.Errorf("%s: letter %s has no field %q", where, w.kind.name, name))
	case !tier.may(f.Tag.Get("tier")):
		w.faults = append(w.faults, fmt.Errorf("%s: field %q is not allowed in tier %s", where, name, tier))
	case w.inSubject && f.Tag.Get("subject") == "":
		w.faults = append(w.faults, fmt.Errorf("%s: field %q is not allowed in a subject", where, name))
	}
}

// fieldOf finds a field of the data, of its items, or of the groups of its items.
func fieldOf(data any, name string) (reflect.StructField, bool) {
	places := []any{data}
	if _, ok := reflect.TypeOf(data).FieldByName("Items"); ok {
		places = append(places, Item{}, group{})
	}
	for _, place := range places {
		if f, ok := reflect.TypeOf(place).FieldByName(name); ok {
			return f, true
		}
	}
	return reflect.StructField{}, false
}
