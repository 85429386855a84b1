// The catalog as Python data.

package ansible

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// pyWidth is the longest line of generated Python; sanity tests allow 160.
const pyWidth = 140

// data is the catalog as a Python module: what the engine decides by, without the texts, which are in the modules.
func (g generator) data() string {
	kinds := []any{}
	for i := range g.cat.Kinds {
		kinds = append(kinds, pyKind(&g.cat.Kinds[i]))
	}
	root := mapping{{"version", g.cat.Version}, {"base_path", g.cat.BasePath}, {"kinds", kinds}}
	var b strings.Builder
	b.WriteString(licence + marker + "\n")
	b.WriteString("\"\"\"The catalog: every kind of thing that the control plane manages.\"\"\"\n\nfrom __future__ import annotations\n\nimport typing as t\n\n")
	fmt.Fprintf(&b, "COLLECTION_VERSION = %s\n\nCATALOG: dict[str, t.Any] = %s\n", pyInline(g.version), python(root, 0, len("CATALOG: dict[str, t.Any] = ")))
	return b.String()
}

func pyKind(k *catalog.Kind) mapping {
	m := mapping{{"name", k.Name}, {"plural", k.Plural}, {"prefix", k.Prefix}, {"path", k.Path}, {"named", k.Named}, {"managed", k.Managed}}
	if k.Parent != nil {
		m = append(m, pair{"parent", mapping{{"kind", k.Parent.Kind}, {"field", k.Parent.Field}}.text("or", k.Parent.Or)})
	}
	m = m.text("key", k.Key)
	if k.Singleton {
		m = append(m, pair{"singleton", true})
	}
	m = m.text("operations", slices.Sorted(maps.Keys(k.Operations)))
	m = append(m, pair{"fields", pyFields(k.Fields)})
	if len(k.Filters) > 0 {
		filters := []any{}
		for _, f := range k.Filters {
			filters = append(filters, pyFilter(f))
		}
		m = append(m, pair{"filters", filters})
	}
	m = m.text("orders", k.Orders)
	if len(k.Actions) > 0 {
		actions := []any{}
		for _, a := range k.Actions {
			action := mapping{{"name", a.Name}, {"method", a.Method}, {"path", a.Path}}
			if a.RequiresIfMatch {
				action = append(action, pair{"requires_if_match", true})
			}
			if len(a.Fields) > 0 {
				action = append(action, pair{"fields", pyFields(a.Fields)})
			}
			actions = append(actions, action)
		}
		m = append(m, pair{"actions", actions})
	}
	return m
}

// pyFilter is a filter as a field that has its value: a list, if it takes several.
func pyFilter(f catalog.Filter) mapping {
	m := mapping{{"name", f.Name}, {"type", f.Type}}
	if f.Format != "" {
		m = append(m, pair{"format", f.Format})
	}
	m = m.text("enum", f.Enum).text("ref", f.Ref)
	if f.Many {
		m = mapping{{"name", f.Name}, {"type", catalog.List}, {"items", m}}
	}
	return m
}

func pyFields(fields []catalog.Field) []any {
	l := []any{}
	for _, f := range fields {
		l = append(l, pyField(f))
	}
	return l
}

func pyField(f catalog.Field) mapping {
	m := mapping{{"name", f.Name}, {"type", f.Type}}
	for _, t := range []struct{ key, value string }{{"format", f.Format}, {"pattern", f.Pattern}, {"one_of", f.OneOf}, {"renamed_from", f.RenamedFrom}, {"visible_to", f.VisibleTo}} {
		if t.value != "" {
			m = append(m, pair{t.key, t.value})
		}
	}
	for _, t := range []struct {
		key   string
		value bool
	}{
		{"required", f.Required}, {"nullable", f.Nullable}, {"server_default", f.ServerDefault}, {"kept", f.Kept}, {"immutable", f.Immutable},
		{"computed", f.Computed}, {"volatile", f.Volatile}, {"write_only", f.WriteOnly}, {"shown_once", f.ShownOnce}, {"grow_only", f.GrowOnly}, {"open_enum", f.OpenEnum},
	} {
		if t.value {
			m = append(m, pair{t.key, true})
		}
	}
	for _, t := range []struct {
		key   string
		value *int64
	}{{"minimum", f.Minimum}, {"maximum", f.Maximum}, {"min_length", f.MinLength}, {"max_length", f.MaxLength}, {"max_items", f.MaxItems}} {
		if t.value != nil {
			m = append(m, pair{t.key, *t.value})
		}
	}
	if v, ok := literal(f); ok {
		m = append(m, pair{"default", v})
	}
	m = m.text("enum", f.Enum).text("ref", f.Ref)
	if len(f.Fields) > 0 {
		m = append(m, pair{"fields", pyFields(f.Fields)})
	}
	if f.Items != nil {
		m = append(m, pair{"items", pyField(*f.Items)})
	}
	return m
}

// literal is the default that the catalog gives a field, if it does.
func literal(f catalog.Field) (any, bool) {
	if len(f.Default) == 0 {
		return nil, false
	}
	d := json.NewDecoder(strings.NewReader(string(f.Default)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		panic(fmt.Sprintf("catalog: default of %s: %v", f.Name, err)) // the catalog was parsed as JSON
	}
	return v, true
}

// python writes a value as a literal: on one line where it fits, else one line per entry.
func python(v any, indent, column int) string {
	line := pyInline(v)
	if indent*4+column+len(line) <= pyWidth {
		return line
	}
	inner, outer := strings.Repeat("    ", indent+1), strings.Repeat("    ", indent)
	var b strings.Builder
	switch v := v.(type) {
	case mapping:
		b.WriteString("{\n")
		for _, p := range v {
			key := pyInline(p.key) + ": "
			b.WriteString(inner + key + python(p.value, indent+1, len(key)+1) + ",\n")
		}
		b.WriteString(outer + "}")
	case []any:
		b.WriteString("[\n")
		for _, e := range v {
			b.WriteString(inner + python(e, indent+1, 1) + ",\n")
		}
		b.WriteString(outer + "]")
	default:
		return line
	}
	return b.String()
}

func pyInline(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case string:
		return strconv.QuoteToASCII(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case json.Number:
		return v.String()
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = pyInline(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case mapping:
		parts := make([]string, len(v))
		for i, p := range v {
			parts[i] = pyInline(p.key) + ": " + pyInline(p.value)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case map[string]any:
		return pyInline(sorted(v))
	}
	panic(fmt.Sprintf("no Python literal for a %T", v))
}
