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
		switch group := n.(type) {
		case *ast.MappingNode:
			f.readKeys(group.Values, v)
			return
		case *ast.MappingValueNode: // the only key of its group
			f.readKeys([]*ast.MappingValueNode{group}, v)
			return
		}
	case reflect.Int:
		if _, ok := n.(*ast.IntegerNode); ok {
			if number, err := strconv.Atoi(word.Value); err == nil {
				v.SetInt(int64(number))
				return
			}
		}
	case reflect.Bool:
		if b, ok := n.(*ast.BoolNode); ok {
			v.SetBool(b.Value)
			return
		}
	case reflect.String:
		switch text := n.(type) {
		case *ast.LiteralNode: // lines after | or >
			v.SetString(text.Value.Value)
			return
		case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
			v.SetString(word.Value)
			return
		}
	}
	f.addAt(word, "%q stands where %s is needed", word.Value, kindOf(v.Kind()))
	f.unread = true
}

func (f *faults) readKeys(pairs []*ast.MappingValueNode, v reflect.Value) {
	if v.Kind() == reflect.Map {
		v.Set(reflect.MakeMap(v.Type()))
	}
	seen := map[string]bool{}
	for _, pair := range pairs {
		key := pair.Key.GetToken()
		if seen[key.Value] {
			f.addAt(key, "key %q stands twice", key.Value)
		}
		seen[key.Value] = true
		if v.Kind() == reflect.Map {
			value := reflect.New(v.Type().Elem()).Elem()
			f.read(pair.Value, value)
			v.SetMapIndex(reflect.ValueOf(key.Value), value)
		} else if i, ok := fieldOf(v.Type(), key.Value); ok {
			f.read(pair.Value, v.Field(i))
		} else {
			f.addAt(key, "unknown key %q", key.Value)
		}
	}
}

// kindOf names the kind of value that is needed.
func kindOf(k reflect.Kind) string {
	switch k {
	case reflect.Int:
		return "a whole number"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "a group of keys"
	}
	return "a word"
}

func fieldOf(t reflect.Type, key string) (int, bool) {
	for i := range t.NumField() {
		if tag, ok := t.Field(i).Tag.Lookup("yaml"); ok && tag == key && key != "-" {
			return i, true
		}
	}
	return 0, false
}
