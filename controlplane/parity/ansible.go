package parity

import (
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// collection is the folder of the Ansible collection.
var collection = []string{"ansible_collections", "demarc", "cloud"}

// handWritten are the modules that belong to no kind.
var handWritten = []string{"api.py"}

// Ansible compares the catalog with what the modules document of themselves; that this is also what they take is ansible-test's part.
func (t Tree) Ansible() []Gap {
	var g gaps
	expected := slices.Clone(handWritten)
	for i := range t.Catalog.Kinds {
		k := &t.Catalog.Kinds[i]
		partsOf(&g, k, "the collection")
		if k.Managed {
			expected = append(expected, k.Name+".py")
			if m, ok := t.module(&g, k.Name, k.Name); ok {
				options(&g, k.Name, m, m.Documentation.Options, k.Fields)
				results(&g, k.Name, m, m.Return[k.Name].Contains, k.Fields)
			}
		}
		if len(k.Actions) > 0 {
			expected = append(expected, k.Name+"_action.py")
			t.actions(&g, k)
		}
		expected = append(expected, k.Name+"_info.py")
		t.info(&g, k)
	}
	for i := range t.Catalog.Operations {
		o := &t.Catalog.Operations[i]
		if m, ok := t.module(&g, o.ID, o.Name()+"_info"); ok {
			expected = append(expected, o.Name()+"_info.py")
			results(&g, o.ID, m, m.Return, o.Answer)
		}
	}
	t.strays(&g, generate, expected, append(collection, "plugins", "modules")...)
	t.routing(&g, expected)
	return g
}

// module is what a module says of itself.
type module struct {
	name          string
	Documentation struct {
		Options map[string]option `yaml:"options"`
	}
	Return map[string]returned
}

type option struct {
	Type       string            `yaml:"type"`
	Choices    []string          `yaml:"choices"`
	Suboptions map[string]option `yaml:"suboptions"`
}

type returned struct {
	Contains map[string]returned `yaml:"contains"`
}

var (
	documentation = regexp.MustCompile(`(?s)DOCUMENTATION = r?"""(.*?)"""`)
	returns       = regexp.MustCompile(`(?s)RETURN = r?"""(.*?)"""`)
)

func (t Tree) module(g *gaps, item, name string) (*module, bool) {
	b, ok := t.read(g, item, generate, append(collection, "plugins", "modules", name+".py")...)
	if !ok {
		return nil, false
	}
	m := &module{name: name}
	for _, part := range []struct {
		text *regexp.Regexp
		into any
	}{{documentation, &m.Documentation}, {returns, &m.Return}} {
		found := part.text.FindSubmatch(b)
		if found == nil {
			g.add(item, generate, "the module %s has no documentation", name)
			return nil, false
		}
		if err := yaml.Unmarshal(found[1], part.into); err != nil {
			g.add(item, generate, "the module %s: %v", name, err)
			return nil, false
		}
	}
	return m, true
}

// options compares what can be sent with the options of a module.
func options(g *gaps, item string, m *module, have map[string]option, fields []catalog.Field) {
	for i := range fields {
		f := &fields[i]
		if !f.Writable() {
			continue
		}
		o, ok := have[f.Name]
		if !ok {
			g.add(item+"."+f.Name, generate, "the module %s has no such option", m.name)
			continue
		}
		for _, e := range f.Enum {
			if !slices.Contains(o.Choices, e) {
				g.add(item+"."+f.Name, generate, "the option of the module %s has no choice %s", m.name, e)
			}
		}
		if f.Type == catalog.Object {
			options(g, item+"."+f.Name, m, o.Suboptions, f.Fields)
		}
	}
}

func (t Tree) actions(g *gaps, k *catalog.Kind) {
	m, ok := t.module(g, k.Name, k.Name+"_action")
	if !ok {
		return
	}
	for _, a := range k.Actions {
		if !slices.Contains(m.Documentation.Options["action"].Choices, a.Name) {
			g.add(a.ID, generate, "the module %s has no such action", m.name)
		}
		options(g, a.ID, m, m.Documentation.Options, a.Fields)
	}
}

// info compares what can be read with what the info module returns and searches by.
func (t Tree) info(g *gaps, k *catalog.Kind) {
	m, ok := t.module(g, k.Name, k.Name+"_info")
	if !ok {
		return
	}
	var by []string
	for _, f := range k.Filters {
		by = append(by, f.Name)
		if o, ok := m.Documentation.Options[f.Name]; ok && f.Many != (o.Type == "list") {
			g.add(k.Name+"."+f.Name, generate, "the option of the module %s is a %s, and the filter takes several values: %t", m.name, o.Type, f.Many)
		}
	}
	for _, order := range k.Orderings() {
		if !slices.Contains(m.Documentation.Options["order_by"].Choices, order) {
			g.add(k.Name+".order_by", generate, "the module %s has no order %s", m.name, order)
		}
	}
	if k.Singleton {
		by = k.Key
	}
	for _, name := range by {
		if _, ok := m.Documentation.Options[name]; !ok {
			g.add(k.Name+"."+name, generate, "the module %s does not search by it", m.name)
		}
	}
	results(g, k.Name, m, m.Return[k.Plural].Contains, k.Fields)
}

func results(g *gaps, item string, m *module, have map[string]returned, fields []catalog.Field) {
	for i := range fields {
		f := &fields[i]
		if f.WriteOnly {
			continue
		}
		r, ok := have[f.Name]
		if !ok {
			g.add(item+"."+f.Name, generate, "the module %s does not say that it returns it", m.name)
		} else if f.Type == catalog.Object {
			results(g, item+"."+f.Name, m, r.Contains, f.Fields)
		}
	}
}

// routing checks that every module is in the action group and served by the action plugin.
func (t Tree) routing(g *gaps, modules []string) {
	b, ok := t.read(g, "runtime", generate, append(collection, "meta", "runtime.yml")...)
	if !ok {
		return
	}
	var runtime struct {
		Groups  map[string][]string `yaml:"action_groups"`
		Routing struct {
			Modules map[string]any `yaml:"modules"`
		} `yaml:"plugin_routing"`
	}
	if err := yaml.Unmarshal(b, &runtime); err != nil {
		g.add("runtime", generate, "meta/runtime.yml: %v", err)
		return
	}
	for _, file := range modules {
		name := file[:len(file)-len(".py")]
		if !slices.Contains(runtime.Groups["all"], name) {
			g.add(name, generate, "meta/runtime.yml: it is not in the action group all")
		}
		if _, ok := runtime.Routing.Modules[name]; !ok {
			g.add(name, generate, "meta/runtime.yml: it is not routed to the action plugin")
		}
	}
}
