package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// sampleSuffix completes the prefix of a kind to something that looks like an id.
const sampleSuffix = "01jd8w3n5hfr7tgv5k2m9x4b6c"

// writeExamples writes the examples that follow from the catalog: imports, data sources and list resources. How a
// resource is used sensibly does not follow from it: resource.tf is written by hand.
func writeExamples(c *catalog.Catalog, dir string) error {
	for i := range c.Kinds {
		k := &c.Kinds[i]
		files := map[string]string{}
		typ := "demarc_" + k.Name
		if k.Managed {
			files["resources/"+typ+"/import.sh"] = importExample(c, k)
			files["resources/"+typ+"/versions.tf"] = versionsExample
		}
		if _, ok := k.Operations["get"]; ok {
			files["data-sources/"+typ+"/data-source.tf"] = dataExample(c, k)
		}
		if _, ok := k.Operations["list"]; ok {
			files["data-sources/demarc_"+k.Plural+"/data-source.tf"] = listExample(c, k)
			if k.Managed && k.Named {
				files["list-resources/"+typ+"/list-resource.tfquery.hcl"] = queryExample(k)
			}
		}
		for name, content := range files {
			path := filepath.Join(dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// versionsExample lets an example be applied as it stands.
const versionsExample = `terraform {
  required_providers {
    demarc = {
      source = "demarc/demarc"
    }
  }
}
`

// sampleName is a name for an object of a kind: that of its sample data, without what makes it unique there.
func sampleName(k *catalog.Kind) string {
	if f, err := catalog.LoadFixture(k.Name); err == nil {
		if name, ok := f.Minimal["name"].(string); ok {
			if name = strings.TrimSuffix(strings.ReplaceAll(name, "${unique}", ""), "-"); name != "" {
				return name
			}
		}
	}
	return strings.ReplaceAll(k.Name, "_", "-")
}

// samplePath is a name path of two names, or one at the top.
func samplePath(c *catalog.Catalog, k *catalog.Kind) string {
	if k.Parent != nil {
		if parent := c.Kind(k.Parent.Kind); parent != nil && parent.Named {
			name := sampleName(parent)
			if parent.Name == k.Name {
				name = "operator"
			}
			return name + "/" + sampleName(k)
		}
	}
	return sampleName(k)
}

func importExample(c *catalog.Catalog, k *catalog.Kind) string {
	s := fmt.Sprintf("# By id.\nterraform import demarc_%s.example %s_%s\n", k.Name, k.Prefix, sampleSuffix)
	if k.Named {
		s += fmt.Sprintf("\n# By name path: the names from an ancestor down to the object.\nterraform import demarc_%s.example %s\n", k.Name, samplePath(c, k))
	}
	return s
}

func dataExample(c *catalog.Catalog, k *catalog.Kind) string {
	var b strings.Builder
	_, lists := k.Operations["list"]
	if k.Named && lists {
		fmt.Fprintf(&b, "# By name path: the names from an ancestor down to the object.\ndata \"demarc_%s\" \"by_path\" {\n  path = %q\n}\n\n", k.Name, samplePath(c, k))
		if k.Parent != nil && k.Parent.Kind != k.Name {
			parent := c.Kind(k.Parent.Kind)
			width := len(k.Parent.Field)
			fmt.Fprintf(&b, "# By name, within its %s.\ndata \"demarc_%s\" \"parent\" {\n  path = %q\n}\n\ndata \"demarc_%s\" \"by_name\" {\n  %-*s = %q\n  %s = data.demarc_%s.parent.id\n}\n\n",
				strings.ReplaceAll(parent.Name, "_", " "), parent.Name, samplePath(c, parent), k.Name, width, "name", sampleName(k), k.Parent.Field, parent.Name)
		}
	}
	fmt.Fprintf(&b, "# By id.\ndata \"demarc_%s\" \"by_id\" {\n  id = \"%s_%s\"\n}\n", k.Name, k.Prefix, sampleSuffix)
	return b.String()
}

func listExample(c *catalog.Catalog, k *catalog.Kind) string {
	var b strings.Builder
	fmt.Fprintf(&b, "data \"demarc_%s\" \"all\" {}\n", k.Plural)
	var lines [][2]string
	if k.Parent != nil && k.Parent.Kind != k.Name && hasFilter(k, k.Parent.Field) {
		parent := c.Kind(k.Parent.Kind)
		fmt.Fprintf(&b, "\ndata \"demarc_%s\" \"example\" {\n  path = %q\n}\n", parent.Name, samplePath(c, parent))
		lines = append(lines, [2]string{k.Parent.Field, "data.demarc_" + parent.Name + ".example.id"})
	}
	if k.Field("labels") != nil {
		lines = append(lines, [2]string{"label", `"env=prod,tier!=db"`})
	}
	if len(lines) > 0 {
		width := 0
		for _, l := range lines {
			width = max(width, len(l[0]))
		}
		fmt.Fprintf(&b, "\n# Only those that match all of the arguments.\ndata \"demarc_%s\" \"some\" {\n", k.Plural)
		for _, l := range lines {
			fmt.Fprintf(&b, "  %-*s = %s\n", width, l[0], l[1])
		}
		b.WriteString("}\n")
	}
	attribute := "id"
	if k.Named {
		attribute = "name"
	}
	fmt.Fprintf(&b, "\noutput %q {\n  value = [for o in data.demarc_%s.all.items : o.%s]\n}\n", k.Plural, k.Plural, attribute)
	return b.String()
}

func queryExample(k *catalog.Kind) string {
	s := fmt.Sprintf("# terraform query finds them, and writes their configuration with -generate-config-out.\nlist \"demarc_%s\" \"all\" {\n  provider = demarc\n", k.Name)
	if k.Field("labels") != nil {
		s += "\n  config {\n    label = \"env=prod\"\n  }\n"
	}
	return s + "}\n"
}

func hasFilter(k *catalog.Kind, name string) bool {
	for _, f := range k.Filters {
		if f.Name == name {
			return true
		}
	}
	return false
}

// sampleIDs is a template that prints an id of the kind of .Name.
func sampleIDs(c *catalog.Catalog) string {
	var b strings.Builder
	for i, k := range c.Kinds {
		word := "else if"
		if i == 0 {
			word = "if"
		}
		name, err := json.Marshal("demarc_" + k.Name)
		if err != nil {
			panic(err) // A string.
		}
		fmt.Fprintf(&b, "{{ %s eq .Name %s }}%s_%s", word, name, k.Prefix, sampleSuffix)
	}
	b.WriteString("{{ end }}")
	return b.String()
}
