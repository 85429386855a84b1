// The modules' examples, from the fixtures that the tests use as well.

package ansible

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// sample is the catalog's own test data of a kind, as a person would write it in a playbook: names for references, and no
// text that makes names unique.
func (g generator) sample(k *catalog.Kind, of func(*catalog.Fixture) map[string]any) map[string]any {
	f, err := catalog.LoadFixture(k.Name)
	if err != nil {
		return nil
	}
	values := of(f)
	if values == nil {
		return nil
	}
	return g.readable(k, f, catalog.Field{Type: catalog.Object, Fields: k.Fields}, values).(map[string]any)
}

func (g generator) readable(k *catalog.Kind, f *catalog.Fixture, field catalog.Field, v any) any {
	var items catalog.Field
	if field.Items != nil {
		items = *field.Items
	}
	switch v := v.(type) {
	case map[string]any:
		m := map[string]any{}
		for key, e := range v {
			if field.Type == catalog.Object {
				inner := slices.IndexFunc(field.Fields, func(s catalog.Field) bool { return s.Name == key })
				items = catalog.Field{}
				if inner >= 0 {
					items = field.Fields[inner]
				}
				m[key] = g.readable(k, f, items, e)
				continue
			}
			m[g.readableText(k, f, field, key)] = g.readable(k, f, items, e)
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i, e := range v {
			l[i] = g.readable(k, f, items, e)
		}
		return l
	case string:
		return g.readableText(k, f, field, v)
	}
	return v
}

var (
	parentRef = regexp.MustCompile(`\$\{[a-z0-9_.]+\}`)
	inDays    = regexp.MustCompile(`\$\{in_[0-9]+_days\}`)
)

// readableText has names where the field takes them, and ids where it is only a text to the engine.
func (g generator) readableText(k *catalog.Kind, f *catalog.Fixture, field catalog.Field, text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "-${unique}", ""), "${unique}", "1")
	text = inDays.ReplaceAllString(text, "2031-01-01T00:00:00Z")
	return parentRef.ReplaceAllStringFunc(text, func(ref string) string {
		label := ref[2 : len(ref)-1]
		if len(field.Ref) > 0 {
			return g.parentPath(k, f, label)
		}
		if parent := g.cat.Kind(f.Parents[label].Kind); parent != nil {
			return parent.Prefix + exampleID
		}
		return label
	})
}

// exampleID is an id in documentation, after its prefix.
const exampleID = "_01jd2x7vq9f3t8m5k6a4hnw0ec"

// parentPath is the path of names of one of a fixture's parents.
func (g generator) parentPath(k *catalog.Kind, f *catalog.Fixture, label string) string {
	p := f.Parents[label]
	if p.Existing != "" {
		return p.Existing
	}
	parent := g.cat.Kind(p.Kind)
	if parent == nil || p.Kind == k.Name {
		return strings.ReplaceAll(label, ".", "-")
	}
	return g.examplePath(parent)
}

// examplePath is a path of names of the kind, from the object that contains it on.
func (g generator) examplePath(k *catalog.Kind) string {
	name := g.exampleName(k)
	if k.Parent != nil && k.Parent.Kind != k.Name {
		if parent := g.cat.Kind(k.Parent.Kind); parent != nil && parent.Named && parent.Parent != nil && parent.Name != "billing_entity" {
			return g.exampleName(parent) + "/" + name
		}
	}
	return name
}

func (g generator) exampleName(k *catalog.Kind) string {
	if f, err := catalog.LoadFixture(k.Name); err == nil {
		if name, ok := f.Minimal["name"].(string); ok {
			return strings.ReplaceAll(strings.ReplaceAll(name, "-${unique}", ""), "${unique}", "1")
		}
	}
	return strings.ReplaceAll(k.Name, "_", "-")
}

// inOrder gives a sample's values the order of the catalog's fields. A null says nothing where nothing is set yet.
func inOrder(k *catalog.Kind, values map[string]any) mapping {
	var m mapping
	for _, f := range k.Fields {
		if v := values[f.Name]; v != nil {
			m = append(m, pair{f.Name, v})
		}
	}
	return m
}

// keys are the values of a sample that say which object is meant.
func keys(k *catalog.Kind, values map[string]any) mapping {
	names := slices.Clone(k.Key)
	if k.Named {
		names = []string{"name"}
	}
	if k.Parent != nil {
		names = append(names, k.Parent.Field)
	}
	m := maps.Clone(values)
	maps.DeleteFunc(m, func(name string, _ any) bool { return !slices.Contains(names, name) })
	return inOrder(k, m)
}

func task(name, module string, args mapping) any {
	return mapping{{"name", name}, {"demarc.cloud." + module, args}}
}

func (g generator) managingExamples(k *catalog.Kind) []any {
	title := article(words(k.Name))
	minimal := g.sample(k, func(f *catalog.Fixture) map[string]any { return f.Minimal })
	full := g.sample(k, func(f *catalog.Fixture) map[string]any { return f.Full })
	if minimal == nil {
		minimal = g.required(k)
	}
	var l []any
	if !k.Singleton {
		l = append(l, secretly(k, task("Ensure that "+title+" exists", k.Name, inOrder(k, minimal))))
	}
	switch {
	case k.Singleton && len(full) > 0:
		l = append(l, task("Ensure that "+title+" is as described", k.Name, inOrder(k, full)))
	case len(full) > len(minimal):
		l = append(l, secretly(k, task("Ensure that "+title+" is as described", k.Name, inOrder(k, full))))
	}
	if f := g.cleared(k, full); f != "" {
		l = append(l, task("Clear the "+strings.TrimSuffix(words(f), " id")+" of "+title, k.Name, append(keys(k, minimal), pair{f, nil})))
	}
	if k.Named {
		args := append(mapping{{"previous_name", g.exampleName(k)}}, keys(k, minimal)...)
		for i := range args {
			if args[i].key == "name" {
				args[i].value = g.exampleName(k) + "-2"
			}
		}
		l = append(l, task("Rename "+title, k.Name, args))
	}
	gone := "does not exist"
	if k.Singleton {
		gone = "is as at its beginning"
	}
	return append(l, task("Ensure that "+title+" "+gone, k.Name, append(keys(k, minimal), pair{"state", "absent"})))
}

// required is a sample of a kind that has no fixture.
func (g generator) required(k *catalog.Kind) map[string]any {
	m := map[string]any{}
	if k.Named {
		m["name"] = g.exampleName(k)
	}
	for _, f := range k.Fields {
		if f.Name != "name" && f.Required && f.Writable() {
			m[f.Name] = g.exampleValue(f)
		}
	}
	return m
}

// secretly keeps a secret that the task may return off the screen.
func secretly(k *catalog.Kind, t any) any {
	if !slices.ContainsFunc(k.Fields, func(f catalog.Field) bool { return f.ShownOnce }) {
		return t
	}
	return append(t.(mapping), pair{"register", "made"}, pair{"no_log", true})
}

// cleared is a field whose clearing makes a good example: a reference rather than a text.
func (g generator) cleared(k *catalog.Kind, full map[string]any) string {
	best := ""
	for _, f := range k.Fields {
		if _, ok := full[f.Name]; !ok || !f.Nullable || !f.Mutable() || f.WriteOnly {
			continue
		}
		if len(f.Ref) > 0 {
			return f.Name
		}
		if best == "" {
			best = f.Name
		}
	}
	return best
}

func (g generator) readingExamples(k *catalog.Kind) []any {
	titles := words(k.Plural)
	register := func(t any) any { return append(t.(mapping), pair{"register", "found"}) }
	if k.Singleton {
		sample := g.sample(k, func(f *catalog.Fixture) map[string]any { return f.Minimal })
		if sample == nil {
			sample = g.required(k)
		}
		return []any{register(task("Read "+article(words(k.Name)), k.Name+"_info", keys(k, sample)))}
	}
	if !k.Named {
		return []any{register(task("Read all "+titles, k.Name+"_info", mapping{}))}
	}
	l := []any{register(task("Read "+article(words(k.Name))+" by its path of names", k.Name+"_info", mapping{{"path", g.examplePath(k)}}))}
	args := mapping{{"label", "env=prod"}}
	for _, f := range k.Filters {
		if len(f.Ref) == 0 {
			continue
		}
		if ref := g.cat.Kind(f.Ref[0]); ref != nil && ref.Named {
			args = append(mapping{{f.Name, g.examplePath(ref)}}, args...)
			break
		}
	}
	return append(l, register(task("Read "+titles+" by their labels", k.Name+"_info", args)))
}

func (g generator) actingExamples(k *catalog.Kind) []any {
	var l []any
	for _, a := range k.Actions {
		args := mapping{{"path", g.examplePath(k)}, {"action", a.Name}}
		if !k.Named {
			args = mapping{{"id", k.Prefix + exampleID}, {"action", a.Name}}
		}
		for _, f := range a.Fields {
			if v, ok := literal(f); ok {
				args = append(args, pair{f.Name, v})
			} else if f.Required {
				args = append(args, pair{f.Name, g.exampleValue(f)})
			}
		}
		l = append(l, secretly(k, task(fmt.Sprintf("%s %s", strings.ToUpper(words(a.Name)[:1])+words(a.Name)[1:], article(words(k.Name))), k.Name+"_action", args)))
	}
	return l
}

// exampleValue is a value that the field takes, for examples of bodies that no fixture has.
func (g generator) exampleValue(f catalog.Field) any {
	switch {
	case len(f.Enum) > 0:
		return f.Enum[0]
	case f.Type == catalog.Integer && f.Minimum != nil:
		return *f.Minimum
	case f.Type == catalog.Integer:
		return int64(1)
	case f.Type == catalog.Boolean:
		return true
	case f.Type == catalog.Object || f.Type == catalog.Map:
		return mapping{}
	case f.Type == catalog.Set || f.Type == catalog.List:
		return []any{}
	case len(f.Ref) > 0:
		if k := g.cat.Kind(f.Ref[0]); k != nil && k.Named {
			return g.examplePath(k)
		}
		return strings.ReplaceAll(f.Ref[0], "_", "-")
	}
	return "example"
}
