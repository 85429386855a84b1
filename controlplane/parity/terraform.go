package parity

import (
	"bufio"
	"bytes"
	"regexp"
	"strings"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// Terraform compares the catalog with the pages that tfplugindocs makes of the provider's own schema: a page for each resource, data
// source and list resource, with every field on it.
func (t Tree) Terraform() []Gap {
	var g gaps
	var resources, dataSources, lists []string
	for i := range t.Catalog.Kinds {
		k := &t.Catalog.Kinds[i]
		if k.Managed {
			resources = append(resources, k.Name+".md")
			if page, ok := t.read(&g, k.Name, generate, "docs", "resources", k.Name+".md"); ok {
				attributes(&g, k.Name, "docs/resources/"+k.Name+".md", sections(page), "", k.Fields, inResource)
			}
		}
		if k.Managed && k.Named {
			lists = append(lists, k.Name+".md")
			if page, ok := t.read(&g, k.Name, generate, "docs", "list-resources", k.Name+".md"); ok {
				arguments(&g, k, "docs/list-resources/"+k.Name+".md", sections(page))
			}
		}
		dataSources = append(dataSources, k.Name+".md", k.Plural+".md")
		if page, ok := t.read(&g, k.Name, generate, "docs", "data-sources", k.Name+".md"); ok {
			attributes(&g, k.Name, "docs/data-sources/"+k.Name+".md", sections(page), "", k.Fields, inDataSource)
		}
		if page, ok := t.read(&g, k.Name, generate, "docs", "data-sources", k.Plural+".md"); ok {
			s := sections(page)
			arguments(&g, k, "docs/data-sources/"+k.Plural+".md", s)
			attributes(&g, k.Name, "docs/data-sources/"+k.Plural+".md", s, "items", k.Fields, inDataSource)
		}
	}
	t.strays(&g, generate, resources, "docs", "resources")
	t.strays(&g, generate, dataSources, "docs", "data-sources")
	t.strays(&g, generate, lists, "docs", "list-resources")
	return g
}

// inResource are the names under which a resource has a field: what changes by itself has none, a secret has two.
func inResource(f *catalog.Field) []string {
	switch {
	case f.Volatile:
		return nil
	case f.WriteOnly:
		return []string{f.Name + "_wo", f.Name + "_wo_version"}
	}
	return []string{f.Name}
}

// inDataSource are the names under which a data source has a field: all that can be read.
func inDataSource(f *catalog.Field) []string {
	if f.WriteOnly {
		return nil
	}
	return []string{f.Name}
}

func attributes(g *gaps, item, page string, have map[string]map[string]bool, section string, fields []catalog.Field, names func(*catalog.Field) []string) {
	for i := range fields {
		f := &fields[i]
		for _, name := range names(f) {
			if !have[section][name] {
				g.add(item+"."+f.Name, generate, "%s has no %s", page, strings.TrimPrefix(section+"."+name, "."))
			}
		}
		nested := f.Fields
		if f.Items != nil {
			nested = f.Items.Fields
		}
		if len(nested) > 0 && len(names(f)) > 0 {
			attributes(g, item+"."+f.Name, page, have, strings.TrimPrefix(section+"."+f.Name, "."), nested, names)
		}
	}
}

// arguments are those of a list.
func arguments(g *gaps, k *catalog.Kind, page string, have map[string]map[string]bool) {
	names := []string{}
	if k.Named {
		names = append(names, "label", "q")
	}
	for _, f := range k.Filters {
		names = append(names, f.Name)
	}
	for _, name := range names {
		if !have[""][name] {
			g.add(k.Name+"."+name, generate, "%s has no argument %s", page, name)
		}
	}
}

var (
	nestedSchema  = regexp.MustCompile("^### Nested Schema for `([^`]+)`")
	attributeLine = regexp.MustCompile("^- `([^`]+)` \\(")
)

// sections are the attributes that a page names, by the object in which they are; "" is the thing itself.
func sections(page []byte) map[string]map[string]bool {
	out := map[string]map[string]bool{"": {}}
	section := ""
	lines := bufio.NewScanner(bytes.NewReader(page))
	lines.Buffer(nil, len(page)+1)
	for lines.Scan() {
		if m := nestedSchema.FindStringSubmatch(lines.Text()); m != nil {
			section = m[1]
			out[section] = map[string]bool{}
		} else if m := attributeLine.FindStringSubmatch(lines.Text()); m != nil {
			out[section][m[1]] = true
		}
	}
	return out
}

// Examples compares the catalog with the examples that the documentation shows and the tests apply.
func (t Tree) Examples() []Gap {
	var g gaps
	var resources, dataSources, lists []string
	for i := range t.Catalog.Kinds {
		k := &t.Catalog.Kinds[i]
		name := "demarc_" + k.Name
		if k.Managed {
			resources = append(resources, name)
			for _, file := range []string{"resource.tf", "import.sh"} {
				t.read(&g, k.Name, "write examples/resources/"+name+"/"+file, "examples", "resources", name, file)
			}
		}
		if k.Managed && k.Named {
			lists = append(lists, name)
			t.read(&g, k.Name, "write examples/list-resources/"+name+"/list-resource.tfquery.hcl", "examples", "list-resources", name, "list-resource.tfquery.hcl")
		}
		for _, n := range []string{name, "demarc_" + k.Plural} {
			dataSources = append(dataSources, n)
			t.read(&g, k.Name, "write examples/data-sources/"+n+"/data-source.tf", "examples", "data-sources", n, "data-source.tf")
		}
	}
	t.strays(&g, "remove it", resources, "examples", "resources")
	t.strays(&g, "remove it", dataSources, "examples", "data-sources")
	t.strays(&g, "remove it", lists, "examples", "list-resources")
	return g
}
