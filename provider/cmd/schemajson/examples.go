package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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
		managed := k.Managed && !k.ShowsOnce()
		if managed {
			files["resources/"+typ+"/import.sh"] = importExample(c, k)
			files["resources/"+typ+"/versions.tf"] = versionsExample
		}
		if _, ok := k.Operations["get"]; ok {
			files["data-sources/"+typ+"/data-source.tf"] = dataExample(c, k)
		}
		if _, ok := k.Operations["list"]; ok {
			files["data-sources/demarc_"+k.Plural+"/data-source.tf"] = listExample(c, k)
			if managed {
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
	s := fmt.Sprintf("# By %s.\nterraform import demarc_%s.example %s\n", k.IDField(), k.Name, sampleID(c, k))
	switch {
	case k.Named:
		s += fmt.Sprintf("\n# By name path: the names from an ancestor down to the object.\nterraform import demarc_%s.example %s\n", k.Name, samplePath(c, k))
	case byKey(k):
		var values []string
		for _, name := range k.Key {
			values = append(values, sampleValue(c, k, name))
		}
		s += fmt.Sprintf("\n# By its key: %s.\nterraform import demarc_%s.example %s\n", strings.Join(k.Key, ","), k.Name, strings.Join(values, ","))
	}
	return s
}

// byKey says whether objects are found by the fields of their key.
func byKey(k *catalog.Kind) bool {
	_, lists := k.Operations["list"]
	return !k.Named && !k.Singleton && lists && len(k.Key) > 0 && !slices.Contains(k.Key, "id")
}

// sampleID looks like an id of the kind. What belongs to another object has that one's; what has an id of its own form
// is a permission.
func sampleID(c *catalog.Catalog, k *catalog.Kind) string {
	switch {
	case k.Singleton:
		return sampleValue(c, k, k.Key[0])
	case k.Prefix == "":
		return k.Operations["get"].Permission
	}
	return k.Prefix + "_" + sampleSuffix
}

var placeholder = regexp.MustCompile(`\$\{([a-z0-9_.]+)\}`)

// sampleValue is a value for a field of a key: that of the kind's sample data, with ids for what they refer to.
func sampleValue(c *catalog.Catalog, k *catalog.Kind, name string) string {
	if data, err := catalog.LoadFixture(k.Name); err == nil {
		if text, ok := data.Minimal[name].(string); ok {
			return placeholder.ReplaceAllStringFunc(text, func(s string) string {
				if of := c.Kind(data.Parents[s[2:len(s)-1]].Kind); of != nil {
					return sampleID(c, of)
				}
				return "example"
			})
		}
	}
	f := k.Field(name)
	for _, ref := range f.Ref {
		if of := c.Kind(ref); of != nil {
			return sampleID(c, of)
		}
	}
	if len(f.Enum) > 0 {
		return f.Enum[0]
	}
	return "example"
}

// arguments are lines of HCL whose values stand below each other.
func arguments(lines [][2]string) string {
	var b strings.Builder
	width := 0
	for _, l := range lines {
		width = max(width, len(l[0]))
	}
	for _, l := range lines {
		fmt.Fprintf(&b, "  %-*s = %s\n", width, l[0], l[1])
	}
	return b.String()
}

func dataExample(c *catalog.Catalog, k *catalog.Kind) string {
	var b strings.Builder
	_, lists := k.Operations["list"]
	if k.Named && lists {
		fmt.Fprintf(&b, "# By name path: the names from an ancestor down to the object.\ndata \"demarc_%s\" \"by_path\" {\n  path = %q\n}\n\n", k.Name, samplePath(c, k))
		if k.Parent != nil && k.Parent.Kind != k.Name {
			parent := c.Kind(k.Parent.Kind)
			var within []string
			for _, name := range k.Parents() {
				within = append(within, strings.ReplaceAll(name, "_", " "))
			}
			fmt.Fprintf(&b, "# By name, within its %s.\ndata \"demarc_%s\" \"parent\" {\n  path = %q\n}\n\ndata \"demarc_%s\" \"by_name\" {\n%s}\n\n",
				strings.Join(within, " or "), parent.Name, samplePath(c, parent), k.Name,
				arguments([][2]string{{"name", fmt.Sprintf("%q", sampleName(k))}, {k.Parent.Field, "data.demarc_" + parent.Name + ".parent.id"}}))
		}
	}
	if byKey(k) {
		var lines [][2]string
		for _, name := range k.Key {
			lines = append(lines, [2]string{name, fmt.Sprintf("%q", sampleValue(c, k, name))})
		}
		fmt.Fprintf(&b, "# By the whole of its key.\ndata \"demarc_%s\" \"by_key\" {\n%s}\n\n", k.Name, arguments(lines))
	}
	fmt.Fprintf(&b, "# By %s.\ndata \"demarc_%s\" \"by_%s\" {\n  %s = %q\n}\n", k.IDField(), k.Name, k.IDField(), k.IDField(), sampleID(c, k))
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
	if byKey(k) {
		last := k.Key[len(k.Key)-1]
		lines = append(lines, [2]string{last, fmt.Sprintf("%q", sampleValue(c, k, last))})
	}
	if k.Field("labels") != nil {
		lines = append(lines, [2]string{"label", `"env=prod,tier!=db"`})
	}
	if len(lines) > 0 {
		fmt.Fprintf(&b, "\n# Only those that match all of the arguments.\ndata \"demarc_%s\" \"some\" {\n%s}\n", k.Plural, arguments(lines))
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
		fmt.Fprintf(&b, "{{ %s eq .Name %s }}%s", word, name, sampleID(c, &k))
	}
	b.WriteString("{{ end }}")
	return b.String()
}
