package parity

import (
	"bufio"
	"bytes"
	"regexp"
	"strings"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// ephemeral names the ephemeral resource of each kind that has a secret which is shown once. Such a kind has no resource: the state would
// keep the secret, and a refresh would not find it again.
var ephemeral = map[string]string{"api_token": "service_account_token"}

// surface is what Terraform has of a kind.
type surface struct {
	resource, list, many bool
	ephemeral            string // its name, empty if it has none
}

// surfaceOf: what can be managed is a resource, or makes a secret that an ephemeral one holds; what can be listed is also a list.
func surfaceOf(g *gaps, k *catalog.Kind) surface {
	_, many := k.Operations["list"]
	s := surface{resource: k.Managed && !k.ShowsOnce(), many: many, ephemeral: ephemeral[k.Name]}
	s.list = s.resource && many
	if k.ShowsOnce() != (s.ephemeral != "") {
		g.add(k.Name, "controlplane/parity/terraform.go names it", "a kind has an ephemeral resource if it has a secret that is shown once, and only then")
	}
	return s
}

// Terraform compares the catalog with the pages that tfplugindocs makes of the provider's own schema: a page for each resource, data
// source, list resource and ephemeral resource, with every field on it.
func (t Tree) Terraform() []Gap {
	var g gaps
	var resources, dataSources, lists, ephemerals []string
	for i := range t.Catalog.Kinds {
		k := &t.Catalog.Kinds[i]
		partsOf(&g, k, "Terraform")
		has := surfaceOf(&g, k)
		if has.resource {
			resources = append(resources, k.Name+".md")
			if page, ok := t.read(&g, k.Name, generate, "docs", "resources", k.Name+".md"); ok {
				attributes(&g, k.Name, "docs/resources/"+k.Name+".md", sections(page), "", k.Fields, inResource)
			}
		}
		if has.ephemeral != "" {
			ephemerals = append(ephemerals, has.ephemeral+".md")
			if page, ok := t.read(&g, k.Name, generate, "docs", "ephemeral-resources", has.ephemeral+".md"); ok {
				attributes(&g, k.Name, "docs/ephemeral-resources/"+has.ephemeral+".md", sections(page), "", k.Fields, inEphemeral)
			}
		}
		if has.list {
			lists = append(lists, k.Name+".md")
			if page, ok := t.read(&g, k.Name, generate, "docs", "list-resources", k.Name+".md"); ok {
				arguments(&g, k, "docs/list-resources/"+k.Name+".md", sections(page))
			}
		}
		dataSources = append(dataSources, k.Name+".md")
		if page, ok := t.read(&g, k.Name, generate, "docs", "data-sources", k.Name+".md"); ok {
			attributes(&g, k.Name, "docs/data-sources/"+k.Name+".md", sections(page), "", k.Fields, inDataSource)
		}
		if !has.many {
			continue
		}
		dataSources = append(dataSources, k.Plural+".md")
		if page, ok := t.read(&g, k.Name, generate, "docs", "data-sources", k.Plural+".md"); ok {
			s := sections(page)
			arguments(&g, k, "docs/data-sources/"+k.Plural+".md", s)
			attributes(&g, k.Name, "docs/data-sources/"+k.Plural+".md", s, "items", k.Fields, inDataSource)
		}
	}
	for i := range t.Catalog.Operations {
		o := &t.Catalog.Operations[i]
		dataSources = append(dataSources, o.Name()+".md")
		if page, ok := t.read(&g, o.ID, "a data source demarc_"+o.Name(), "docs", "data-sources", o.Name()+".md"); ok {
			attributes(&g, o.ID, "docs/data-sources/"+o.Name()+".md", sections(page), "", o.Answer, inDataSource)
		}
	}
	t.strays(&g, generate, resources, "docs", "resources")
	t.strays(&g, generate, dataSources, "docs", "data-sources")
	t.strays(&g, generate, lists, "docs", "list-resources")
	t.strays(&g, generate, ephemerals, "docs", "ephemeral-resources")
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

// inDataSource are the names under which a data source has a field: all that can be read at any time.
func inDataSource(f *catalog.Field) []string {
	if f.WriteOnly || f.ShownOnce {
		return nil
	}
	return []string{f.Name}
}

// inEphemeral are the names under which an ephemeral resource has a field: what must be said to make one, its name apart, and the secret.
func inEphemeral(f *catalog.Field) []string {
	if f.ShownOnce || f.Name == "id" || f.Required && f.Name != "name" {
		return []string{f.Name}
	}
	return nil
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
	if len(k.Orders) > 0 {
		names = append(names, "order_by")
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
	var resources, dataSources, lists, ephemerals []string
	for i := range t.Catalog.Kinds {
		k := &t.Catalog.Kinds[i]
		partsOf(&g, k, "Terraform")
		has := surfaceOf(&g, k)
		name := "demarc_" + k.Name
		if has.resource {
			resources = append(resources, name)
			for _, file := range []string{"resource.tf", "import.sh"} {
				t.read(&g, k.Name, "write examples/resources/"+name+"/"+file, "examples", "resources", name, file)
			}
		}
		if has.ephemeral != "" {
			ephemerals = append(ephemerals, "demarc_"+has.ephemeral)
			t.read(&g, k.Name, "write examples/ephemeral-resources/demarc_"+has.ephemeral+"/ephemeral-resource.tf",
				"examples", "ephemeral-resources", "demarc_"+has.ephemeral, "ephemeral-resource.tf")
		}
		if has.list {
			lists = append(lists, name)
			t.read(&g, k.Name, "write examples/list-resources/"+name+"/list-resource.tfquery.hcl", "examples", "list-resources", name, "list-resource.tfquery.hcl")
		}
		names := []string{name}
		if has.many {
			names = append(names, "demarc_"+k.Plural)
		}
		for _, n := range names {
			dataSources = append(dataSources, n)
			t.read(&g, k.Name, "write examples/data-sources/"+n+"/data-source.tf", "examples", "data-sources", n, "data-source.tf")
		}
	}
	t.strays(&g, "remove it", resources, "examples", "resources")
	t.strays(&g, "remove it", dataSources, "examples", "data-sources")
	t.strays(&g, "remove it", lists, "examples", "list-resources")
	t.strays(&g, "remove it", ephemerals, "examples", "ephemeral-resources")
	return g
}
