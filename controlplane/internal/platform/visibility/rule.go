package visibility

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// Trait marks a field in its tag: extensions:"x-visible=prices.get_wholesale".
const Trait = "x-visible"

// HiddenFields is the member of an object that names, as JSON pointers, what was left out of it.
const HiddenFields = "hidden_fields"

// each stands in a path for any key of a map and any item of a list.
const each = "*"

// Rule is a field that only some may see.
type Rule struct {
	// Path leads to it from the object, over "*" where that is any entry or item.
	Path       []string
	Permission string
	// former: it is called so in documents of the past alone.
	former bool
}

// Name is the path in words: tariffs.*.wholesale.
func (r Rule) Name() string { return strings.Join(r.Path, ".") }

// RulesOf are the fields of a type of the API that only some may see, at any depth.
func RulesOf(t reflect.Type) []Rule {
	if t == nil {
		return nil
	}
	return rulesOf(t, nil, nil)
}

func rulesOf(t reflect.Type, at []string, within []reflect.Type) []Rule {
	switch t.Kind() {
	case reflect.Pointer:
		return rulesOf(t.Elem(), at, within)
	case reflect.Map, reflect.Slice:
		return rulesOf(t.Elem(), append(slices.Clone(at), each), within)
	case reflect.Struct:
	default:
		return nil
	}
	if slices.Contains(within, t) { // which the generator refuses
		return nil
	}
	within = append(slices.Clone(within), t)
	var out []Rule
	for _, f := range fieldsOf(t) {
		path := append(slices.Clone(at), f.name)
		permission := f.trait(Trait)
		if permission == "" {
			out = append(out, rulesOf(f.Type, path, within)...)
			continue
		}
		out = append(out, Rule{Path: path, Permission: permission})
		if name := f.trait("x-renamed-from"); name != "" {
			out = append(out, Rule{Path: append(slices.Clone(at), name), Permission: permission, former: true})
		}
	}
	return out
}

// field is one of a struct as JSON has it.
type field struct {
	reflect.StructField
	name string
}

// trait is the value of an extension, empty if the field has it not.
func (f field) trait(name string) string {
	value, _ := resource.Trait(f.StructField, name)
	return value
}

// fieldsOf are the fields of a struct and of those embedded in it.
func fieldsOf(t reflect.Type) []field {
	var out []field
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported() || f.Anonymous && name == "":
			continue
		case name == "":
			name = f.Name
		}
		out = append(out, field{f, name})
	}
	return out
}

// visit calls fn for each place in a document that a path leads to: with the pointer to it, what it is a member of, and its name there. A
// member need not be there; what it is a member of has to.
func visit(doc any, path []string, pointer string, fn func(pointer string, of map[string]any, name string)) {
	step, rest := path[0], path[1:]
	switch doc := doc.(type) {
	case map[string]any:
		names := []string{step}
		if step == each {
			names = names[:0]
			for name := range doc {
				names = append(names, name)
			}
		}
		for _, name := range names {
			at := pointer + fault.Pointer(name)
			if len(rest) == 0 {
				fn(at, doc, name)
			} else {
				visit(doc[name], rest, at, fn)
			}
		}
	case []any:
		if step != each || len(rest) == 0 {
			return
		}
		for i := range doc {
			visit(doc[i], rest, pointer+"/"+strconv.Itoa(i), fn)
		}
	}
}

// refusal says why a field can be neither set nor selected by.
func refusal(permission string) string {
	return fmt.Sprintf("only who has the permission %s here sees and sets it", permission)
}
