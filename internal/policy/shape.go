package policy

import (
	"encoding"
	"reflect"

	"github.com/goccy/go-yaml/ast"
)

// checkShape reports every key that no field of the type has, every key that stands twice, every value of the wrong
// kind, and every day or time that cannot be read.
func (f *faults) checkShape(n ast.Node, t reflect.Type) {
	if text, ok := reflect.New(t).Interface().(encoding.TextUnmarshaler); ok {
		if err := text.UnmarshalText([]byte(n.GetToken().Value)); err != nil {
			f.addAt(n.GetToken(), "%v", err)
		}
		return
	}
	if want := kindOf(t); want != "" && isScalar(n) && !fits(n, t) {
		f.addAt(n.GetToken(), "%q stands where %s is needed", n.GetToken().Value, want)
		return
	}
	if t.Kind() == reflect.Slice {
		if seq, ok := n.(*ast.SequenceNode); ok {
			for _, v := range seq.Values {
				f.checkShape(v, t.Elem())
			}
		}
		return
	}
	seen := map[string]bool{}
	for _, pair := range pairs(n) {
		key := pair.Key.GetToken()
		if seen[key.Value] {
			f.addAt(key, "key %q stands twice", key.Value)
		}
		seen[key.Value] = true
		switch t.Kind() {
		case reflect.Map:
			f.checkShape(pair.Value, t.Elem())
		case reflect.Struct:
			if field, ok := fieldOf(t, key.Value); ok {
				f.checkShape(pair.Value, field.Type)
			} else {
				f.addAt(key, "unknown key %q", key.Value)
			}
		}
	}
}

// kindOf names the kind of value that a type takes; "" when it takes any word.
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
