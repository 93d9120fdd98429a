package policy

import (
	"encoding"
	"reflect"
	"strconv"

	"github.com/goccy/go-yaml/ast"
)

// read fills v from a node. It reports every key that no field of the type has, every key that stands twice, every
// value of the wrong kind, and every day or time that cannot be read.
func (f *faults) read(n ast.Node, v reflect.Value) {
	if lines, ok := n.(*ast.LiteralNode); ok { // after | or >
		n = lines.Value
	}
	word := n.GetToken()
	if text, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := text.UnmarshalText([]byte(word.Value)); err != nil {
			f.addAt(word, "%v", err)
			f.unread = true
		}
		return
	}
	if _, missing := n.(*ast.NullNode); missing {
		return
	}
	switch v.Kind() {
	case reflect.Slice:
		if list, ok := n.(*ast.SequenceNode); ok {
			v.Set(reflect.MakeSlice(v.Type(), len(list.Values), len(list.Values)))
			for i, item := range list.Values {
				f.read(item, v.Index(i))
			}
			return
		}
	case reflect.Map, reflect.Struct:
		if group, ok := n.(*ast.MappingNode); ok {
			f.readKeys(group, v)
			return
		}
	case reflect.Int:
		number, err := strconv.ParseInt(word.Value, 0, 0)
		if _, ok := n.(*ast.IntegerNode); ok && err == nil {
			v.SetInt(number)
			return
		}
	case reflect.Bool:
		if b, ok := n.(*ast.BoolNode); ok {
			v.SetBool(b.Value)
			return
		}
	case reflect.String:
		switch n.(type) {
		case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
			v.SetString(word.Value)
			return
		}
	}
	f.addAt(word, "%q stands where %s is needed", word.Value, kindNames[v.Kind()])
	f.unread = true
}

func (f *faults) readKeys(group *ast.MappingNode, v reflect.Value) {
	if v.Kind() == reflect.Map {
		v.Set(reflect.MakeMap(v.Type()))
	}
	seen := map[string]bool{}
	for _, pair := range group.Values {
		var name string
		f.read(pair.Key, reflect.ValueOf(&name).Elem())
		if seen[name] {
			f.addAt(pair.Key.GetToken(), "key %q stands twice", name)
		}
		seen[name] = true
		if v.Kind() == reflect.Map {
			value := reflect.New(v.Type().Elem()).Elem()
			f.read(pair.Value, value)
			v.SetMapIndex(reflect.ValueOf(name), value)
		} else if field := fieldOf(v, name); field.IsValid() {
			f.read(pair.Value, field)
		} else {
			f.addAt(pair.Key.GetToken(), "unknown key %q", name)
		}
	}
}

var kindNames = map[reflect.Kind]string{
	reflect.Int: "a whole number", reflect.Bool: "true or false", reflect.String: "a word", reflect.Slice: "a list",
	reflect.Map: "a group of keys", reflect.Struct: "a group of keys",
}

// fieldOf gives the field of a struct that a key means, and nothing for an unknown key.
func fieldOf(v reflect.Value, key string) (field reflect.Value) {
	for i := range v.NumField() {
		if tag, ok := v.Type().Field(i).Tag.Lookup("yaml"); ok && tag == key {
			field = v.Field(i)
		}
	}
	return field
}
