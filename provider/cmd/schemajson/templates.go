package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/provider/internal/hooks"
)

// pageTemplates are the templates of pages by file name. tfplugindocs has no place for a category but the template's
// front matter, and one template serves all pages of a sort; so it chooses by name.
func pageTemplates(c *catalog.Catalog) map[string]string {
	return map[string]string{
		"resources.md.tmpl":           page(c, resourceBody),
		"data-sources.md.tmpl":        page(c, ""),
		"list-resources.md.tmpl":      page(c, ""),
		"ephemeral-resources.md.tmpl": page(c, ""),
	}
}

func page(c *catalog.Catalog, body string) string {
	fill := strings.NewReplacer("CATEGORY", categories(c), "SAMPLE", sampleIDs(c), "~~~", "```")
	return fill.Replace(front + body)
}

// categories is a template that prints the category of .Name.
func categories(c *catalog.Catalog) string {
	names := map[string][]string{}
	var order []string
	for _, k := range c.Kinds {
		if _, seen := names[k.Category]; !seen {
			order = append(order, k.Category)
		}
		names[k.Category] = append(names[k.Category], fmt.Sprintf("%q", "demarc_"+k.Name), fmt.Sprintf("%q", "demarc_"+k.Plural))
		for _, typ := range slices.Sorted(maps.Keys(hooks.About)) {
			if hooks.About[typ] == k.Name {
				names[k.Category] = append(names[k.Category], fmt.Sprintf("%q", typ))
			}
		}
	}
	var b strings.Builder
	for i, category := range order {
		word := "else if"
		if i == 0 {
			word = "if"
		}
		fmt.Fprintf(&b, "{{ %s eq .Name %s }}%s", word, strings.Join(names[category], " "), category)
	}
	if len(order) > 0 {
		b.WriteString("{{ end }}")
	}
	return b.String()
}

const front = `---
# Made by tfplugindocs from the catalog. Do not edit: change descriptions in the control plane, examples in examples/.
page_title: "{{ .Name }} {{ .Type }} - {{ .RenderedProviderName }}"
subcategory: "CATEGORY"
description: |-
{{ .Description | plainmarkdown | trimspace | prefixlines "  " }}
---

# {{ .Name }} ({{ .Type }})

{{ .Description | trimspace }}
{{ if .HasExamples }}
## Example
{{ range .ExampleFiles }}
{{ tffile . }}
{{ end }}{{ end }}
{{ .SchemaMarkdown | trimspace }}
`

const resourceBody = `
## Import

{{ codefile "shell" .ImportFile }}

In an import block, which takes the same:

~~~terraform
import {
  to = {{ .Name }}.example
  id = "SAMPLE"
}
~~~

With Terraform 1.12 or OpenTofu 1.12 and later, by identity:

~~~terraform
import {
  to = {{ .Name }}.example
  identity = {
    id = "SAMPLE"
  }
}
~~~
`
