package policy

import (
	_ "embed"
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"sort"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

//go:embed default.yaml
var defaultFile []byte

// DefaultFile is the text of the embedded policy.
func DefaultFile() []byte { return append([]byte(nil), defaultFile...) }

// Default gives the embedded policy.
func Default() *Policy {
	p, faults := Parse(defaultFile)
	if len(faults) > 0 {
		panic("the embedded policy is faulty: " + faults[0].String())
	}
	return p
}

// Fault is something wrong with a policy file, at a line and column counted from 1.
type Fault struct {
	Line   int    `json:"line"`
	Column int    `json:"column"`
	What   string `json:"what"`
}

func (f Fault) String() string { return fmt.Sprintf("%d:%d: %s", f.Line, f.Column, f.What) }

// Parse reads a policy file; with faults, in the order of their lines, there is no policy.
func Parse(text []byte) (*Policy, []Fault) {
	if f, odd := oddByte(text); odd {
		return nil, []Fault{f}
	}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, []Fault{syntaxFault(err)}
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return nil, []Fault{{1, 1, "the file is empty"}}
	}
	if len(file.Docs) > 1 {
		return nil, []Fault{{1, 1, "the file holds more than one document"}}
	}
	f := &faults{root: file.Docs[0].Body}
	f.shape(f.root, reflect.TypeFor[Policy]())
	p := &Policy{}
	if err := decode(f.root, p); err != nil {
		if len(f.list) == 0 {
			f.list = append(f.list, syntaxFault(err))
		}
	} else {
		p.settle(f)
	}
	if len(f.list) > 0 {
		sort.SliceStable(f.list, func(i, j int) bool { return f.list[i].Line < f.list[j].Line })
		return nil, f.list
	}
	return p, nil
}

// oddByte finds the first character that no text holds: faults repeat what stands in a file, and must not bring a terminal into disorder.
func oddByte(text []byte) (Fault, bool) {
	at := Fault{1, 0, "this is no text: a policy is written in YAML, in UTF-8"}
	for i, width := 0, 0; i < len(text); i += width {
		var r rune
		r, width = utf8.DecodeRune(text[i:])
		at.Column++
		switch {
		case r == '\n':
			at.Line, at.Column = at.Line+1, 0
		case r == utf8.RuneError && width == 1, r != '\t' && r != '\r' && !unicode.IsGraphic(r) && r != '\ufeff':
			return at, true
		}
	}
	return Fault{}, false
}

// JSON gives the text of a policy file as JSON.
func JSON(text []byte) ([]byte, error) { return yaml.YAMLToJSON(text) }

// decode fills p from a file; on some values with a tag the library panics instead of saying what is wrong.
func decode(root ast.Node, p *Policy) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the file cannot be read: leave out tags (words that begin with !)")
		}
	}()
	return yaml.NodeToValue(root, p)
}

func syntaxFault(err error) Fault {
	var y yaml.Error
	if ok := asYAML(err, &y); ok && y.GetToken() != nil {
		p := y.GetToken().Position
		return Fault{p.Line, p.Column, y.GetMessage()}
	}
	return Fault{1, 1, strings.SplitN(err.Error(), "\n", 2)[0]}
}

func asYAML(err error, target *yaml.Error) bool {
	for err != nil {
		if y, ok := err.(yaml.Error); ok {
			*target = y
			return true
		}
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			return false
		}
		err = u.Unwrap()
	}
	return false
}

// faults collects what is wrong, placed by the path of the value.
type faults struct {
	root ast.Node
	list []Fault
}

// at tells a fault about the value at a path such as "eras[1].from"; a path that is not there is told where its parent stands.
func (f *faults) at(path, format string, args ...any) {
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

// shape tells every key that no field of the type has, every key that stands twice, every value of the wrong kind, and every day or time that is none.
func (f *faults) shape(n ast.Node, t reflect.Type) {
	if text, ok := reflect.New(t).Interface().(encoding.TextUnmarshaler); ok {
		token := n.GetToken()
		if err := text.UnmarshalText([]byte(token.Value)); err != nil {
			f.list = append(f.list, Fault{token.Position.Line, token.Position.Column, err.Error()})
		}
		return
	}
	if want := kindOf(t); want != "" && isScalar(n) && !fits(n, t) {
		token := n.GetToken()
		f.list = append(f.list, Fault{token.Position.Line, token.Position.Column, fmt.Sprintf("%q stands where %s is needed", token.Value, want)})
		return
	}
	if t.Kind() == reflect.Slice {
		if seq, ok := n.(*ast.SequenceNode); ok {
			for _, v := range seq.Values {
				f.shape(v, t.Elem())
			}
		}
		return
	}
	seen := map[string]bool{}
	for _, pair := range pairs(n) {
		key := pair.Key.GetToken()
		if seen[key.Value] {
			f.list = append(f.list, Fault{key.Position.Line, key.Position.Column, fmt.Sprintf("key %q stands twice", key.Value)})
		}
		seen[key.Value] = true
		switch t.Kind() {
		case reflect.Map:
			f.shape(pair.Value, t.Elem())
		case reflect.Struct:
			if field, ok := fieldOf(t, key.Value); ok {
				f.shape(pair.Value, field.Type)
			} else {
				f.list = append(f.list, Fault{key.Position.Line, key.Position.Column, fmt.Sprintf("unknown key %q", key.Value)})
			}
		}
	}
}

// kindOf says in words what a type takes; "" for what takes any word.
func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Int:
		return "a whole number"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "a group of keys"
	}
	return ""
}

func isScalar(n ast.Node) bool {
	switch n.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return true
	}
	return false
}

// fits says whether a scalar is of a type's kind.
func fits(n ast.Node, t reflect.Type) bool {
	switch n.(type) {
	case *ast.IntegerNode:
		return t.Kind() == reflect.Int
	case *ast.BoolNode:
		return t.Kind() == reflect.Bool
	}
	return false
}

func pairs(n ast.Node) []*ast.MappingValueNode {
	switch m := n.(type) {
	case *ast.MappingNode:
		return m.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{m}
	}
	return nil
}

func fieldOf(t reflect.Type, key string) (reflect.StructField, bool) {
	for i := range t.NumField() {
		if f := t.Field(i); f.Tag.Get("yaml") == key && key != "-" {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// location loads the zone by name.
func location(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("a zone such as Europe/Helsinki is needed")
	}
	return time.LoadLocation(name)
}
