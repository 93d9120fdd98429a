package policy

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"
)

//go:embed default.yaml
var defaultFile []byte

// DefaultFile is the text of the embedded policy.
func DefaultFile() []byte { return slices.Clone(defaultFile) }

// Default gives the embedded policy, which has no faults.
func Default() *Policy {
	p, _ := Parse(defaultFile)
	return p
}

// Parse reads a policy file. It gives either a policy, or faults in the order of their lines.
func Parse(text []byte) (*Policy, []Fault) {
	if f, found := unprintable(text); found {
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
	p := &Policy{}
	f.read(f.root, reflect.ValueOf(p).Elem())
	if !f.unread {
		p.validate(f)
	}
	if len(f.list) > 0 {
		slices.SortStableFunc(f.list, func(a, b Fault) int { return cmp.Compare(a.Line, b.Line) })
		return nil, f.list
	}
	return p, nil
}

// unprintable finds the first character that is not text. Faults quote the file, and must not send control characters
// to a terminal.
func unprintable(text []byte) (Fault, bool) {
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

func syntaxFault(err error) Fault {
	var y yaml.Error
	if errors.As(err, &y) && y.GetToken() != nil {
		p := y.GetToken().Position
		return Fault{p.Line, p.Column, y.GetMessage()}
	}
	return Fault{1, 1, strings.SplitN(err.Error(), "\n", 2)[0]}
}

// location loads the zone by name.
func location(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("a zone such as Europe/Helsinki is needed")
	}
	return time.LoadLocation(name)
}
